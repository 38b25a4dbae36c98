/// Cuts bytes into lines that end with CR LF, and refuses every other control byte but tab on the way.
///
/// It remembers how far it looked, so bytes that arrive one by one are each looked at once. It only keeps offsets: the
/// same unread bytes, and more of them, must be shown at each call.
struct LineReader: Sendable {
    /// Where the next line begins.
    private(set) var start = 0
    private var scanned = 0

    /// The next line without its line end; nil while that has not come.
    @inline(__always)
    mutating func next(in bytes: Span<UInt8>) throws(RequestProblem) -> Range<Int>? {
        while true {
            let index = bytes.firstControl(from: scanned)
            guard index < bytes.count else {
                scanned = index
                return nil
            }
            if bytes[index] == .carriageReturn {
                scanned = index
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == .lineFeed else { throw .strayControl }
                let line = start..<index
                (start, scanned) = (index + 2, index + 2)
                return line
            }
            guard bytes[index] == .tab else { throw .strayControl }
            scanned = index + 1
        }
    }
}
