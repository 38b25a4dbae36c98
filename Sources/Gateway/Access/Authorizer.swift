internal import Bytes
package import HTTP

/// Lets pass what the rules grant, and answers the rest: 401 to whoever is not known, with the way to become so, 403 to
/// whoever may not, and a redirection to the login page to people. One for each loop and listener.
package final class Authorizer {
    /// What the operator says of it.
    package struct Configuration: Sendable, Equatable {
        /// Whose tokens are taken; nil for those of the namespace that a request is in.
        package var issuer: String?
        /// Where people log in: a path here, or a URL. Nil when there is no such page.
        package var loginURL: String?
        /// Whether rules name services as Micro v2 did, with the namespace in front a second time.
        package var doublesNames = false

        /// Whether what is here is meant for browsers, so that clients which name no type are sent to the login page too.
        package var servesPages = false
        /// How rules name the one service behind a proxy. Nil where services have names of their own.
        package var serviceName: String?

        package init() {}
    }

    package let configuration: Configuration
    private let provider: any AuthProvider
    private let namespace: Namespace
    private let common: Namespace
    private let origins: OriginPolicy

    /// - Parameters:
    ///   - namespace: With type, such as `go.micro.api`: how rules name what the listener does itself.
    ///   - common: The same without type: whose tokens are taken.
    ///   - origins: Whose pages may act for the person that logged in, besides our own.
    package init(
        _ provider: any AuthProvider, namespace: Namespace, common: Namespace,
        origins: OriginPolicy = OriginPolicy(), configuration: Configuration = Configuration()
    ) {
        self.provider = provider
        self.namespace = namespace
        self.common = common
        self.origins = origins
        self.configuration = configuration
    }

    // MARK: What a request is for

    /// An endpoint of a service, or for handlers that pass requests on, the path that the service gets.
    package func resource(for aim: RouteAim, of request: borrowing RequestHead) -> AccessResource {
        let destination = aim.destination
        // Handlers that need no service do what they do by themselves.
        guard let use = aim.kind.nodeUse, !destination.service.isEmpty else { return ownResource(of: request) }
        let full = configuration.doublesNames ? "\(prefix(for: request))\(destination.service)" : destination.service
        let name = configuration.serviceName ?? full
        if let prefix = aim.strippedPrefix {
            return AccessResource(path: prefix.rest(of: request.routedSpan).utf8.span, of: name)
        }
        guard use == .calls || request.isGRPC else { return AccessResource(path: request.routedSpan, of: name) }
        // What is passed on in gRPC without a look at it is named by its path alone.
        return AccessResource(calling: destination.endpoint.isEmpty ? request.path : destination.endpoint, of: name)
    }

    /// What the listener answers itself at this path.
    package func ownResource(of request: borrowing RequestHead) -> AccessResource {
        AccessResource(path: request.routedSpan, of: namespace.name(for: copy request))
    }

    private func prefix(for request: borrowing RequestHead) -> String {
        let name = namespace.name(for: copy request)
        return name.isEmpty ? "" : "\(name)."
    }

    // MARK: Serving

    /// Whether the request may go on. If not, it has been answered: by a redirection to the login page.
    ///
    /// - Throws: `.unauthorized`, `.forbidden`, or `.noNodes` when it cannot be found out.
    nonisolated(nonsending) package func admits(
        _ exchange: Exchange, to resource: AccessResource
    ) async throws(GatewayError) -> Bool {
        let identity = try await identify(exchange)
        guard let rules = provider.rules(of: commonName(for: exchange.request)) else { throw .undecided }
        let verdict = rules.verdict(on: resource, for: identity.account)
        if verdict.isGranted || isLoginPage(exchange.request) { return true }
        guard identity.account == nil, let page = loginPage(for: exchange) else { throw identity.refusal(verdict) }
        try await redirect(exchange, to: page)
        return false
    }

    /// Finds out who asks, and leaves it in the exchange.
    ///
    /// - Throws: `.noNodes` when it cannot be found out.
    @discardableResult
    nonisolated(nonsending) package func identify(_ exchange: Exchange) async throws(GatewayError) -> Identity {
        let credential = credential(of: exchange.request, opensTunnel: exchange.webSocketOffer != .none)
        let namespace = commonName(for: exchange.request)
        var known = identity(credential, in: namespace)
        if known == nil || provider.rules(of: namespace) == nil {
            try await provider.learn(credential.token, in: namespace, wakeup: exchange.wakeup)
            known = identity(credential, in: namespace)
        }
        guard let identity = known else { throw .undecided }
        exchange.account = identity.account
        // Services see the token in one place, wherever it came from.
        if identity.account != nil, case .cookie(let token) = credential {
            exchange.request.fields.append(.authorization, "Bearer \(token)")
        }
        return identity
    }

    /// What became of the credential of a request.
    package struct Identity {
        package fileprivate(set) var account: Account?
        /// Why there is no account, for a client that could have one.
        fileprivate var reason: GatewayError

        fileprivate func refusal(_ verdict: AccessVerdict) -> GatewayError {
            account.map { .forbidden($0, because: verdict) } ?? reason
        }
    }

    /// Nil while somebody else must be asked.
    private func identity(_ credential: Credential, in namespace: String) -> Identity? {
        guard let token = credential.token else {
            return Identity(
                reason: .unauthorized(
                    credential == .foreign
                        ? "Authorization must be the word Bearer and a token"
                        : "send a token as Authorization: Bearer, or as the cookie \(Credential.cookieName)"))
        }
        switch provider.account(of: token, in: namespace) {
        case .unknown: return nil
        case .refused(let reason): return Identity(reason: .badToken(reason))
        case .account(let account):
            // Whoever vouches for others elsewhere does not vouch for anyone here.
            let isOurs = account.issuer == configuration.issuer ?? namespace
            return Identity(account: isOurs ? account : nil, reason: .badToken("is for another namespace"))
        }
    }

    /// Tokens are of the namespace that the gateway is in, whatever the client says of it.
    private func commonName(for request: borrowing RequestHead) -> String {
        let name = common.name(for: copy request)
        return name.isEmpty ? Namespace.standard : name
    }

    // MARK: Who asks

    private func credential(of request: borrowing RequestHead, opensTunnel: Bool) -> Credential {
        Credential(of: request, trustsCookie: trustsCookie(of: request, opensTunnel: opensTunnel))
    }

    /// Browsers send cookies with whatever a page has them ask for. One of another site may only lead its reader here.
    private func trustsCookie(of request: borrowing RequestHead, opensTunnel: Bool) -> Bool {
        let authority = request.authority
        let isOurs =
            request.fields.values(.secFetchSite).allSatisfy { $0 == "same-origin" || $0 == "none" }
            && request.fields.values(.origin).allSatisfy { AccessPolicy.isSameOrigin($0, authority) }
        if isOurs || origins.grant(for: request)?.allowsCredentials == true { return true }
        let isNavigation = request.fields[.secFetchMode] == "navigate"
        return isNavigation && !opensTunnel && (request.method == .get || request.method == .head)
    }

    // MARK: Refusing

    /// The login page, for a person who could use it.
    private func loginPage(for exchange: Exchange) -> String? {
        let request = exchange.request
        guard let page = configuration.loginURL, exchange.webSocketOffer == .none,
            request.method == .get || request.method == .head, wantsPage(request)
        else { return nil }
        let target = request.query.map { "\(request.path)?\($0)" } ?? request.path
        return "\(page)\(page.contains("?") ? "&" : "?")redirect_to=\(PercentEncoding.encode(target))"
    }

    private func wantsPage(_ request: borrowing RequestHead) -> Bool {
        let isNamed = request.fields.values(.accept).contains { $0.lowercased().contains("text/html") }
        guard isNamed || configuration.servesPages && !request.path.hasPrefix("/api/") else { return false }
        if !request.fields.contains(.accept) { return true }
        return (request.fields.acceptedWeight(of: "text/html") ?? 0) > 0
    }

    /// A login page that one must be logged in to see would send people in circles.
    private func isLoginPage(_ request: borrowing RequestHead) -> Bool {
        guard let page = configuration.loginURL, page.hasPrefix("/") else { return false }
        return request.path == page.prefix { $0 != "?" }
    }

    nonisolated(nonsending) private func redirect(
        _ exchange: Exchange, to page: String
    ) async throws(GatewayError) {
        exchange.refusal = .unauthorized
        var fields = HeaderFields()
        fields.append(.location, page)
        fields.append(.cacheControl, "no-store")
        var body = ByteBuffer()
        try await exchange.respond(.temporaryRedirect, fields, body: &body)
    }
}

// MARK: Explaining

extension Authorizer {
    /// What would be decided, as far as it is known without asking anyone.
    package func explain(_ request: borrowing RequestHead, _ resource: AccessResource) -> Explanation.Access {
        let namespace = commonName(for: request)
        guard let rules = provider.rules(of: namespace),
            let identity = identity(credential(of: request, opensTunnel: false), in: namespace)
        else {
            return Explanation.Access(
                resource: resource.description, account: nil, isGranted: nil,
                reason: "\(provider.name) would have to be asked", problem: nil)
        }
        let verdict = rules.verdict(on: resource, for: identity.account)
        let isLogin = !verdict.isGranted && isLoginPage(request)
        return Explanation.Access(
            resource: resource.description, account: identity.account?.id, isGranted: verdict.isGranted || isLogin,
            reason: isLogin ? "it is the login page" : verdict.sentence,
            problem: verdict.isGranted || isLogin ? nil : identity.refusal(verdict))
    }
}

extension GatewayError {
    fileprivate static func badToken(_ reason: String) -> GatewayError {
        .unauthorized(
            "the token \(reason)", challenge: "error=\"invalid_token\", error_description=\"the token \(reason)\"")
    }

    /// It cannot be found out who may do what: nobody may.
    fileprivate static var undecided: GatewayError {
        GatewayError(.noNodes, "who may do this cannot be found out at the moment; ask again")
    }
}
