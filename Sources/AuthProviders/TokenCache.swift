internal import Gateway

/// What became of tokens of late, so that each is looked into once and not with every request. Of bounded size: when it is
/// full it starts again.
struct TokenCache<Entry> {
    /// The most tokens.
    static var capacity: Int { 4_096 }

    private var entries: [String: Entry] = [:]

    subscript(token: String) -> Entry? { entries[token] }

    mutating func keep(_ entry: Entry, for token: String) {
        if entries.count >= Self.capacity { entries.removeAll(keepingCapacity: true) }
        entries[token] = entry
    }

    mutating func forget(_ token: String) { entries[token] = nil }
}
