internal import Bytes
package import Gateway
internal import HTTP
internal import JSON

/// The dashboard of one loop: its pages, the JSON API that they and the command line use, the health checks, and the web
/// services that are reached beside it.
package final class DashboardHandler: Handler {
    let view: CatalogView
    let services: ServicesAPI
    let files: PublicFiles
    let web: any WebServiceResolver
    let token: PageToken
    let facts: StatusFacts
    private let openAPI: OpenAPIAnswer
    private let explaining: ExplainAnswer
    private let operators: OperatorAPI
    private let policy: AccessPolicy
    private let authorizer: Authorizer?
    private let rpc: any Handler
    private let applications: any Handler
    private let unreadiness: @Sendable () -> String?
    private let certificates: @Sendable () -> [StatusFacts.Certificate]
    let statistics: (@Sendable () -> StatisticsReport)?

    /// - Parameters:
    ///   - registrar: Takes what is registered and deregistered; nil when the registry can only be read.
    ///   - authorizer: Says who may use which path; nil, the default, leaves it to the policy.
    ///   - rpc: Answers `/rpc`, every method of it, after the policy has let the request pass.
    ///   - web: Says which requests are for web services.
    ///   - applications: Passes those on.
    ///   - token: The same for all loops.
    ///   - unreadiness: Why the program cannot serve yet, as a sentence for anyone; nil when it can.
    ///   - certificates: Those that clients are shown now.
    ///   - gateways: Those that have a document, the first of which is meant when none is named. Default none.
    ///   - explainers: The gateway of that name, or the first, for explanations. Default none.
    ///   - types: Tells the types of messages where the registry does not. Default nothing.
    ///   - operators: Keeps what operators declare; nil, the default, where there is no gateway for it.
    ///   - statistics: What `/stats` tells; nil, the default, when nothing is counted.
    package init(
        catalog view: CatalogView, facts: StatusFacts, registrar: (any Registrar)?, files: PublicFiles,
        policy: AccessPolicy, authorizer: Authorizer? = nil, rpc: any Handler, web: any WebServiceResolver,
        applications: any Handler,
        token: PageToken, unreadiness: @escaping @Sendable () -> String?,
        certificates: @escaping @Sendable () -> [StatusFacts.Certificate] = { [] },
        gateways: [DocumentedGateway] = [],
        explainers: @escaping (String?) -> (any ExplainingHandler)? = { _ in nil },
        types: (any MessageTypeSource)? = nil, operators: (any OperatorRecords)? = nil,
        statistics: (@Sendable () -> StatisticsReport)? = nil
    ) {
        self.view = view
        self.facts = facts
        services = ServicesAPI(view: view, registrar: registrar, types: types)
        openAPI = OpenAPIAnswer(gateways: gateways, version: facts.version, view: view, types: types)
        explaining = ExplainAnswer(explainers: explainers)
        self.operators = OperatorAPI(view: view, records: operators)
        self.files = files
        self.policy = policy
        self.authorizer = authorizer
        self.rpc = rpc
        self.web = web
        self.applications = applications
        self.token = token
        self.unreadiness = unreadiness
        self.certificates = certificates
        self.statistics = statistics
    }

    package func handle(_ exchange: Exchange) async throws(GatewayError) {
        // Rules are asked for one form of a path, and a web service must read no other in it.
        switch exchange.withRequest({ PathForm(of: $0.pathSpan, encodedSlashes: .keep) }) {
        case .other(let canonical): return try await Answer.redirect(to: canonical, exchange)
        case .ambiguous(let problem): return try await Answer.error(.badRequest, "\(problem)", to: exchange)
        case .canonical, .decoded: break
        }
        guard web.part(for: exchange.request) == .dashboard else { return try await passOn(exchange) }
        let path = exchange.request.path
        guard let own = OwnPath(path, hasStatistics: statistics != nil) else {
            guard let file = await files.file(for: path) else { return try await passOn(exchange) }
            guard try await isAllowed(exchange, to: path) else { return }
            return try await answer(exchange, with: file)
        }
        switch own {
        // Whoever watches over the program may do so from elsewhere, and learns nothing else.
        case .health, .readiness: try await health(own, exchange)
        // Which service a call is for, the rules are asked where it is known.
        case .rpc:
            guard try await isAllowed(exchange, to: nil) else { return }
            try await answer(exchange, for: own)
        default:
            guard try await isAllowed(exchange, to: path) else { return }
            try await answer(exchange, for: own)
        }
    }

    private func answer(_ exchange: Exchange, for own: OwnPath) async throws(GatewayError) {
        switch own {
        case .health, .readiness: try await health(own, exchange)
        case .page: try await page(exchange)
        case .client: try await client(exchange)
        case .services: try await list(exchange)
        case .service(let name): try await describe(name, exchange)
        case .rpc: try await rpc.handle(exchange)
        case .status: try await status(exchange)
        case .statistics: try await showStatistics(exchange)
        case .events: try await events(exchange)
        case .applications: try await listApplications(exchange)
        case .document: try await document(exchange)
        case .explanation: try await explain(exchange)
        case .routes: try await declarations(.routes, exchange)
        case .limits: try await declarations(.limits, exchange)
        case .records: try await allServices(exchange)
        case .record(let name): try await oneService(name, exchange)
        case .moved(let reference): try await Answer.redirect(to: reference, exchange)
        case .unknown:
            try await Answer.error(
                .notFound, "there is no \(exchange.request.path) here; the dashboard is at /", to: exchange)
        }
    }

    /// Whether rules and policy let the request pass, and a page has the token. If not, it has been answered.
    ///
    /// - Parameter path: What the rules are asked for; nil asks only who it is.
    private func isAllowed(_ exchange: Exchange, to path: String?) async throws(GatewayError) -> Bool {
        guard try await isAuthorized(exchange, to: path) else { return false }
        if let refusal = refusal(of: exchange) {
            try await Answer.error(refusal.status, refusal.sentence, leadsBack: false, to: exchange)
            return false
        }
        guard token.isMissing(in: exchange.request) else { return true }
        try await Answer.error(
            .forbidden,
            "Only the dashboard's own page may do this, and it was loaded before the dashboard started, or the request"
                + " comes from another page: load it again. Programs leave Origin and Sec-Fetch-Site out.",
            to: exchange)
        return false
    }

    private func isAuthorized(_ exchange: Exchange, to path: String?) async throws(GatewayError) -> Bool {
        guard let authorizer else { return true }
        do throws(GatewayError) {
            guard path != nil else {
                try await authorizer.identify(exchange)
                return true
            }
            return try await authorizer.admits(exchange, to: authorizer.ownResource(of: exchange.request))
        } catch {
            try await Answer.error(error, to: exchange)
            return false
        }
    }

    private func refusal(of exchange: Exchange) -> AccessPolicy.Refusal? {
        policy.refusal(
            of: exchange.request, isFromThisMachine: exchange.isFromThisMachine,
            hasAccount: exchange.account != nil, opensTunnel: exchange.webSocketOffer != .none)
    }

    /// Web services are for those who may use the dashboard. What pages of other sites may ask of them is their own
    /// affair once they are open to everyone; until then they rely on being reached from this machine only.
    private func passOn(_ exchange: Exchange) async throws(GatewayError) {
        // Which service it is for, the rules are asked where it is known.
        guard try await isAuthorized(exchange, to: nil) else { return }
        if !policy.isInsecure, exchange.account == nil, let refusal = refusal(of: exchange) {
            return try await Answer.error(refusal.status, refusal.sentence, leadsBack: false, to: exchange)
        }
        do throws(GatewayError) {
            try await applications.handle(exchange)
        } catch {
            guard !exchange.hasBegunResponse, error.code != .clientGone else { throw error }
            let isOwnHost = web.part(for: exchange.request) == .dashboard
            try await Answer.error(error, leadsBack: isOwnHost, to: exchange)
            exchange.lateFailure = error
        }
    }
}

// MARK: The parts

extension DashboardHandler {
    nonisolated(nonsending) private func health(_ own: OwnPath, _ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        if own == .health { return try await Answer.text(.ok, "ok", to: exchange) }
        guard let reason = unreadiness() else { return try await Answer.text(.ok, "ready", to: exchange) }
        try await Answer.text(.serviceUnavailable, reason, to: exchange)
    }

    nonisolated(nonsending) private func status(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        let catalog = view.catalog
        let status = facts.json(
            generation: catalog.generation, services: catalog.names.count, certificates: certificates(),
            hasStatistics: statistics != nil, visitor: visitor(exchange))
        try await Answer.json(["data": status], to: exchange)
    }

    func visitor(_ exchange: Exchange) -> Page.Visitor {
        Page.Visitor(account: exchange.account?.id, loginURL: authorizer?.configuration.loginURL)
    }

    nonisolated(nonsending) private func events(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        try await CatalogEvents.stream(view, to: exchange)
    }

    nonisolated(nonsending) private func document(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        try await openAPI.send(to: exchange)
    }

    nonisolated(nonsending) private func explain(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        try await explaining.send(to: exchange)
    }

    nonisolated(nonsending) private func allServices(_ exchange: Exchange) async throws(GatewayError) {
        switch exchange.request.method {
        case .get, .head: try await Answer.json(services.all(), to: exchange)
        case .post, .delete: try await change(exchange)
        default: try await refuseMethod(exchange, allow: "GET, HEAD, POST, DELETE")
        }
    }

    nonisolated(nonsending) private func declarations(
        _ subject: OperatorAPI.Subject, _ exchange: Exchange
    ) async throws(GatewayError) {
        switch exchange.request.method {
        case .get, .head, .post, .delete: try await answer(exchange, with: operators.answer(subject, exchange))
        default: try await refuseMethod(exchange, allow: "GET, HEAD, POST, DELETE")
        }
    }

    nonisolated(nonsending) private func change(_ exchange: Exchange) async throws(GatewayError) {
        let result: Result<JSONValue, ServicesAPI.Problem>
        do throws(GatewayError) {
            result =
                exchange.request.method == .post
                ? try await services.register(exchange) : try await services.deregister(exchange)
        } catch {
            guard error.code == .contentTooLarge else { throw error }
            result = .failure(.init(status: error.status, sentence: error.report.detail))
        }
        try await answer(exchange, with: result)
    }

    nonisolated(nonsending) private func oneService(_ name: String, _ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        try await answer(exchange, with: services.one(name, exchange))
    }

    nonisolated(nonsending) private func answer(
        _ exchange: Exchange, with result: Result<JSONValue, ServicesAPI.Problem>
    ) async throws(GatewayError) {
        switch result {
        case .success(let value): try await Answer.json(value, to: exchange)
        case .failure(let problem): try await Answer.error(problem.status, problem.sentence, to: exchange)
        }
    }

    nonisolated(nonsending) private func answer(
        _ exchange: Exchange, with file: PublicFile
    ) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        var fields = Answer.fields(contentType: file.contentType, caching: "no-cache")
        fields.append(.etag, file.entityTag)
        if file.isKnown(to: exchange.request) {
            try exchange.begin(ResponseHead(.notModified, fields: fields), body: .none)
            return try exchange.end()
        }
        var body = ByteBuffer(file.bytes)
        try await exchange.respond(.ok, fields, body: &body)
    }

    /// Whether the request only reads. If not, it has been answered.
    nonisolated(nonsending) func isRead(_ exchange: Exchange) async throws(GatewayError) -> Bool {
        if exchange.request.method == .get || exchange.request.method == .head { return true }
        try await refuseMethod(exchange, allow: "GET, HEAD")
        return false
    }

    /// Tells what may be done: to OPTIONS as an answer, else as an error.
    nonisolated(nonsending) private func refuseMethod(
        _ exchange: Exchange, allow: String
    ) async throws(GatewayError) {
        let allowed = "\(allow), OPTIONS"
        if exchange.request.method == .options {
            var fields = HeaderFields()
            fields.append(.allow, allowed)
            var body = ByteBuffer()
            return try await exchange.respond(.ok, fields, body: &body)
        }
        try await Answer.error(
            .methodNotAllowed, "\(exchange.request.path) takes \(allow) only", allow: allowed, to: exchange)
    }
}

extension PublicFile {
    /// Whether the client has this content already, and says so (RFC 9110, 13.1.2).
    fileprivate func isKnown(to request: borrowing RequestHead) -> Bool {
        for tag in request.fields.values(.ifNoneMatch).joined(separator: ",").split(separator: ",") {
            let tag = tag.trimmingBlanks
            if tag == "*" || tag == entityTag || tag == "W/\(entityTag)" { return true }
        }
        return false
    }
}

extension Substring {
    var trimmingBlanks: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
