import Glibc
import JSON

/// The recorded and computed messages and fields of gRPC in Go Micro, kept as JSON beside this file.
enum GRPCGolden {
    static func vector(_ id: String) -> JSONValue {
        guard let vector = all.first(where: { $0["id"]?.stringValue == id }) else {
            preconditionFailure("no message \(id)")
        }
        return vector
    }

    private static let all: [JSONValue] = {
        let path = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
        guard let file = fopen("/\(path)/Golden/grpc.json", "r") else { preconditionFailure("no file grpc.json") }
        defer { fclose(file) }
        var content = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&content, 1, content.count, file)
        guard let list = (try? JSONParser.parse(content.span.extracting(0..<count)))?.arrayValue else {
            preconditionFailure("grpc.json is no list")
        }
        return list
    }()

    /// The bytes of a message.
    static func message(_ id: String) -> [UInt8] { bytes(hex: vector(id)["encoded"]?["hex"]?.stringValue ?? "") }

    /// The value of a field that was sent.
    static func field(_ name: String, of id: String) -> String? {
        let fields = vector(id)["encoded"]?["headers"]?.arrayValue ?? []
        return fields.first { $0.arrayValue?.first?.stringValue == name }?.arrayValue?.last?.stringValue
    }
}
