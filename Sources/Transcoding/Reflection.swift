package import Bytes

/// What is asked of a server's reflection service. Versions 1 and 1alpha differ in their name only
/// (https://grpc.io/docs/guides/reflection).
package enum ReflectionRequest: Sendable, Equatable {
    /// The names of all services.
    case services
    /// The file that declares a service, method or type, by its full name, with the files that it needs.
    case fileContaining(symbol: String)
    /// A file by its name, as in an import.
    case file(named: String)

    /// Where the stream of these requests is opened, the newest version first. A server without it answers that it is
    /// not implemented.
    package static let paths = [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ]

    /// Appends the message, without the framing of gRPC.
    package func append(to buffer: inout ByteBuffer) {
        switch self {
        case .services: buffer.append(field: 7, "*")
        case .fileContaining(let symbol): buffer.append(field: 4, symbol)
        case .file(let name): buffer.append(field: 3, name)
        }
    }
}

/// What a server's reflection service answers.
package enum ReflectionResponse: Sendable, Equatable {
    /// The full names of services.
    case services([String])
    /// Descriptors of files, for `SchemaBuilder.add(file:)`.
    case files([[UInt8]])
    /// A status of gRPC and its text; 5 when there is no such file or symbol. The text is for operators only.
    case failure(code: Int, message: String)

    /// Reads the message, without the framing of gRPC.
    ///
    /// - Parameter maximumCount: The most names or files that are taken. Default 4,096.
    /// - Throws: `malformed`, also for more than that.
    package init(_ bytes: Span<UInt8>, maximumCount: Int = 4_096) throws(SchemaProblem) {
        var reader = DescriptorReader(bytes)
        var response: ReflectionResponse?
        do throws(WireProblem) {
            while let tag = try reader.next() {
                switch tag.number {
                case 4, 6:
                    response = try Self.list(
                        reader.message(tag), isFiles: tag.number == 4, maximumCount: maximumCount)
                case 7: response = try Self.failure(reader.message(tag))
                default: try reader.skip(tag)
                }
            }
        } catch {
            throw .malformed(file: "", reason: "\(error.reason) at byte \(error.offset)")
        }
        guard let response else { throw .malformed(file: "", reason: "an answer of reflection that answers nothing") }
        self = response
    }

    private static func list(
        _ reader: consuming DescriptorReader, isFiles: Bool, maximumCount: Int
    ) throws(WireProblem) -> ReflectionResponse {
        var names: [String] = []
        var files: [[UInt8]] = []
        while let tag = try reader.next() {
            guard tag.number == 1 else {
                try reader.skip(tag)
                continue
            }
            guard names.count + files.count < maximumCount else {
                throw reader.problem("more than \(maximumCount) files or services")
            }
            if isFiles { files.append(try reader.bytes(tag)) } else { names.append(try reader.name(tag)) }
        }
        return isFiles ? .files(files) : .services(names)
    }

    private static func failure(_ reader: consuming DescriptorReader) throws(WireProblem) -> ReflectionResponse {
        var code = 0
        var message = ""
        while let tag = try reader.next() {
            switch tag.number {
            case 1: code = Int(Int32(truncatingIfNeeded: try reader.number(tag)))
            case 2: message = try reader.text(tag)
            default: try reader.skip(tag)
            }
        }
        return .failure(code: code, message: message)
    }
}
