internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

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
        let isForm = kind == .multipart || (kind == .form ? !body.isMeantAsJSON : kind != .json && body.isEmpty)
        if !isForm {
            try self.init(json: body)
        } else {
            try self.init(form: body, head)
        }
    }

    private init(json body: Span<UInt8>) throws(GatewayError) {
        let value: JSONValue
        do throws(JSONProblem) { value = try JSONParser.parse(body) } catch {
            throw Self.bad("the body is no JSON: \(error)")
        }
        guard case .object(let object) = value else { throw Self.bad("the body must be a JSON object") }
        var message = object.member(ignoringCase: "request") ?? .null
        // A string is taken for JSON in a string, as old clients send it.
        if case .string(let text) = message { message = try Self.decode(text) }
        try self.init(
            service: try Self.text("service", of: object),
            endpoint: try Self.text("endpoint", of: object), method: try Self.text("method", of: object),
            address: try Self.text("address", of: object), message: message)
    }

    private init(form body: Span<UInt8>, _ head: borrowing RequestHead) throws(GatewayError) {
        let boundary = head.fields.contentKind == .multipart ? try head.multipartBoundary() : nil
        var fields: [String: String] = [:]
        do throws(PayloadProblem) {
            let texts = FieldType.object(Dictionary(uniqueKeysWithValues: Self.names.map { ($0, .string) }))
            for (name, value) in try QueryFields.parse(query: head.query ?? "", as: texts) {
                fields[name] = value.stringValue
            }
            let form =
                if let boundary {
                    try FormFields.parse(multipart: body, boundary: boundary, as: texts)
                } else {
                    try FormFields.parse(body, as: texts)
                }
            for (name, value) in form { fields[name] = value.stringValue }
        } catch {
            throw Self.bad("\(error)")
        }
        try self.init(
            service: fields["service"] ?? "", endpoint: fields["endpoint"] ?? "", method: fields["method"] ?? "",
            address: fields["address"] ?? "",
            message: try fields["request"].map { text throws(GatewayError) in try Self.decode(text) } ?? .null)
    }

    private static let names = ["service", "endpoint", "method", "address", "request"]

    private init(
        service: String, endpoint: String, method: String, address: String, message: JSONValue
    ) throws(GatewayError) {
        guard !service.isEmpty else { throw Self.bad("invalid service") }
        let name = endpoint.isEmpty ? method : endpoint
        guard !name.isEmpty else { throw Self.bad("invalid endpoint") }
        guard Self.isName(service), !service.contains("..") else {
            throw Self.bad("invalid service: a name has at most 255 visible characters of ASCII, no two dots in a row")
        }
        // Every Go Micro server takes an endpoint apart at its one dot.
        guard Self.isName(name), name.split(separator: ".", omittingEmptySubsequences: false).count == 2,
            name.first != ".", name.last != "."
        else { throw Self.bad("invalid endpoint: an endpoint is two names with a dot between, such as Say.Hello") }
        self.service = service
        self.endpoint = name
        self.address = address.isEmpty ? nil : address
        var buffer = ByteBuffer()
        JSONWriter.write(message == .null ? .object(JSONObject()) : message, to: &buffer)
        self.message = buffer
    }

    /// Names become header lines, so neither blanks nor control bytes may be in one.
    private static func isName(_ text: String) -> Bool {
        text.utf8.count <= 255 && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
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
