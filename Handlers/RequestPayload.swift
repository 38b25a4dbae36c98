package import Bytes
package import Gateway
package import HTTP
internal import JSON

/// The JSON message of a call, made of a request's body and query.
package enum RequestPayload {
    /// Turns the body, as it was received, into the message. A JSON body without a query stays as it is, byte for byte.
    ///
    /// - Parameter type: What the endpoint expects, if that is known. Asked for only when there are fields to be typed.
    /// - Throws: `.badRequest` for what is malformed, `.unsupportedMediaType` for what cannot become JSON.
    package static func make(
        from body: inout ByteBuffer, of head: borrowing RequestHead, as type: () -> FieldType?
    ) throws(GatewayError) {
        let form = try FormKind(of: body.span, head)
        do throws(PayloadProblem) {
            guard head.hasQuery || form != nil else { return try check(&body, of: head) }
            let type = type()
            let fields = try QueryFields.parse(query: head.query ?? "", as: type)
            switch form {
            case nil where fields.isEmpty: try check(&body, of: head)
            case nil: replace(&body, with: try Payload.merge(fields: fields, body: try Payload.body(body.span)))
            case .encoded:
                replace(&body, with: .object(Payload.merge(try FormFields.parse(body.span, as: type), over: fields)))
            case .multipart(let boundary):
                let parts = try FormFields.parse(multipart: body.span, boundary: boundary, as: type)
                replace(&body, with: .object(Payload.merge(parts, over: fields)))
            }
        } catch {
            throw GatewayError(error)
        }
    }

    /// Leaves a valid body alone. An empty one is the empty message: `null` where a client asks for something and says
    /// nothing more, as Go Micro's gateway has it, and else `{}`.
    static func check(_ body: inout ByteBuffer, of head: borrowing RequestHead) throws(PayloadProblem) {
        guard body.isEmpty else {
            _ = try Payload.isObject(body.span)
            return
        }
        body.append(head.method.isSafe && head.messageKind != .json ? "null" : "{}")
    }

    static func replace(_ body: inout ByteBuffer, with value: JSONValue) {
        body.removeAll()
        JSONWriter.write(value, to: &body)
    }

    enum FormKind {
        case encoded
        case multipart(boundary: String)

        /// Nil for a body that is JSON, or empty, or of no declared type.
        init?(of body: Span<UInt8>, _ head: borrowing RequestHead) throws(GatewayError) {
            guard let kind = head.messageKind, !body.isEmpty else { return nil }
            switch kind {
            case .json: return nil
            case .form where body.isMeantAsJSON: return nil
            case .form: self = .encoded
            case .multipart: self = .multipart(boundary: try head.multipartBoundary())
            case .jsonLines, .protobuf, .grpc, .eventStream, .text, .other: throw Self.unsupported(head)
            }
        }

        private static func unsupported(_ head: borrowing RequestHead) -> GatewayError {
            let type = head.fields[.contentType].map { String($0.prefix(100)) } ?? "of an unknown type"
            return GatewayError(
                .unsupportedMediaType,
                "a body \(type) cannot be made into a call; send application/json or a form")
        }
    }
}

extension Span<UInt8> {
    /// Whether what is declared a form is JSON. curl declares everything a form that is not said to be something else. An
    /// object is none, and an array only by chance, so that it must be JSON to its end.
    var isMeantAsJSON: Bool {
        guard let start = indices.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains(self[$0]) }) else { return false }
        if self[start] == UInt8(ascii: "{") { return true }
        return self[start] == UInt8(ascii: "[") && (try? JSONScanner.validate(self)) != nil
    }
}

extension RequestHead {
    /// What kind of content a call has. A type of gRPC says what its messages are: who speaks gRPC itself is not here.
    var messageKind: MediaType.Kind? {
        let kind = fields.contentKind
        guard kind == .grpc else { return kind }
        return GRPCContentType(of: fields)?.suffix.lowercased() == "+json" ? .json : .protobuf
    }

    /// What stands between the parts of a `multipart` body.
    ///
    /// - Throws: `.badRequest` when `Content-Type` does not tell.
    func multipartBoundary() throws(GatewayError) -> String {
        for parameter in (fields[.contentType] ?? "").split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ $0 != " " && $0 != "\t" }).lowercased() == "boundary" else {
                continue
            }
            return String(parts[1].drop { $0 == " " }.filter { $0 != "\"" })
        }
        throw GatewayError(.badRequest, "the multipart body has no boundary in its Content-Type")
    }
}
