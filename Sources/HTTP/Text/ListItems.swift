/// Goes through a comma-separated list (RFC 9110, 5.6.1) without copying it. Empty items are left out.
///
/// It takes no notice of quotes, so it fits lists of tokens, as in `Connection`, `TE` and `Upgrade`.
struct ListItems {
    private var position: Int
    private let end: Int

    /// - Parameter range: Where the list lies in the bytes that are given to `next`.
    init(_ range: Range<Int>) {
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next item without the blanks around it; nil when there is none left.
    mutating func next(in bytes: Span<UInt8>) -> Range<Int>? {
        while position < end {
            var stop = position
            while stop < end, bytes[stop] != .comma { stop += 1 }
            let item = bytes.trimmingBlanks(position..<stop)
            position = stop + 1
            if !item.isEmpty { return item }
        }
        return nil
    }
}
