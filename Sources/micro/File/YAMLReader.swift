import Yams

/// Makes our own tree of a text in YAML, with bounds: an alias that stands for many values cannot make a small file large.
/// The one place that knows the library.
struct YAMLReader {
    /// Values and keys, each alias counted as what it stands for.
    private static let maximumNodes = 100_000
    /// Lists and tables in each other.
    private static let maximumDepth = 16
    /// Whether they stand in a comment is not asked, for it takes a parser to know.
    private static let maximumAliases = 32

    private var count = 0

    /// - Returns: Nil for a text that says nothing.
    static func read(_ text: String) throws(FileFault) -> FileNode? {
        guard aliases(in: text) <= maximumAliases else {
            throw FileFault(
                sentence: "there are more than \(maximumAliases) aliases in this file", place: .init(line: 1, column: 1)
            )
        }
        let root: Node?
        do {
            // The names of types are not asked for, so they need not be found out.
            root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw fault(error, in: text)
        }
        guard let root else { return nil }
        var reader = YAMLReader()
        return try reader.convert(root, depth: 0)
    }

    private mutating func convert(_ node: Node, depth: Int) throws(FileFault) -> FileNode {
        let place = FilePlace(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        count += 1
        guard count <= Self.maximumNodes else {
            throw FileFault(sentence: "this file has more than \(Self.maximumNodes) values", place: place)
        }
        guard depth <= Self.maximumDepth else {
            throw FileFault(
                sentence: "lists and tables lie more than \(Self.maximumDepth) deep in each other", place: place)
        }
        switch node {
        case .scalar(let scalar):
            try refuse(scalar.tag, at: place)
            let isQuoted = scalar.style != .plain && scalar.style != .any
            return FileNode(content: .word(scalar.string, isQuoted: isQuoted), place: place)
        case .sequence(let sequence):
            try refuse(sequence.tag, at: place)
            var items: [FileNode] = []
            for item in sequence { items.append(try convert(item, depth: depth + 1)) }
            return FileNode(content: .list(items), place: place)
        case .mapping(let mapping):
            try refuse(mapping.tag, at: place)
            return FileNode(content: .table(try entries(of: mapping, depth: depth + 1)), place: place)
        case .alias(let alias):
            throw FileFault(sentence: "the alias *\(alias.anchor.rawValue) stands for nothing", place: place)
        }
    }

    private mutating func entries(of mapping: Node.Mapping, depth: Int) throws(FileFault) -> [FileNode.Entry] {
        var entries: [FileNode.Entry] = []
        var merged: [FileNode.Entry] = []
        for (key, value) in mapping {
            let key = try convert(key, depth: depth)
            guard case .word(let name, let isQuoted) = key.content else {
                throw FileFault(sentence: "a key must be a single word, not \(key.kind)", place: key.place)
            }
            let value = try convert(value, depth: depth)
            if name == "<<", !isQuoted {
                merged += try merge(value)
            } else {
                entries.append(FileNode.Entry(key: key, name: name, value: value))
            }
        }
        // What a table says itself goes first, then what it takes over first.
        for entry in merged where !entries.contains(where: { $0.name == entry.name }) { entries.append(entry) }
        return entries
    }

    /// The entries that `<<` takes over from another table, or from several.
    private func merge(_ node: FileNode) throws(FileFault) -> [FileNode.Entry] {
        switch node.content {
        case .table(let entries): return entries
        case .list(let nodes):
            var entries: [FileNode.Entry] = []
            for node in nodes {
                guard case .table(let more) = node.content else { throw Self.cannotMerge(node) }
                entries += more
            }
            return entries
        case .word: throw Self.cannotMerge(node)
        }
    }

    private static func cannotMerge(_ node: FileNode) -> FileFault {
        FileFault(sentence: "<< takes over keys and values, and this is \(node.kind)", place: node.place)
    }

    /// Tags would change what a value is, which the table of settings decides here.
    private func refuse(_ tag: Tag, at place: FilePlace) throws(FileFault) {
        let name = tag.description
        guard !["", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"].contains(name)
        else {
            return
        }
        throw FileFault(sentence: "tags such as \(name) have no meaning here; leave it out", place: place)
    }

    private static func aliases(in text: String) -> Int {
        let bytes = Array(text.utf8)
        return bytes.indices.count { index in
            guard bytes[index] == UInt8(ascii: "*"), index + 1 < bytes.count, bytes[index + 1].isOfAlias else {
                return false
            }
            // Within a word it is no alias.
            return index == 0 || bytes[index - 1] <= UInt8(ascii: " ") || "[{,:".utf8.contains(bytes[index - 1])
        }
    }
}

extension UInt8 {
    fileprivate var isOfAlias: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
            || self == UInt8(ascii: "_") || self == UInt8(ascii: "-")
    }
}

// MARK: The library's errors

extension YAMLReader {
    private static func fault(_ error: any Error, in text: String) -> FileFault {
        let start = FilePlace(line: 1, column: 1)
        guard let error = error as? YamlError else { return FileFault(sentence: "\(error)", place: start) }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return fault(problem, context?.text, at: FilePlace(line: mark.line, column: mark.column), in: text)
        case .reader(let problem, let offset, _, _):
            let place = offset.map { Self.place(at: $0, in: text) } ?? start
            return FileFault(sentence: "this is no YAML: \(problem)", place: place)
        case .duplicatedKeysInMapping(let names, let context):
            let place = FilePlace(line: context.mark.line, column: context.mark.column)
            return FileFault(
                sentence: "the key \(names.first ?? "") stands more than once in this table, here first", place: place,
                length: names.first?.unicodeScalars.count ?? 1)
        case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
            return FileFault(sentence: "this is no YAML: \(error)", place: start)
        }
    }

    private static func fault(_ problem: String, _ context: String?, at place: FilePlace, in text: String) -> FileFault
    {
        let line = FileText(path: "", text).scalars(ofLine: place.line)
        if line.prefix(place.column).contains("\t"), problem.contains("cannot start any token") {
            return FileFault(sentence: "YAML is indented with blanks, and this is a tab", place: place)
        }
        switch problem {
        case "found undefined alias":
            return FileFault(sentence: "this alias stands for nothing: no anchor before it has its name", place: place)
        case "but found another document":
            return FileFault(sentence: "the file has one document, and this begins another", place: place, length: 3)
        case _ where problem.hasPrefix("Maximum nesting level"):
            return FileFault(
                sentence: "lists and tables lie more than \(maximumDepth) deep in each other", place: place)
        default: break
        }
        let context = context.map { " \($0)" } ?? ""
        return FileFault(sentence: "this is no YAML: \(problem)\(context)", place: place)
    }

    /// - Parameter offset: In characters from the beginning.
    private static func place(at offset: Int, in text: String) -> FilePlace {
        let before = text.prefix(offset)
        let line = before.split(separator: "\n", omittingEmptySubsequences: false)
        return FilePlace(line: max(1, line.count), column: (line.last?.unicodeScalars.count ?? 0) + 1)
    }
}
