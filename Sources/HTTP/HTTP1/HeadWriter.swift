package import Bytes

/// Writes messages that we make ourselves: heads, and the framing of chunks. What is passed on for others goes through
/// `ForwardedRequest` and `ForwardedResponse`.
package enum HeadWriter {
    /// Writes a whole request head as it is: the target as received, all fields, the empty line.
    package static func write(_ head: borrowing RequestHead, to buffer: inout ByteBuffer) {
        head.method.write(to: &buffer)
        buffer.append(head.targetSpan)
        buffer.append(head.version == .http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n")
        head.fields.write(to: &buffer)
        buffer.append("\r\n")
    }

    /// Writes a whole response head as it is: the status line, all fields, the empty line.
    package static func write(_ head: borrowing ResponseHead, to buffer: inout ByteBuffer) {
        writeStatusLine(head.status, to: &buffer)
        head.fields.write(to: &buffer)
        buffer.append("\r\n")
    }

    /// Writes `HTTP/1.1 200 OK` and the line end. The version is ours, whatever the client's (RFC 9110, 6.2).
    package static func writeStatusLine(_ status: Status, to buffer: inout ByteBuffer) {
        buffer.append("HTTP/1.1 ")
        status.write(to: &buffer)
        buffer.append("\r\n")
    }

    /// Writes all field lines, without the empty one that ends a head.
    package static func writeFields(_ fields: borrowing HeaderFields, to buffer: inout ByteBuffer) {
        fields.write(to: &buffer)
    }

    /// Writes one field line. The value is ours: it has no control bytes.
    package static func writeField(_ name: FieldName, _ value: StaticString, to buffer: inout ByteBuffer) {
        buffer.append(name.text)
        buffer.append(": ")
        buffer.append(value)
        buffer.append("\r\n")
    }

    /// Writes one field line. Control bytes other than tab become spaces.
    package static func writeField(_ name: FieldName, _ value: String, to buffer: inout ByteBuffer) {
        buffer.append(name.text)
        buffer.append(": ")
        for byte in value.utf8 { buffer.append(byte.isControl && byte != .tab ? .space : byte) }
        buffer.append("\r\n")
    }

    /// Writes one field line with a number, such as `Content-Length`.
    package static func writeField(_ name: FieldName, _ value: Int, to buffer: inout ByteBuffer) {
        buffer.append(name.text)
        buffer.append(": ")
        buffer.append(decimal: value)
        buffer.append("\r\n")
    }

    /// Writes the line before a chunk. After the chunk's bytes comes `writeChunkEnd`.
    ///
    /// - Precondition: More than 0, for that would end the content.
    package static func writeChunkSize(_ size: Int, to buffer: inout ByteBuffer) {
        precondition(size > 0, "an empty chunk ends the content")
        var shift = (Int.bitWidth - 1 - size.leadingZeroBitCount) & ~3
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: size >> shift) & 0x0f
            buffer.append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
            shift -= 4
        }
        buffer.append("\r\n")
    }

    /// Writes the line end after a chunk's bytes.
    package static func writeChunkEnd(to buffer: inout ByteBuffer) { buffer.append("\r\n") }

    /// Writes the last, empty chunk and the trailers.
    package static func writeLastChunk(trailers: HeaderFields = HeaderFields(), to buffer: inout ByteBuffer) {
        buffer.append("0\r\n")
        trailers.write(to: &buffer)
        buffer.append("\r\n")
    }
}

extension HeaderFields {
    /// Writes all lines, without the empty one after them. Lines that lie side by side are one copy.
    func write(to buffer: inout ByteBuffer) {
        var run = 0..<0
        for entry in entries { extend(&run, with: entry, flushingTo: &buffer) }
        buffer.append(lines.span.extracting(run))
    }

    /// Adds a line to a run of lines that will be written as one, or writes the run and begins another.
    @inline(__always)
    func extend(_ run: inout Range<Int>, with entry: Entry, flushingTo buffer: inout ByteBuffer) {
        let line = entry.lineRange
        if run.upperBound == line.lowerBound {
            run = run.lowerBound..<line.upperBound
        } else {
            buffer.append(lines.span.extracting(run))
            run = line
        }
    }
}
