internal import Bytes
package import Gateway
internal import HTTP
internal import JSON

/// Who may use `/rpc`, which reaches every registered service.
package enum RPCAccess: String, Sendable {
    /// Clients on this machine. The default.
    case thisMachine
    case everyone
    case nobody
}

/// The endpoint `/rpc`: calls any registered service by its full name, outside any namespace.
package final class RPCEndpointHandler: Handler {
    private let access: RPCAccess
    private let router: any Router
    private let dispatcher: Dispatcher
    private let catalog: CatalogView
    private let configuration: RPCConfiguration

    package init(
        access: RPCAccess, router: any Router, dispatcher: Dispatcher, catalog: CatalogView,
        configuration: RPCConfiguration = RPCConfiguration()
    ) {
        self.access = access
        self.router = router
        self.dispatcher = dispatcher
        self.catalog = catalog
        self.configuration = configuration
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        try checkAccess(exchange)
        guard exchange.request.method == .post else { return try await refuseMethod(exchange) }
        let deadline = exchange.now + (try CallTimeout.requested(by: exchange.request, configuration))
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: configuration.maximumBody)
        let request = try RPCRequest(body: body.span, head: exchange.request)
        exchange.service = request.service

        let destination = Destination(service: request.service, endpoint: request.endpoint)
        let call = RPCCall(
            destination: destination, body: request.message,
            metadata: CallMetadata.make(from: exchange.request, exchange.forwarding), deadline: deadline)
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

    private func checkAccess(_ exchange: Exchange) throws(GatewayError) {
        switch access {
        case .everyone: return
        case .nobody: throw .rpcForbidden("/rpc is switched off; start with --enable_rpc to open it to everyone")
        case .thisMachine:
            guard exchange.isFromThisMachine else {
                throw .rpcForbidden(
                    "/rpc is open to clients on the gateway's own machine only; start with --enable_rpc to open it to all"
                )
            }
            // A page of another site, opened in a browser on this machine, is not on this machine.
            guard LocalOrigin.isAllowed(exchange.request) else {
                throw .rpcForbidden(
                    "/rpc takes no requests from pages of other sites; start with --enable_rpc to open it to all")
            }
        }
    }

    nonisolated(nonsending) private func refuseMethod(_ exchange: Exchange) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(name: "Allow", value: "POST, OPTIONS")
        var body = ByteBuffer()
        if exchange.request.method == .options { return try await exchange.respond(.noContent, fields, body: &body) }
        fields.append(.contentType, "application/json")
        GatewayError(.methodNotAllowed, "/rpc takes POST only", id: RPCRequest.errorID).report.write(to: &body)
        try await exchange.respond(.methodNotAllowed, fields, body: &body)
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
    fileprivate static func rpcForbidden(_ sentence: String) -> GatewayError {
        GatewayError(.forbidden, sentence, id: RPCRequest.errorID)
    }
}

/// What a client of `/rpc` asks for.
struct RPCRequest {
    static let errorID = "go.micro.rpc"

    let service: String
    let endpoint: String
    let address: String?
    /// The request message: JSON.
    let message: ByteBuffer

    /// Reads a JSON object, or a form in the body or the query.
    init(body: Span<UInt8>, head: borrowing RequestHead) throws(GatewayError) {
        let kind = head.fields.contentKind
        if kind == .json || (kind != .form && kind != .multipart && !body.isEmpty) {
            try self.init(json: body)
        } else {
            try self.init(form: body, query: head.query)
        }
    }

    private init(json body: Span<UInt8>) throws(GatewayError) {
        let value: JSONValue
        do throws(JSONProblem) { value = try JSONParser.parse(body) } catch { throw Self.bad("\(error)") }
        guard case .object(let object) = value else { throw Self.bad("the body must be a JSON object") }
        var message = object.member(ignoringCase: "request") ?? .null
        // A string is taken for JSON in a string, as old clients send it.
        if case .string(let text) = message { message = try Self.decode(text) }
        try self.init(
            service: try Self.text("service", of: object),
            endpoint: try Self.text("endpoint", of: object), method: try Self.text("method", of: object),
            address: try Self.text("address", of: object), message: message)
    }

    private init(form body: Span<UInt8>, query: String?) throws(GatewayError) {
        var fields: [String: String] = [:]
        do throws(PayloadProblem) {
            let texts = FieldType.object(Dictionary(uniqueKeysWithValues: Self.names.map { ($0, .string) }))
            for (name, value) in try QueryFields.parse(query: query ?? "", as: texts) {
                fields[name] = value.stringValue
            }
            for (name, value) in try FormFields.parse(body, as: texts) { fields[name] = value.stringValue }
        } catch {
            throw Self.bad("\(error)")
        }
        try self.init(
            service: fields["service"] ?? "", endpoint: fields["endpoint"] ?? "", method: fields["method"] ?? "",
            address: fields["address"] ?? "", message: try Self.decode(fields["request"] ?? ""))
    }

    private static let names = ["service", "endpoint", "method", "address", "request"]

    private init(
        service: String, endpoint: String, method: String, address: String, message: JSONValue
    ) throws(GatewayError) {
        guard !service.isEmpty else { throw Self.bad("invalid service: the name of a service is missing") }
        let name = endpoint.isEmpty ? method : endpoint
        guard !name.isEmpty else { throw Self.bad("invalid endpoint: an endpoint such as Say.Hello is missing") }
        self.service = service
        self.endpoint = name
        self.address = address.isEmpty ? nil : address
        var buffer = ByteBuffer()
        JSONWriter.write(message == .null ? .object(JSONObject()) : message, to: &buffer)
        self.message = buffer
    }

    private static func decode(_ text: String) throws(GatewayError) -> JSONValue {
        do throws(JSONProblem) {
            return try JSONParser.parse(text)
        } catch {
            throw bad("error decoding request string: \(error)")
        }
    }

    private static func text(_ name: String, of object: JSONObject) throws(GatewayError) -> String {
        switch object.member(ignoringCase: name) {
        case nil, .null: return ""
        case .string(let text): return text
        default: throw bad("\(name) must be a string")
        }
    }

    private static func bad(_ sentence: String) -> GatewayError {
        GatewayError(.badRequest, sentence, id: errorID)
    }
}
