import Bytes
import Glibc
import JSON
import Registries
import Testing

/// The recorded and computed messages of Go Micro, kept as JSON beside this file.
struct Golden: Sendable, CustomTestStringConvertible {
    let id: String
    let decoded: JSONValue
    let encoded: JSONValue

    var testDescription: String { id }

    static let messages = load("messages")
    static let payloads = load("payloads")

    static func message(_ id: String) -> Golden {
        guard let golden = messages.first(where: { $0.id == id }) else { preconditionFailure("no message \(id)") }
        return golden
    }

    private static func load(_ name: String) -> [Golden] {
        let path = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
        guard let file = fopen("/\(path)/Golden/\(name).json", "r") else { preconditionFailure("no file \(name)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        guard let list = (try? JSONParser.parse(bytes.span))?.arrayValue else {
            preconditionFailure("\(name) is no list")
        }
        return list.map {
            Golden(id: $0["id"]?.stringValue ?? "", decoded: $0["decoded"] ?? .null, encoded: $0["encoded"] ?? .null)
        }
    }

    /// The bytes of a message.
    var bytes: [UInt8] {
        let digits = Array((encoded["hex"]?.stringValue ?? "").utf8)
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16) ?? 0
        }
    }

    /// The same message as Go Micro 1.0 to 1.9 sends it: the domain has a name of the same length.
    var inLocalDomain: [UInt8] {
        let (micro, local) = (MDNSNames.micro.domain.wire, MDNSNames.local.domain.wire)
        var bytes = bytes
        for start in bytes.indices.dropLast(micro.count - 1) where bytes[start...].starts(with: micro) {
            bytes.replaceSubrange(start..<(start + micro.count), with: local)
        }
        return bytes
    }

    /// The strings of a payload.
    var strings: [[UInt8]] {
        (encoded["txt"]?.arrayValue ?? []).map { Array(($0.stringValue ?? "").utf8) }
    }

    /// The message that the JSON describes.
    var message: DNSMessage {
        get throws {
            guard decoded["records"] != nil else {
                return DNSMessage(id: number(decoded["id"]), questions: [try question(decoded)])
            }
            return DNSMessage(
                id: number(decoded["id"]), flags: number(decoded["flags"]),
                questions: try (decoded["questions"]?.arrayValue ?? []).map(question),
                answers: try (decoded["records"]?.arrayValue ?? []).map(record))
        }
    }

    private func question(_ json: JSONValue) throws -> DNSQuestion {
        DNSQuestion(
            name: try DNSName(json["name"]?.stringValue ?? ""), type: DNSType(rawValue: number(json["type"])),
            classField: number(json["class"]))
    }

    private func record(_ json: JSONValue) throws -> DNSRecord {
        let data = json["data"] ?? .null
        let content: DNSRecord.Content
        switch number(json["type"]) {
        case 1: content = .addressV4((data.stringValue ?? "").split(separator: ".").compactMap { UInt8($0) })
        case 12: content = .pointer(try DNSName(data.stringValue ?? ""))
        case 16: content = .text((data.arrayValue ?? []).map { Array(($0.stringValue ?? "").utf8) })
        case 33:
            content = .service(
                priority: number(data["priority"]), weight: number(data["weight"]), port: number(data["port"]),
                target: try DNSName(data["target"]?.stringValue ?? ""))
        case let type: preconditionFailure("record type \(type)")
        }
        return DNSRecord(
            name: try DNSName(json["name"]?.stringValue ?? ""), classField: number(json["class"]),
            lifetime: UInt32(json["ttl"]?.intValue ?? -1), content)
    }

    private func number(_ json: JSONValue?) -> UInt16 { UInt16(json?.intValue ?? 0) }
}
