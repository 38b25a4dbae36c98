internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// Bytes of any type as a part of a message, and back: `google.api.HttpBody`, in JSON.
enum RawBody {
    /// Its names of the type and the bytes.
    private static let type = "contentType"
    private static let data = "data"
    /// The longest type that is passed on, in bytes.
    private static let maximumType = 1_024

    /// Such as `{"contentType":"image/png","data":"iVBORw0KGgo="}`. Of a body that is empty only the type is there.
    ///
    /// - Parameter type: As `Content-Type` names it; nil when it does not.
    static func object(_ bytes: Span<UInt8>, type: String?) -> JSONObject {
        var object = JSONObject()
        if let type { object[Self.type] = .string(type) }
        if !bytes.isEmpty { object[data] = .string(Base64.encode(bytes)) }
        return object
    }

    /// Lays such an object over the fields of a message: at a field, or as the message itself when that is nil.
    static func merge(_ object: JSONObject, at field: String?, over fields: JSONObject) -> JSONObject {
        guard let field else { return Payload.merge(fields, over: object) }
        guard !object.isEmpty else { return fields }
        var fields = fields
        fields[field] = .object(object)
        return fields
    }

    /// Leaves of an answer its bytes. One that is `null` has none.
    ///
    /// - Returns: The header that tells the type, which is `application/octet-stream` where the service does not say.
    /// - Throws: `.upstreamBroken` for what is no such answer.
    static func unwrap(_ answer: inout ByteBuffer) throws(GatewayError) -> HeaderFields {
        let value = try? JSONParser.parse(answer.span)
        answer.removeAll()
        var fields = HeaderFields()
        let members: JSONObject
        switch value {
        case .object(let object): members = object
        case .null?: members = JSONObject()
        default: throw broken("is none")
        }
        let type = (members[type] ?? members["content_type"])?.stringValue ?? ""
        do throws(HeaderFields.Malformed) {
            guard type.utf8.count <= maximumType else { throw .value }
            try fields.append(
                untrusted: "Content-Type", value: type.isEmpty ? "application/octet-stream" : type)
        } catch {
            throw broken("has a type that cannot be told to a client")
        }
        guard let text = members[data]?.stringValue, !text.isEmpty else { return fields }
        guard let bytes = Base64.decode(lenient: text.utf8.span) else {
            throw broken("has bytes that are not in base64")
        }
        answer.append(bytes)
        return fields
    }

    private static func broken(_ reason: String) -> GatewayError {
        GatewayError(
            .upstreamBroken, "the service broke off or gave no valid answer",
            detail: "an answer that should be a google.api.HttpBody \(reason)", mayHaveBeenSent: true)
    }
}

/// Makes the messages of a stream from a request's body of any type: the first has what path and query say, the type of
/// the body and its first piece, and each further one has the next piece.
struct BodyPieces {
    /// The longest piece, in bytes.
    private static let size = 65_536

    /// Where in the message a piece goes: a field, or the message itself when nil.
    private let field: String?
    /// Nil once the first message was made.
    private var beginning: (fields: JSONObject, type: String?)?
    private var isComplete = false
    private var piece = ByteBuffer()

    init(at field: String?, of head: borrowing RequestHead, fields: JSONObject) {
        self.field = field
        beginning = (fields, head.fields[.contentType])
    }

    /// Moves a message with what has come of the body into the buffer, which is empty.
    mutating func tryTake(into message: inout ByteBuffer, of exchange: Exchange) throws(GatewayError) -> MessageArrival
    {
        guard !isComplete else { return .end }
        guard let count = try exchange.tryReadBody(into: &piece, atMost: Self.size) else { return .nothing }
        isComplete = count == 0
        guard count > 0 || beginning != nil else { return .end }
        let object = RawBody.object(piece.span, type: beginning?.type)
        let fields = RawBody.merge(object, at: field, over: beginning?.fields ?? JSONObject())
        beginning = nil
        piece.removeAll()
        JSONWriter.write(.object(fields), to: &message)
        return .message
    }
}
