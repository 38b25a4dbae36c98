import Bytes
import Glibc
import JSON
import Testing

@testable import Transcoding

/// What the reference implementation made of schemas and messages, and the means to compare with it.
enum Golden {
    /// Of `sample.proto` and the others, by way of their descriptors.
    static let schemas: SchemaSet = {
        var builder = SchemaBuilder()
        do {
            try builder.add(fileDescriptorSet: descriptors.span)
            return try builder.build()
        } catch { preconditionFailure("no schema: \(error)") }
    }()

    static let descriptors = file("schema.binpb")

    static func message(_ name: String) -> MessageSchema {
        guard let message = schemas.message(named: name) else { preconditionFailure("no message \(name)") }
        return message
    }

    static let everything = message("sample.Everything")

    /// The records of a golden file.
    static func records(_ name: String) -> [JSONValue] { json(name).arrayValue ?? [] }

    static func json(_ name: String) -> JSONValue {
        let content = file(name)
        guard let value = try? JSONParser.parse(content.span) else { preconditionFailure("\(name) is no JSON") }
        return value
    }

    static func file(_ name: String) -> [UInt8] {
        let path = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
        guard let file = fopen("/\(path)/Golden/\(name)", "r") else { preconditionFailure("no file \(name)") }
        defer { fclose(file) }
        var content = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&content, 1, content.count, file)
        return Array(content[..<count])
    }

    static func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8).map { UInt8($0 < 0x40 ? $0 - 0x30 : $0 - 0x61 + 10) }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// The message of a text.
func protobuf(
    _ json: String, as message: MessageSchema = Golden.everything, limits: TranscodingLimits = TranscodingLimits()
) throws(TranscodingProblem) -> [UInt8] {
    var transcoder = Transcoder(limits: limits)
    var buffer = ByteBuffer()
    let bytes = Array(json.utf8)
    try transcoder.appendProtobuf(fromJSON: bytes.span, as: message, to: &buffer)
    return buffer.bytes
}

/// The text of a message.
func json(
    _ protobuf: [UInt8], as message: MessageSchema = Golden.everything, style: ProtoJSONStyle = ProtoJSONStyle(),
    limits: TranscodingLimits = TranscodingLimits()
) throws(TranscodingProblem) -> String {
    var transcoder = Transcoder(limits: limits)
    var buffer = ByteBuffer()
    try transcoder.appendJSON(fromProtobuf: protobuf.span, as: message, style: style, to: &buffer)
    return buffer.text
}

func problem(with json: String, as message: MessageSchema = Golden.everything) -> TranscodingProblem? {
    do throws(TranscodingProblem) {
        _ = try protobuf(json, as: message)
        return nil
    } catch { return error }
}

func problem(with bytes: [UInt8], as message: MessageSchema = Golden.everything) -> TranscodingProblem? {
    do throws(TranscodingProblem) {
        _ = try json(bytes, as: message)
        return nil
    } catch { return error }
}

extension JSONValue {
    /// Whether two texts say the same: members may come in any order, and numbers may be written in any way.
    func means(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.number(let one), .number(let two)): return Double(one)?.bitPattern == Double(two)?.bitPattern
        case (.array(let one), .array(let two)):
            return one.count == two.count && zip(one, two).allSatisfy { $0.means($1) }
        case (.object(let one), .object(let two)):
            guard one.count == two.count else { return false }
            return one.allSatisfy { name, value in two[name].map { value.means($0) } ?? false }
        default: return self == other
        }
    }
}
