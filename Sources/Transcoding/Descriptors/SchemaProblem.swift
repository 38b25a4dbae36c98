/// Why descriptors make no schema, in words for the operator.
package enum SchemaProblem: Error, Equatable, CustomStringConvertible {
    /// The bytes are no descriptors.
    case malformed(file: String, reason: String)
    /// More than `SchemaLimits` allow.
    case tooLarge(String)
    /// Two files of one name that differ.
    case conflictingFiles(String)
    /// Files that import one another.
    case circularImports([String])
    /// Two types, services or fields of one name or number.
    case duplicate(String)
    /// A type that is nowhere, and the imports that might have it.
    case unknownType(String, in: String, missingImports: [String])
    /// A field, enumeration or method that cannot be as it is described.
    case impossible(String)

    package var description: String {
        switch self {
        case .malformed(let file, let reason):
            "the descriptor of \(file.isEmpty ? "a file" : file) is malformed: \(reason)"
        case .tooLarge(let what): "the descriptors are too large: \(what)"
        case .conflictingFiles(let name): "there are two different files named \(name)"
        case .circularImports(let names): "files import one another in a circle: \(names.joined(separator: ", "))"
        case .duplicate(let what): "\(what) is there twice"
        case .unknownType(let type, let place, let missing):
            "\(place) uses \(type), which no file has"
                + (missing.isEmpty ? "" : "; missing imports: \(missing.joined(separator: ", "))")
        case .impossible(let what): what
        }
    }
}

/// How much a server may make us keep.
package struct SchemaLimits: Sendable, Equatable {
    /// All descriptors together, in bytes. Default 16 MiB.
    package var bytes: Int
    /// Files. Default 4,096.
    package var files: Int
    /// Messages and enumerations together. Default 65,536.
    package var types: Int

    package init(bytes: Int = 16 << 20, files: Int = 4_096, types: Int = 65_536) {
        self.bytes = bytes
        self.files = files
        self.types = types
    }
}
