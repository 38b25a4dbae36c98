internal import Glibc
internal import Transcoding

/// Files that `protoc --include_imports --descriptor_set_out=FILE` writes.
package struct DescriptorFiles: Sendable {
    /// The longest file, in bytes.
    package static let maximumSize = 16 << 20

    package let paths: [String]

    package init(_ paths: [String]) { self.paths = paths }

    /// Why a file is of no use, with its name. For the operator.
    package struct Unusable: Error, Equatable {
        package let sentence: String
    }

    /// Reads and understands them all. It blocks, and takes its time for large ones.
    package func load() throws(Unusable) -> Descriptors {
        var schemas: [SchemaSet] = []
        for path in paths { schemas.append(try Self.schema(in: path)) }
        return Descriptors(schemas)
    }

    /// Something that differs whenever one of the files was written or exchanged. It blocks.
    package func state() -> [String] {
        paths.map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return "\(path) \(errno)" }
            return "\(path) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        }
    }

    private static func schema(in path: String) throws(Unusable) -> SchemaSet {
        let bytes = try read(path)
        let schema: SchemaSet
        do throws(SchemaProblem) {
            var builder = SchemaBuilder()
            try builder.add(fileDescriptorSet: bytes.span)
            schema = try builder.build()
        } catch {
            var hint = ""
            if case .unknownType = error { hint = "; protoc writes complete files with --include_imports" }
            throw Unusable(sentence: "\(path) holds no descriptors that can be used: \(error)\(hint)")
        }
        guard !schema.services.isEmpty else {
            throw Unusable(
                sentence: "\(path) describes no service; it should be what protoc writes with --descriptor_set_out")
        }
        return schema
    }

    private static func read(_ path: String) throws(Unusable) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw unreadable(path) }
            guard count > 0 else { return bytes }
            bytes += piece.prefix(count)
            guard bytes.count <= maximumSize else {
                throw Unusable(sentence: "\(path) is longer than \(maximumSize) bytes")
            }
        }
    }

    private static func unreadable(_ path: String) -> Unusable {
        Unusable(sentence: "\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
}
