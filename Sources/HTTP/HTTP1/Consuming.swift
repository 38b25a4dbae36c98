package import Bytes

// The codecs look at spans. Whoever keeps the bytes in a buffer has what was understood taken away at once.

extension RequestParser {
    /// Takes a whole head from the front of the buffer. Returns false, and takes nothing, while it is not complete.
    @inline(__always)
    package mutating func take(
        from buffer: inout ByteBuffer, into head: inout RequestHead
    ) throws(RequestProblem) -> Bool {
        guard let length = try parse(buffer.span, into: &head) else { return false }
        buffer.consume(length)
        return true
    }
}

extension ResponseParser {
    /// Takes a whole head from the front of the buffer. Returns false, and takes nothing, while it is not complete.
    @inline(__always)
    package mutating func take(
        from buffer: inout ByteBuffer, into head: inout ResponseHead
    ) throws(ResponseProblem) -> Bool {
        guard let length = try parse(buffer.span, into: &head) else { return false }
        buffer.consume(length)
        return true
    }
}

extension BodyReader {
    /// Takes framing from the front of the buffer, until content is at the front. Returns how many bytes of content, 0
    /// when the content is complete or more bytes are needed.
    @inline(__always)
    package mutating func skipFraming(of buffer: inout ByteBuffer) throws(BodyProblem) -> Int {
        while true {
            let step = try next(buffer.span)
            buffer.consume(step.skip)
            if step.take > 0 || step.skip == 0 { return step.take }
        }
    }
}
