internal import Bytes
package import Gateway
package import HTTP
internal import Reactor

/// Who may use `/rpc`, which reaches every registered service.
package enum RPCAccess: String, Sendable {
    /// Clients on this machine, and whoever has an account. The default.
    case thisMachine
    case everyone
    case nobody
}

/// The endpoint `/rpc`: calls any registered service by its full name, outside any namespace. An endpoint that streams is
/// sent the one request, and answered message by message.
package final class RPCEndpointHandler: ExplainingHandler {
    private let access: RPCAccess
    private let policy = AccessPolicy(
        machineNames: AccessPolicy.namesOfThisMachine(), subject: "/rpc", flag: "--enable_rpc")
    private let router: any Router
    private let dispatcher: Dispatcher
    private let catalog: CatalogView
    private let configuration: RPCConfiguration
    private let authorizer: Authorizer?

    /// - Parameter authorizer: Says who may call which service; nil, the default, lets everyone that `access` does.
    package init(
        access: RPCAccess, router: any Router, dispatcher: Dispatcher, catalog: CatalogView,
        configuration: RPCConfiguration = RPCConfiguration(), authorizer: Authorizer? = nil
    ) {
        self.authorizer = authorizer
        self.access = access
        self.router = router
        self.dispatcher = dispatcher
        self.catalog = catalog
        self.configuration = configuration
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        // Whoever has an account may come from anywhere; what for, is asked once it is known.
        if access == .thisMachine { try await authorizer?.identify(exchange) }
        try checkAccess(exchange)
        guard exchange.request.method == .post else {
            return try await exchange.refuseMethod(allow: "POST, OPTIONS", id: RPCRequest.errorID)
        }
        var body = ByteBuffer()
        try await exchange.collectMessage(
            into: &body, limit: configuration.maximumBody, id: RPCRequest.errorID)
        let request = try RPCRequest(body: body.span, head: exchange.request)
        exchange.service = request.service
        if let authorizer {
            let resource = AccessResource(calling: request.endpoint, of: request.service)
            guard try await authorizer.admits(exchange, to: resource) else { return }
        }
        do throws(GatewayError) {
            try await call(request, for: exchange)
        } catch {
            let destination = Destination(service: request.service, endpoint: request.endpoint)
            throw error.completed(by: RPCRequest.errorID).explained(by: catalog.catalog, of: destination)
        }
    }

    nonisolated(nonsending) private func call(
        _ request: RPCRequest, for exchange: Exchange
    ) async throws(GatewayError) {
        let destination = Destination(service: request.service, endpoint: request.endpoint)
        let described = catalog.catalog.endpoint(request.endpoint, of: request.service)
        CallMetadata.fill(
            &exchange.metadata, from: exchange.request, exchange.forwarding, configuration, for: .namedCall,
            numbers: &exchange.numbers)
        if let format = StreamFormat(for: exchange.request, isStream: described?.isStream) {
            return try await stream(request, to: exchange, as: format)
        }
        let call = RPCCall(
            destination: destination, body: request.message,
            metadata: exchange.metadata,
            deadline: exchange.now + CallTimeout.requested(by: exchange.request, configuration), exchange: exchange)
        var reply = ByteBuffer()
        if let address = request.address {
            let node = try registeredNode(at: address, of: request.service)
            try await dispatcher.call(call, on: node, reply: &reply, wakeup: exchange.wakeup)
        } else {
            let route = try router.route(to: destination)
            try await dispatcher.call(call, over: route, reply: &reply, wakeup: exchange.wakeup)
        }
        try await exchange.respond(json: &reply)
    }

    nonisolated(nonsending) private func stream(
        _ request: RPCRequest, to exchange: Exchange, as format: StreamFormat
    ) async throws(GatewayError) {
        let call = RPCCall(
            streaming: Destination(service: request.service, endpoint: request.endpoint), for: exchange, configuration)
        let stream: any RPCStream
        if let address = request.address {
            let node = try registeredNode(at: address, of: request.service)
            stream = try await dispatcher.open(call, on: node, wakeup: exchange.wakeup)
        } else {
            let route = try router.route(to: call.destination)
            stream = try await dispatcher.open(call, over: route, wakeup: exchange.wakeup)
        }
        var answer = StreamAnswer(
            to: exchange, from: stream, as: format, first: request.message, source: nil,
            idleTimeout: configuration.streamIdleTimeout)
        try await answer.run()
    }

    /// Who may use it is told only where nobody may: else it depends on where a client is.
    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        guard access != .nobody else { return Explanation(of: head, problem: .rpcSwitchedOff) }
        guard head.method != .options else {
            return Explanation(
                of: head, ownAnswer: "answered by the gateway with the methods that the path takes: POST, OPTIONS")
        }
        guard head.method == .post else {
            return Explanation(of: head, problem: .methodNotAllowed(head.method, allowed: ["POST", "OPTIONS"]))
        }
        guard !body.isEmpty || head.hasQuery else {
            return Explanation(of: head, ownAnswer: "a call of the service and endpoint that the body names")
        }
        do throws(GatewayError) {
            let request = try RPCRequest(body: ByteBuffer(body).span, head: head)
            if let address = request.address {
                _ = try registeredNode(at: address, of: request.service)
            } else {
                _ = try router.route(to: Destination(service: request.service, endpoint: request.endpoint))
            }
            var explanation = Explanation(
                of: head, ownAnswer: "a call of \(request.endpoint) of \(request.service) with \(request.message.text)")
            guard let authorizer else { return explanation }
            let resource = AccessResource(calling: request.endpoint, of: request.service)
            explanation.access = authorizer.explain(head, resource)
            guard let refusal = explanation.access?.problem else { return explanation }
            explanation.ownAnswer = nil
            explanation.problem = refusal
            return explanation
        } catch {
            return Explanation(of: head, problem: error)
        }
    }

    private func checkAccess(_ exchange: Exchange) throws(GatewayError) {
        switch access {
        case .everyone: return
        case .nobody: throw .rpcSwitchedOff
        case .thisMachine:
            let refusal = policy.refusal(
                of: exchange.request, isFromThisMachine: exchange.isFromThisMachine, hasAccount: exchange.account != nil
            )
            if let refusal { throw .rpcForbidden(refusal.sentence) }
        }
    }

    /// Only what is registered may be named, or `/rpc` would connect anyone to anything.
    private func registeredNode(at address: String, of service: String) throws(GatewayError) -> Node {
        guard let node = catalog.catalog.nodes(of: service).first(where: { $0.address == address }) else {
            throw .rpcForbidden("\(address.prefix(100)) is the address of no registered node of \(service)")
        }
        return node
    }
}

extension GatewayError {
    fileprivate static var rpcSwitchedOff: GatewayError {
        rpcForbidden("/rpc is switched off; start with --enable_rpc to open it to everyone")
    }

    fileprivate static func rpcForbidden(_ sentence: String) -> GatewayError {
        GatewayError(.forbidden, sentence, id: RPCRequest.errorID)
    }
}
