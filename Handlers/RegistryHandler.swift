internal import Bytes
package import Gateway
package import HTTP
internal import JSON

/// The registry by HTTP, whatever the path, in the JSON that Go Micro's registries share.
///
/// `GET` lists every service, `GET ?service=` the versions of one; `POST` registers the record in the body, for as long as
/// `?ttl=` says (`30s`), and `DELETE` takes it out. A WebSocket is told of changes (`RegistryFeed`). To change something is
/// for clients on this machine, unless the policy says otherwise.
package final class RegistryHandler: RouteHandler {
    /// The longest record accepted, in bytes.
    private static let maximumRecord = 1_048_576

    private let view: CatalogView
    private let registrar: (any Registrar)?
    private let policy: AccessPolicy
    private let origins: OriginPolicy

    /// - Parameters:
    ///   - registrar: Takes what is registered and deregistered; nil when the registry can only be read.
    ///   - policy: Who may change something.
    ///   - origins: Whose pages may open a WebSocket here.
    package init(
        catalog view: CatalogView, registrar: (any Registrar)?, policy: AccessPolicy,
        origins: OriginPolicy = OriginPolicy()
    ) {
        self.view = view
        self.registrar = registrar
        self.policy = policy
        self.origins = origins
    }

    nonisolated(nonsending) package func handle(
        _ exchange: Exchange, over route: Route
    ) async throws(GatewayError) {
        if exchange.webSocketOffer != .none { return try await feed(exchange) }
        switch exchange.request.method {
        case .get, .head: try await list(exchange)
        case .post: try await register(exchange)
        case .delete: try await deregister(exchange)
        default: try await exchange.refuseMethod(allow: "GET, HEAD, POST, DELETE, OPTIONS", id: "go.micro.api")
        }
    }

    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] {
        if head.wantsWebSocket {
            let name = try head.queryValue("service")
            return [("changes", "every change of \(name ?? "every service"), as it comes")]
        }
        switch head.method {
        case .get, .head: return [("services", "\(try listed(head).count) records")]
        case .post, .delete:
            if head.method == .post { _ = try lifetime(head) }
            return [("service", try Self.record(ByteBuffer(body), of: head.method).name)]
        default: throw .methodNotAllowed(head.method, allowed: ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
        }
    }

    // MARK: Reading

    private func listed(_ head: borrowing RequestHead) throws(GatewayError) -> [Service] {
        guard let name = try head.queryValue("service"), !name.isEmpty else { return view.catalog.services }
        let services = view.catalog.versions(of: name)
        guard !services.isEmpty else { throw unknown(name) }
        return services
    }

    nonisolated(nonsending) private func list(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        JSONWriter.write(.array(try listed(exchange.request).map(\.json)), to: &body)
        try await exchange.respond(json: &body)
    }

    private func unknown(_ name: String) -> GatewayError {
        let near = NearestWord.services(to: name, in: view.catalog.names)
        let hint =
            near.isEmpty
            ? "" : "; the nearest \(near.count == 1 ? "name is" : "names are") \(near.joined(separator: ", "))"
        return GatewayError(.notFound, "Service not found\(hint)")
    }

    nonisolated(nonsending) private func feed(_ exchange: Exchange) async throws(GatewayError) {
        guard try await exchange.takeWebSocketOffer(), let handshake = exchange.handshake else { return }
        guard origins.allows(exchange.request) else { throw .foreignOrigin }
        let name = try exchange.request.queryValue("service")
        try exchange.switchProtocols(handshake.response(subprotocol: nil))
        var feed = RegistryFeed(exchange, view, service: name)
        await feed.run()
    }

    // MARK: Writing

    nonisolated(nonsending) private func register(_ exchange: Exchange) async throws(GatewayError) {
        let registrar = try writable(by: exchange)
        let lifetime = try lifetime(exchange.request)
        let service = try await record(exchange)
        do throws(RegistryError) {
            try await registrar.register(service, lifetime: lifetime)
        } catch {
            throw .notTaken(error)
        }
        await view.waitUntilShown(service, for: exchange)
        try await answerNothing(exchange)
    }

    nonisolated(nonsending) private func deregister(_ exchange: Exchange) async throws(GatewayError) {
        let registrar = try writable(by: exchange)
        let service = try await record(exchange)
        do throws(RegistryError) {
            try await registrar.deregister(service)
        } catch {
            throw .notTaken(error)
        }
        try await answerNothing(exchange)
    }

    private func writable(by exchange: Exchange) throws(GatewayError) -> any Registrar {
        let refusal = policy.refusal(
            of: exchange.request, isFromThisMachine: exchange.isFromThisMachine, hasAccount: exchange.account != nil)
        if let refusal { throw GatewayError(.forbidden, refusal.sentence) }
        guard let registrar else {
            throw GatewayError(
                .notImplemented, "this registry can only be read; services register with it by themselves")
        }
        return registrar
    }

    nonisolated(nonsending) private func record(_ exchange: Exchange) async throws(GatewayError) -> Service {
        var body = ByteBuffer()
        try await exchange.collectMessage(into: &body, limit: Self.maximumRecord)
        return try Self.record(body, of: exchange.request.method)
    }

    /// What is to be registered needs nodes.
    private static func record(
        _ body: borrowing ByteBuffer, of method: HTTP.Method
    ) throws(GatewayError) -> Service {
        do throws(MalformedRecord) {
            let service = try Service(record: body.span)
            if method == .post { try service.checkNodes() }
            return service
        } catch {
            throw GatewayError(.badRequest, error.reason)
        }
    }

    /// Nil keeps what is registered until it is taken out.
    private func lifetime(_ head: borrowing RequestHead) throws(GatewayError) -> Duration? {
        guard let text = try head.queryValue("ttl"), !text.isEmpty else { return nil }
        guard let lifetime = GoDuration.parse(text), lifetime > .zero, lifetime <= Self.longestLifetime else {
            throw GatewayError(.badRequest, "ttl must be a duration above 0, such as 30s or 1m30s")
        }
        return lifetime
    }

    private static let longestLifetime = Duration.seconds(366 * 86_400)

    nonisolated(nonsending) private func answerNothing(_ exchange: Exchange) async throws(GatewayError) {
        var nothing = ByteBuffer()
        try await exchange.respond(.ok, body: &nothing)
    }
}

extension RequestHead {
    /// The first value of that name in the query, decoded. Nil when there is none.
    ///
    /// - Throws: `.badRequest` for a malformed query.
    fileprivate func queryValue(_ name: String) throws(GatewayError) -> String? {
        var found: String?
        do throws(PayloadProblem) {
            try EncodedFields.forEach(in: querySpan) { field, value throws(PayloadProblem) in
                if field == name, found == nil { found = value ?? "" }
            }
        } catch {
            throw GatewayError(.badRequest, "\(error)")
        }
        return found
    }
}

extension GatewayError {
    fileprivate static func notTaken(_ error: RegistryError) -> GatewayError {
        GatewayError(
            .noNodes, "the registry did not take it", detail: "the registry did not take it: \(error.reason)")
    }
}
