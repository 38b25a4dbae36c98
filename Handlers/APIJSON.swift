internal import Bytes
internal import Gateway
internal import JSON

// The messages of `go.api` in JSON, for services that read nothing else: members are named as in `APIRequest` and
// `APIResponse`.

/// One request in JSON, when a node wants it.
final class APIJSONForm: JSONForm {
    private let request: APIRequest
    private let body: ByteBuffer
    private let limit: Int
    /// Whether JSON is what was sent last, and so what the answer is in.
    private(set) var isUsed = false

    /// - Parameter limit: The longest message, in bytes.
    init(of request: APIRequest, body: ByteBuffer, limit: Int) {
        self.request = request
        self.body = body
        self.limit = limit
    }

    func writeJSON(to message: inout ByteBuffer) throws(GatewayError) {
        let body = body
        guard let text = body.span.withUnsafeBytes({ String(validating: $0, as: UTF8.self) }) else {
            throw GatewayError(.unsupportedMediaType, "the service reads only text, and this body is no UTF-8")
        }
        JSONWriter.write(request.json(body: text), to: &message, style: JSONStyle(escapesHTML: false))
        try checkLength(of: message)
        isUsed = true
    }

    /// - Throws: `.contentTooLarge`
    func checkLength(of message: borrowing ByteBuffer) throws(GatewayError) {
        guard message.count > limit else { return }
        throw GatewayError(
            .contentTooLarge, "as one message, the request is longer than the limit of \(limit) bytes")
    }
}

extension APIRequest {
    fileprivate func json(body: String) -> JSONValue {
        .object([
            "method": .string(method), "path": .string(path), "header": Self.json(header), "get": Self.json(get),
            "post": Self.json(post), "body": .string(hasBody ? body : ""), "url": .string(url),
        ])
    }

    private static func json(_ pairs: Pairs) -> JSONValue {
        var object = JSONObject()
        for (name, values) in pairs {
            object[name] = ["key": .string(name), "values": .array(values.map { .string($0) })]
        }
        return .object(object)
    }
}

extension APIResponse {
    /// Reads a message in JSON, and leaves its body in its place.
    init(json message: inout ByteBuffer) throws(Problem) {
        guard let value = try? JSONParser.parse(message.span), case .object(let object) = value else {
            throw Problem(reason: "its answer is no go.api.Response in JSON")
        }
        self.init()
        if let status = object["statusCode"] ?? object["status_code"], status != .null {
            guard let code = status.intValue else { throw Problem(reason: "the status of its answer is no number") }
            try take(status: code)
        }
        for (key, value) in object["header"]?.objectValue ?? JSONObject() {
            guard let pair = value.objectValue else { throw Problem(reason: "the header in its answer is malformed") }
            let name = pair["key"]?.stringValue ?? ""
            try take(name.isEmpty ? key : name, (pair["values"]?.arrayValue ?? []).compactMap(\.stringValue))
        }
        message.removeAll()
        if let text = object["body"]?.stringValue { message.append(text) }
        finish(body: 0..<message.count)
    }
}
