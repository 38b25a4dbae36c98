/// Finds what someone may have meant: the words at the least edit distance.
package enum NearestWord {
    /// Words longer than this are not compared, because the work grows with the square of the length.
    package static let maximumLength = 128
    /// No more candidates than these are looked at.
    package static let maximumCandidates = 10_000

    /// The candidates that are near enough to be worth a mention, nearest first.
    package static func all(to word: String, in candidates: [String], limit: Int = 3) -> [String] {
        guard word.utf8.count <= maximumLength else { return [] }
        let target = Array(word.lowercased().utf8)
        var near: [(distance: Int, name: String)] = []
        for candidate in candidates.prefix(maximumCandidates) where candidate.utf8.count <= maximumLength {
            let allowed = max(2, max(target.count, candidate.utf8.count) / 3)
            // Each letter that one has more than the other is a step: most candidates are out at once.
            guard abs(target.count - candidate.utf8.count) <= allowed else { continue }
            let distance = distance(from: target, to: Array(candidate.lowercased().utf8))
            if distance <= allowed { near.append((distance, candidate)) }
        }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
    }

    /// The nearest candidate, or nil when none is near.
    package static func one(to word: String, in candidates: [String]) -> String? {
        all(to: word, in: candidates, limit: 1).first
    }

    /// Letters inserted, removed or replaced.
    private static func distance(from one: [UInt8], to other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, candidate) in other.enumerated() {
                let replaced = diagonal + (byte == candidate ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, min(row[column], diagonal) + 1)
            }
        }
        return row[other.count]
    }
}
