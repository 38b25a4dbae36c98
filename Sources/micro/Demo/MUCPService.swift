import Bytes
import Gateway
import HTTP
import JSON

/// A small service that speaks Go Micro's RPC over HTTP/1.1, as a Go Micro service does that was started without options.
final class MUCPService: Handler {
    typealias Method = @Sendable (JSONValue) throws(MicroError) -> JSONValue

    private let name: String
    private let methods: [String: Method]
    private let streams: [String: MUCPConversation.Method]

    /// - Parameters:
    ///   - methods: By endpoint, such as `Say.Hello`. `Debug.Health` is there by itself.
    ///   - streams: The endpoints that stream.
    init(name: String, methods: [String: Method], streams: [String: MUCPConversation.Method] = [:]) {
        self.name = name
        self.methods = methods
        self.streams = streams
    }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: 4 << 20)
        let head = exchange.request
        let endpoint = head.fields["Micro-Endpoint"] ?? head.fields["Micro-Method"] ?? ""
        let type = head.fields[.contentType] ?? ""
        guard type == "application/json" else {
            return try await exchange.respond(.ok, contentType: "text/plain", text: "unsupported Content-Type: \(type)")
        }
        if head.fields["Micro-Stream"] != nil, let method = streams[endpoint] {
            var conversation = MUCPConversation(exchange, method)
            return try await conversation.run()
        }
        var fields = HeaderFields()
        for name in ["Micro-Id", "Micro-Service", "Micro-Endpoint", "Micro-Method"] {
            if let value = head.fields[name] { fields.append(name: name, value: value) }
        }
        var reply = ByteBuffer()
        do throws(MicroError) {
            JSONWriter.write(try answer(endpoint, body.span), to: &reply)
            reply.append("\n")
            fields.append(.contentType, "application/json")
        } catch {
            // The status stays 200: only the header says that this is an error.
            fields.append(name: "Micro-Error", value: error.code == 0 ? error.detail : error.text)
        }
        try await exchange.respond(.ok, fields, body: &reply)
    }

    private func answer(_ endpoint: String, _ body: Span<UInt8>) throws(MicroError) -> JSONValue {
        if endpoint == "Debug.Health" { return ["status": "ok"] }
        guard let method = methods[endpoint] else { throw MicroError(id: "", code: 0, detail: missing(endpoint)) }
        let request: JSONValue
        do throws(JSONProblem) {
            request = body.isEmpty ? [:] : try JSONParser.parse(body)
        } catch {
            throw MicroError(id: name, code: 400, detail: "\(error)")
        }
        switch request {
        case .object: return try method(request)
        case .null: return try method([:])  // As Go reads it.
        case .array, .string, .number, .bool:
            throw MicroError(id: name, code: 400, detail: "the request must be a JSON object")
        }
    }

    /// In the words of Go Micro's servers.
    private func missing(_ endpoint: String) -> String {
        let parts = endpoint.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return "rpc: service/endpoint request ill-formed: \(endpoint)" }
        let isTypeKnown = (Array(methods.keys) + streams.keys).contains { $0.hasPrefix("\(parts[0]).") }
        return isTypeKnown ? "rpc: can't find method \(parts[1])" : "rpc: can't find service \(parts[0])"
    }
}
