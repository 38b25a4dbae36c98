/// What a configuration file says at one place.
struct FileNode: Sendable {
    enum Content: Sendable {
        /// A single value as it was written, without its quotes.
        case word(String, isQuoted: Bool)
        case list([FileNode])
        /// Keys and what they have, in order; no key stands twice.
        case table([Entry])
    }

    /// A key and what it has.
    struct Entry: Sendable {
        let key: FileNode
        let name: String
        let value: FileNode
    }

    let content: Content
    let place: FilePlace

    /// How much of its line it takes, as well as that is known.
    var length: Int {
        guard case .word(let text, let isQuoted) = content else { return 1 }
        return text.unicodeScalars.count + (isQuoted ? 2 : 0)
    }

    /// True for a key without a value: nothing, `~` or `null`.
    var isNothing: Bool {
        guard case .word(let text, isQuoted: false) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// For the end of `... is` in a sentence.
    var kind: String {
        switch content {
        case .word: "a single value"
        case .list: "a list"
        case .table: "keys and values"
        }
    }
}

/// Why a text cannot be read at all.
struct FileFault: Error {
    let sentence: String
    let place: FilePlace
    var length = 1
}
