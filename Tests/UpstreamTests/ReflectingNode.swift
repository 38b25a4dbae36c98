import Bytes
import HTTP

/// Protobuf as tests write it: fields by their numbers.
struct Proto {
    private(set) var bytes: [UInt8] = []

    func text(_ number: Int, _ text: String) -> Proto { bytes(number, Array(text.utf8)) }

    func message(_ number: Int, _ message: Proto) -> Proto { bytes(number, message.bytes) }

    func number(_ number: Int, _ value: Int) -> Proto {
        var copy = self
        copy.bytes += Self.varint(number << 3) + Self.varint(value)
        return copy
    }

    func bytes(_ number: Int, _ content: [UInt8]) -> Proto {
        var copy = self
        copy.bytes += Self.varint(number << 3 | 2) + Self.varint(content.count) + content
        return copy
    }

    private static func varint(_ value: Int) -> [UInt8] {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f | 0x80)] + varint(value >> 7)
    }
}

/// The descriptor of one file with one service, whose methods take and give a message with the text `name` and the number
/// `page_size`.
struct ShopFile {
    /// The full name of the service, such as `shop.v1.Shelf`.
    var service = "shop.v1.Shelf"
    /// Names of methods, and the paths that they declare for GET; empty for none.
    var methods = ["Get": "/v1/shelves/{name}"]
    var streams: Set<String> = []

    private var package: String { service.split(separator: ".").dropLast().joined(separator: ".") }

    var descriptor: [UInt8] {
        let item = Proto().text(1, "Item")
            .message(2, Proto().text(1, "name").number(3, 1).number(4, 1).number(5, 9))
            .message(2, Proto().text(1, "page_size").number(3, 2).number(4, 1).number(5, 5))
        var shelf = Proto().text(1, String(service.split(separator: ".").last ?? ""))
        for (name, path) in methods.sorted(by: { $0.key < $1.key }) {
            var method = Proto().text(1, name).text(2, ".\(package).Item").text(3, ".\(package).Item")
            if !path.isEmpty { method = method.message(4, Proto().message(72_295_728, Proto().text(2, path))) }
            if streams.contains(name) { method = method.number(6, 1) }
            shelf = shelf.message(2, method)
        }
        return Proto().text(1, "\(service).proto").text(2, package).message(4, item).message(6, shelf)
            .text(12, "proto3").bytes
    }
}

extension HTTP2Peer {
    /// Answers what has been asked of reflection since the last look.
    ///
    /// - Parameter files: What is served; nil for a server without reflection.
    /// - Returns: How many questions there were.
    @discardableResult
    func reflect(_ files: [ShopFile]?) -> Int {
        var questions = 0
        for frame in take() {
            switch frame {
            case .settings: settings()
            case .headers(let stream, let fields, _) where fields[":path"]?.contains("Reflection") == true:
                if files == nil {
                    headers(
                        stream, [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "12")],
                        ends: true)
                } else {
                    begin(stream, type: "application/grpc")
                }
                questions += files == nil ? 1 : 0
            case .data(let stream, let text, ends: false):
                guard let files else { break }
                questions += 1
                answer(Array(text.utf8.dropFirst(5)), files, on: stream)
            default: break
            }
        }
        return questions
    }

    private func answer(_ question: [UInt8], _ files: [ShopFile], on stream: UInt32) {
        let reply: Proto
        let name = String(decoding: question.dropFirst(2), as: UTF8.self)
        if question.first == 7 << 3 | 2 {
            var list = Proto().message(1, Proto().text(1, "grpc.reflection.v1.ServerReflection"))
            for file in files { list = list.message(1, Proto().text(1, file.service)) }
            reply = Proto().message(6, list)
        } else if let file = files.first(where: { $0.service == name }) {
            reply = Proto().message(4, Proto().bytes(1, file.descriptor))
        } else {
            reply = Proto().message(7, Proto().number(1, 5).text(2, "no \(name)"))
        }
        message(stream, reply.bytes)
    }

    /// A message of gRPC that is no text.
    func message(_ stream: UInt32, _ bytes: [UInt8]) {
        var framed = ByteBuffer()
        GRPCMessageWriter.write(bytes.span, to: &framed)
        data(stream, framed.bytes)
    }
}
