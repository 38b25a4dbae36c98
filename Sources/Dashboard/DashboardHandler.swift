internal import Bytes
package import Gateway
internal import HTTP
internal import JSON

/// The dashboard of one loop: its pages, the JSON API that they and the command line use, and the health checks.
package final class DashboardHandler: Handler {
    private let view: CatalogView
    private let facts: StatusFacts
    private let services: ServicesAPI
    private let openAPI: OpenAPIAnswer
    private let explaining: ExplainAnswer
    private let files: PublicFiles
    private let policy: AccessPolicy
    private let rpc: any Handler
    private let unreadiness: @Sendable () -> String?
    private let certificates: @Sendable () -> [StatusFacts.Certificate]

    /// - Parameters:
    ///   - registrar: Takes what is registered and deregistered; nil when the registry can only be read.
    ///   - rpc: Answers `/rpc`, every method of it, after the policy has let the request pass.
    ///   - unreadiness: Why the program cannot serve yet, as a sentence for anyone; nil when it can.
    ///   - certificates: Those that clients are shown now.
    ///   - gateways: Those that have a document, the first of which is meant when none is named. Default none.
    ///   - explainers: The gateway of that name, or the first, for explanations. Default none.
    ///   - types: Tells the types of messages where the registry does not. Default nothing.
    package init(
        catalog view: CatalogView, facts: StatusFacts, registrar: (any Registrar)?, files: PublicFiles,
        policy: AccessPolicy, rpc: any Handler, unreadiness: @escaping @Sendable () -> String?,
        certificates: @escaping @Sendable () -> [StatusFacts.Certificate] = { [] },
        gateways: [DocumentedGateway] = [],
        explainers: @escaping (String?) -> (any ExplainingHandler)? = { _ in nil },
        types: (any MessageTypeSource)? = nil
    ) {
        self.view = view
        self.facts = facts
        services = ServicesAPI(view: view, registrar: registrar, types: types)
        openAPI = OpenAPIAnswer(gateways: gateways, version: facts.version, view: view, types: types)
        explaining = ExplainAnswer(explainers: explainers)
        self.files = files
        self.policy = policy
        self.rpc = rpc
        self.unreadiness = unreadiness
        self.certificates = certificates
    }

    package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let path = exchange.request.path
        // Whoever watches over the program may do so from elsewhere, and learns nothing else.
        if path == "/healthz" || path == "/readyz" { return try await health(path, exchange) }

        if let refusal = policy.refusal(of: exchange.request, isFromThisMachine: exchange.isFromThisMachine) {
            return try await Answer.error(refusal.status, refusal.sentence, to: exchange)
        }
        switch path {
        case "/rpc": try await rpc.handle(exchange)
        case "/api/status": try await status(exchange)
        case "/api/events": try await events(exchange)
        case "/api/openapi.json": try await document(exchange)
        case "/api/explain": try await explain(exchange)
        case "/api/services": try await allServices(exchange)
        case _ where path.hasPrefix("/api/services/"): try await oneService(path.dropFirst(14), exchange)
        case _ where path.hasPrefix("/api/"):
            try await Answer.error(.notFound, "there is no \(path) here", to: exchange)
        default: try await file(path, exchange)
        }
    }
}

// MARK: The parts

extension DashboardHandler {
    nonisolated(nonsending) private func health(_ path: String, _ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        if path == "/healthz" { return try await Answer.text(.ok, "ok", to: exchange) }
        guard let reason = unreadiness() else { return try await Answer.text(.ok, "ready", to: exchange) }
        try await Answer.text(.serviceUnavailable, reason, to: exchange)
    }

    nonisolated(nonsending) private func status(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        let catalog = view.catalog
        let status = facts.json(
            generation: catalog.generation, services: catalog.names.count, certificates: certificates())
        try await Answer.json(["data": status], to: exchange)
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

    nonisolated(nonsending) private func oneService(_ name: Substring, _ exchange: Exchange) async throws(GatewayError)
    {
        guard try await isRead(exchange) else { return }
        try await answer(exchange, with: services.one(String(name), exchange))
    }

    nonisolated(nonsending) private func answer(
        _ exchange: Exchange, with result: Result<JSONValue, ServicesAPI.Problem>
    ) async throws(GatewayError) {
        switch result {
        case .success(let value): try await Answer.json(value, to: exchange)
        case .failure(let problem): try await Answer.error(problem.status, problem.sentence, to: exchange)
        }
    }

    nonisolated(nonsending) private func file(_ path: String, _ exchange: Exchange) async throws(GatewayError) {
        guard let file = await files.file(for: path) else {
            return try await Answer.error(.notFound, "there is no \(path) here; the dashboard is at /", to: exchange)
        }
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
    nonisolated(nonsending) private func isRead(_ exchange: Exchange) async throws(GatewayError) -> Bool {
        if exchange.request.method == .get || exchange.request.method == .head { return true }
        try await refuseMethod(exchange, allow: "GET, HEAD")
        return false
    }

    nonisolated(nonsending) private func refuseMethod(
        _ exchange: Exchange, allow: String
    ) async throws(GatewayError) {
        try await Answer.error(
            .methodNotAllowed, "\(exchange.request.path) takes \(allow) only", allow: allow, to: exchange)
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
    fileprivate var trimmingBlanks: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
