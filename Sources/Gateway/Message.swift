package import Bytes
internal import JSON

/// A message: a flat header and a body.
package struct Message: Sendable, Equatable {
    /// Where servers of Go Micro look for the topic.
    package static let topicKey = "Micro-Topic"

    package var header: [String: String]
    package var body: [UInt8]

    package init(header: [String: String] = [:], body: [UInt8]) {
        self.header = header
        self.body = body
    }

    /// The size in memory, roughly: what limits count.
    package var size: Int { header.reduce(body.count + 64) { $0 + $1.key.utf8.count + $1.value.utf8.count + 32 } }
}

/// The JSON form that a message has wherever its carrier knows no headers: `{"Header":{...},"Body":"<base64>"}`.
extension Message {
    /// Appends the message. Members of the header are in the order of their names' bytes.
    package func write(to buffer: inout ByteBuffer) {
        buffer.reserve(body.count / 3 * 4 + 256)
        buffer.append("{\"Header\":" as StaticString)
        let members = header.map { ($0.key, JSONValue.string($0.value)) }
        JSONWriter.write(.object(JSONObject(members)), to: &buffer, style: JSONStyle(sortsMembers: true))
        buffer.append(",\"Body\":\"" as StaticString)
        Base64.encode(body.span, to: &buffer)
        buffer.append("\"}" as StaticString)
    }

    /// Reads a message. Names of members are compared without regard to case, as Go does; absent ones equal null.
    ///
    /// - Throws: What is wrong, for whoever sent it.
    package init(json bytes: Span<UInt8>) throws(BrokerError) {
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw BrokerError("the message is no JSON: \(error)")
        }
        guard case .object(let object) = json else { throw BrokerError("the message is no JSON object") }
        self.init(header: try Self.header(of: object), body: try Self.body(of: object))
    }

    private static func header(of object: JSONObject) throws(BrokerError) -> [String: String] {
        switch object.member(ignoringCase: "Header") {
        case nil, .null: return [:]
        case .object(let members):
            var header: [String: String] = [:]
            for (name, value) in members {
                guard case .string(let text) = value else { throw BrokerError("the header holds more than texts") }
                header[name] = text
            }
            return header
        default: throw BrokerError("the header of the message is no object")
        }
    }

    private static func body(of object: JSONObject) throws(BrokerError) -> [UInt8] {
        switch object.member(ignoringCase: "Body") {
        case nil, .null: return []
        case .string(let text):
            guard let body = Base64.decode(lenient: text.utf8.span) else { throw BrokerError("the body is no base64") }
            return body
        default: throw BrokerError("the body of the message is no text in base64")
        }
    }
}
