/// Finds what someone may have meant: the words at the least edit distance.
///
/// It runs for requests that find nothing, which anybody can send many of, so its work is bounded: few candidates, short
/// words, and each comparison given up as soon as the word cannot be near any more.
package enum NearestWord {
    /// Words longer than this are not compared, because the work grows with the square of the length.
    package static let maximumLength = 128
    /// No more candidates than these are looked at.
    package static let maximumCandidates = 2_000

    /// The candidates that are near enough to be worth a mention, nearest first.
    package static func all(to word: String, in candidates: [String], limit: Int = 3) -> [String] {
        guard word.utf8.count <= maximumLength else { return [] }
        let target = Array(word.lowercased().utf8)
        var near: [(distance: Int, name: String)] = []
        for candidate in candidates.prefix(maximumCandidates) where candidate.utf8.count <= maximumLength {
            let bytes = Array(candidate.lowercased().utf8)
            if let distance = nearness(of: target[...], to: bytes[...]) { near.append((distance, candidate)) }
        }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
    }

    /// The nearest candidate, or nil when none is near.
    package static func one(to word: String, in candidates: [String]) -> String? {
        all(to: word, in: candidates, limit: 1).first
    }

    /// The names of services that are near, nearest first. What names begin with alike makes no two of them near, or a
    /// whole namespace would be near to everything; and `greeter` is near whatever namespace it is in.
    package static func services(to name: String, in candidates: [String], limit: Int = 3) -> [String] {
        guard name.utf8.count <= maximumLength else { return [] }
        let target = Array(name.lowercased().utf8)
        var near: [(distance: Int, name: String)] = []
        for candidate in candidates.prefix(maximumCandidates) where candidate.utf8.count <= maximumLength {
            let bytes = Array(candidate.lowercased().utf8)
            let common = endOfCommonParts(target, bytes)
            let rest = nearness(of: target[common...], to: bytes[common...])
            let last = nearness(of: lastPart(of: target), to: lastPart(of: bytes), atLeast: 1).map { $0 + 1 }
            if let distance = [rest, last].compactMap({ $0 }).min() { near.append((distance, candidate)) }
        }
        return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
    }

    /// Where the parts end that both names begin with, the dot behind them included.
    private static func endOfCommonParts(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var end = 0
        for index in 0..<min(one.count, other.count) {
            guard one[index] == other[index] else { return end }
            if one[index] == 0x2E { end = index + 1 }
        }
        return end
    }

    private static func lastPart(of name: [UInt8]) -> ArraySlice<UInt8> {
        name[(name.lastIndex(of: 0x2E).map { $0 + 1 } ?? 0)...]
    }

    /// The distance, if it is small beside the length of what is compared.
    ///
    /// - Parameter minimum: How far even short words may be from each other.
    private static func nearness(
        of one: ArraySlice<UInt8>, to other: ArraySlice<UInt8>, atLeast minimum: Int = 2
    ) -> Int? {
        // A word that shares no letter is not near, however short both are.
        let furthest = min(max(minimum, max(one.count, other.count) / 3), min(one.count, other.count) - 1)
        return distance(from: Array(one), to: Array(other), atMost: max(0, furthest))
    }

    /// Letters inserted, removed or replaced. Nil when there are more than `limit`.
    private static func distance(from one: [UInt8], to other: [UInt8], atMost limit: Int) -> Int? {
        guard abs(one.count - other.count) <= limit else { return nil }
        // Names of services begin alike, and what is alike costs nothing.
        var start = 0
        while start < one.count, start < other.count, one[start] == other[start] { start += 1 }
        let one = one[start...]
        let other = Array(other[start...])
        var row = Array(0...other.count)
        for (index, byte) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            var least = row[0]
            for column in other.indices {
                let replaced = diagonal + (byte == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, min(row[column], diagonal) + 1)
                least = min(least, row[column + 1])
            }
            if least > limit { return nil }
        }
        return row[other.count] <= limit ? row[other.count] : nil
    }
}
