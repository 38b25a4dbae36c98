import Bytes
import Transcoding

/// The types that the demo's gRPC service and its reflection speak, as `protoc` would describe them.
enum DemoProtocols {
    /// Files, by name.
    static let files: [String: [UInt8]] = [
        "helloworld.proto": greeter, "reflection.proto": reflection("grpc.reflection.v1", "reflection.proto"),
        "reflection_v1alpha.proto": reflection("grpc.reflection.v1alpha", "reflection_v1alpha.proto"),
    ]

    /// - Throws: Never, unless a file above is wrong.
    static func schema() throws(SchemaProblem) -> SchemaSet {
        var builder = SchemaBuilder()
        for file in files.values { try builder.add(file: file.span) }
        return try builder.build()
    }

    /// The example that gRPC's own documentation begins with.
    private static let greeter = DescriptorWriter.file("helloworld.proto", package: "helloworld") { file in
        file.message("HelloRequest") { $0.field("name", 1, .string) }
        file.message("HelloReply") { $0.field("message", 1, .string) }
        file.service("Greeter") { service in
            service.method("SayHello", "helloworld.HelloRequest", "helloworld.HelloReply")
            service.method("SayHelloStreamReply", "helloworld.HelloRequest", "helloworld.HelloReply", answersMany: true)
        }
    }

    /// What servers tell about themselves; both versions differ in their package only. Of the requests those are here that
    /// clients send.
    private static func reflection(_ package: String, _ name: String) -> [UInt8] {
        let request = "\(package).ServerReflectionRequest"
        let response = "\(package).ServerReflectionResponse"
        return DescriptorWriter.file(name, package: package) { file in
            file.message("ServerReflectionRequest") { message in
                message.field("host", 1, .string)
                message.field("file_by_filename", 3, .string, inOneof: true)
                message.field("file_containing_symbol", 4, .string, inOneof: true)
                message.field("list_services", 7, .string, inOneof: true)
                message.oneof("message_request")
            }
            file.message("ServerReflectionResponse") { message in
                message.field("valid_host", 1, .string)
                message.field("original_request", 2, .message(request))
                message.field("file_descriptor_response", 4, .message("\(package).FileDescriptorResponse"))
                message.field("list_services_response", 6, .message("\(package).ListServiceResponse"))
                message.field("error_response", 7, .message("\(package).ErrorResponse"))
            }
            file.message("FileDescriptorResponse") { $0.field("file_descriptor_proto", 1, .bytes, isList: true) }
            file.message("ListServiceResponse") {
                $0.field("service", 1, .message("\(package).ServiceResponse"), isList: true)
            }
            file.message("ServiceResponse") { $0.field("name", 1, .string) }
            file.message("ErrorResponse") { message in
                message.field("error_code", 1, .int32)
                message.field("error_message", 2, .string)
            }
            file.service("ServerReflection") { service in
                service.method("ServerReflectionInfo", request, response, takesMany: true, answersMany: true)
            }
        }
    }
}

/// Writes a descriptor of a file (`google.protobuf.FileDescriptorProto`), or of what is in one.
struct DescriptorWriter {
    enum FieldType {
        case string, bytes, int32
        /// By its full name.
        case message(String)
    }

    private(set) var bytes: [UInt8] = []

    static func file(_ name: String, package: String, _ content: (inout Self) -> Void) -> [UInt8] {
        var file = Self()
        file.append(1, name)
        file.append(2, package)
        content(&file)
        file.append(12, "proto3")
        return file.bytes
    }

    mutating func message(_ name: String, _ content: (inout Self) -> Void) { append(4, named: name, content) }

    mutating func service(_ name: String, _ content: (inout Self) -> Void) { append(6, named: name, content) }

    /// A field of a message. One in a oneof is in its first.
    mutating func field(_ name: String, _ number: Int, _ type: FieldType, isList: Bool = false, inOneof: Bool = false) {
        append(2, named: name) { field in
            field.append(3, number)
            field.append(4, isList ? 3 : 1)
            switch type {
            case .string: field.append(5, 9)
            case .bytes: field.append(5, 12)
            case .int32: field.append(5, 5)
            case .message(let name):
                field.append(5, 11)
                field.append(6, ".\(name)")
            }
            if inOneof { field.append(9, 0) }
        }
    }

    mutating func oneof(_ name: String) { append(8, named: name) { _ in } }

    mutating func method(
        _ name: String, _ input: String, _ output: String, takesMany: Bool = false, answersMany: Bool = false
    ) {
        append(2, named: name) { method in
            method.append(2, ".\(input)")
            method.append(3, ".\(output)")
            if takesMany { method.append(5, 1) }
            if answersMany { method.append(6, 1) }
        }
    }

    private mutating func append(_ number: Int, named name: String, _ content: (inout Self) -> Void) {
        var inner = Self()
        inner.append(1, name)
        content(&inner)
        append(number, inner.bytes)
    }

    private mutating func append(_ number: Int, _ text: String) { append(number, Array(text.utf8)) }

    private mutating func append(_ number: Int, _ content: [UInt8]) {
        append(varint: number << 3 | 2)
        append(varint: content.count)
        bytes += content
    }

    private mutating func append(_ number: Int, _ value: Int) {
        append(varint: number << 3)
        append(varint: value)
    }

    private mutating func append(varint value: Int) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
