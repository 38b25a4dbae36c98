import Bytes

/// The bytes that the fuzzer made: the first one says how they are cut into pieces, as a network would.
struct Cutting {
    let bytes: [UInt8]
    private let step: Int

    /// - Returns: Nil when there are too few bytes to say anything.
    init?(_ start: UnsafePointer<UInt8>, _ count: Int) {
        guard count > 1 else { return nil }
        step = 1 + Int(start[0])
        bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    }

    /// Hands the bytes out, in one piece or in many, and returns what the reader made of them.
    ///
    /// - Parameter read: Is shown the unread bytes, and writes down what it finds. Returns false after an error.
    func read(cut: Bool, _ read: (inout ByteBuffer, inout [String]) -> Bool) -> [String] {
        var trace: [String] = []
        var buffer = ByteBuffer()
        var position = 0
        while position < bytes.count {
            let end = cut ? min(bytes.count, position + step) : bytes.count
            buffer.append(Array(bytes[position..<end]))
            position = end
            if !read(&buffer, &trace) { break }
        }
        return trace
    }
}

/// Ends the run, with both traces, when a reader finds other things in the same bytes because they came in pieces.
func expectSame(_ whole: [String], _ cut: [String]) {
    guard whole != cut else { return }
    fatalError("in one piece: \(whole)\nin many: \(cut)")
}
