/// Growable bytes with a read end and a write end, as a socket needs them.
///
/// Bytes are appended at the end and consumed from the front. What is unread is lent as a `Span`, once per look and
/// never byte by byte. Memory is kept when the buffer becomes empty, so a connection that goes on does not allocate;
/// `releaseMemory()` gives it back.
package struct ByteBuffer: Sendable {
    /// Always as long as the capacity. What is readable lies between `start` and `end`.
    private var storage: [UInt8] = []
    private var start = 0
    private var end = 0

    package init() {}

    package init(capacity: Int) {
        storage = [UInt8](repeating: 0, count: capacity)
    }

    package init(_ text: String) {
        self.init()
        append(text)
    }

    package init(_ bytes: [UInt8]) {
        storage = bytes
        end = bytes.count
    }

    /// How many bytes are unread.
    @inline(__always)
    package var count: Int { end - start }

    @inline(__always)
    package var isEmpty: Bool { end == start }

    /// How many bytes the buffer has room for without allocating, unread ones included.
    package var capacity: Int { storage.count }

    /// The unread bytes.
    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always) get { storage.span.extracting(start..<end) }
    }

    /// The unread bytes, copied.
    package var bytes: [UInt8] { Array(storage[start..<end]) }

    /// The unread bytes as text; bytes that are not UTF-8 become U+FFFD.
    package var text: String { String(decoding: storage[start..<end], as: UTF8.self) }

    /// Takes bytes away from the front.
    ///
    /// - Precondition: At most `count` bytes.
    @inline(__always)
    package mutating func consume(_ length: Int) {
        precondition(length >= 0 && length <= end - start, "more consumed than there is")
        start += length
        if start == end { (start, end) = (0, 0) }
    }

    /// Takes bytes away from the end, to undo an append.
    package mutating func removeLast(_ length: Int) {
        precondition(length >= 0 && length <= end - start, "more removed than there is")
        end -= length
        if start == end { (start, end) = (0, 0) }
    }

    /// Forgets what is unread and keeps the memory.
    @inline(__always)
    package mutating func removeAll() { (start, end) = (0, 0) }

    /// Forgets what is unread and gives the memory back.
    package mutating func releaseMemory() { self = ByteBuffer() }

    /// Gives the memory back when nothing is unread and there are more than `limit` bytes of it. For what may be silent
    /// for long.
    package mutating func releaseMemory(above limit: Int) {
        if isEmpty, capacity > limit { releaseMemory() }
    }

    /// Takes the buffer's content and memory, and leaves an empty buffer without memory.
    package mutating func take() -> ByteBuffer {
        let taken = self
        self = ByteBuffer()
        return taken
    }

    /// Adds a byte at the end.
    @inline(__always)
    package mutating func append(_ byte: UInt8) {
        reserve(1)
        storage[end] = byte
        end += 1
    }

    /// Adds a text that is known at compile time, which costs no more than copying it.
    package mutating func append(_ text: StaticString) {
        reserve(text.utf8CodeUnitCount)
        storage.withUnsafeMutableBytes { target in
            target.baseAddress?.advanced(by: end).copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        }
        end += text.utf8CodeUnitCount
    }

    /// Adds a text in UTF-8. Literals are taken by the one above.
    @_disfavoredOverload
    package mutating func append(_ text: String) { append(text.utf8.span) }

    /// Adds bytes at the end.
    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Adds bytes at the end. They must not be this buffer's own.
    package mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Appends what another buffer has unread, and leaves it there.
    package mutating func append(_ other: borrowing ByteBuffer) {
        append(other.span)
    }

    /// Moves the first `length` bytes of another buffer to the end of this one.
    ///
    /// - Precondition: The other has as many.
    package mutating func append(_ length: Int, consuming other: inout ByteBuffer) {
        precondition(length >= 0 && length <= other.count, "more taken than there is")
        if isEmpty, length == other.count, length >= 4_096 {  // Large and whole: exchange the memory instead.
            swap(&self, &other)
            return other.removeAll()
        }
        append(other.span.extracting(0..<length))
        other.consume(length)
    }

    private mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress, !source.isEmpty else { return }
        reserve(source.count)
        storage.withUnsafeMutableBytes { target in
            target.baseAddress?.advanced(by: end).copyMemory(from: base, byteCount: source.count)
        }
        end += source.count
    }

    /// Appends a number in decimal digits.
    package mutating func append(decimal number: Int) {
        guard number > 9 || number < 0 else { return append(UInt8(truncatingIfNeeded: number) &+ 0x30) }
        guard number > 0 else { return append(String(number)) }
        var digits = 0
        var rest = UInt(number)
        while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
        reserve(digits)
        rest = UInt(number)
        let last = end + digits - 1
        storage.withUnsafeMutableBytes { bytes in
            for offset in 0..<digits {
                bytes[last - offset] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
                rest /= 10
            }
        }
        end += digits
    }

    /// Appends a number in at least so many decimal digits, the first of them zeros where it has fewer. A negative one is
    /// written as it is.
    package mutating func append(decimal number: Int, digits: Int) {
        var (missing, rest) = (number < 0 ? 0 : digits - 1, number / 10)
        while missing > 0, rest > 0 { (missing, rest) = (missing - 1, rest / 10) }
        for _ in 0..<max(0, missing) { append(0x30) }
        append(decimal: number)
    }

    /// Appends a number in lower-case hexadecimal digits, without a prefix.
    package mutating func append(hexadecimal number: Int) {
        append(String(number, radix: 16))
    }

    /// One unread byte, counted from the first. A codec that writes a length before it knows it puts it in later.
    ///
    /// - Precondition: `index` is below `count`.
    @inline(__always)
    package subscript(index: Int) -> UInt8 {
        get {
            precondition(index >= 0 && index < end - start, "no unread byte there")
            return storage[start + index]
        }
        set {
            precondition(index >= 0 && index < end - start, "no unread byte there")
            storage[start + index] = newValue
        }
    }

    /// Moves unread bytes towards the end, over what is there, and grows by what does not fit. What was in their place
    /// is undefined afterwards, and is to be overwritten.
    ///
    /// - Precondition: The range is unread, and `distance` is not negative.
    package mutating func moveUp(_ range: Range<Int>, by distance: Int) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count && distance >= 0, "moves what is not there")
        let excess = range.upperBound + distance - count
        if excess > 0 {
            reserve(excess)
            end += excess
        }
        let from = start + range.lowerBound
        storage.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            base.advanced(by: from + distance).copyMemory(from: base.advanced(by: from), byteCount: range.count)
        }
    }

    /// Makes room for `length` more bytes, and lends that room to `body`, which returns how many bytes it wrote.
    ///
    /// A negative number says that nothing was written, and why; it is handed back. This is the one door for system
    /// calls; codecs use `append`. It is not generic over errors, because that costs more than the rest of it.
    package mutating func write(atMost length: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        reserve(length)
        let end = end
        let written = storage.withUnsafeMutableBytes { target in
            body(UnsafeMutableRawBufferPointer(rebasing: target[end..<(end + length)]))
        }
        precondition(written <= length, "more written than there was room for")
        if written > 0 { self.end += written }
        return written
    }

    /// Makes room for `length` more bytes: by moving what is unread to the front, else by growing to twice the size.
    @inline(__always)
    package mutating func reserve(_ length: Int) {
        if storage.count - end < length { makeRoom(length) }
    }

    private mutating func makeRoom(_ length: Int) {
        let unread = end - start
        if storage.count - unread >= length, start >= unread {
            storage.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                base.copyMemory(from: base.advanced(by: start), byteCount: unread)
            }
        } else {
            var grown = [UInt8](repeating: 0, count: max(256, storage.count * 2, unread + length))
            grown.withUnsafeMutableBytes { target in
                storage.withUnsafeBytes { source in
                    guard let from = source.baseAddress, let to = target.baseAddress else { return }
                    to.copyMemory(from: from.advanced(by: start), byteCount: unread)
                }
            }
            storage = grown
        }
        (start, end) = (0, unread)
    }
}
