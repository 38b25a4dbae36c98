package import Bytes

/// The last frame of a gRPC-Web body: trailers that browsers would not see otherwise.
package enum GRPCWebTrailers {
    /// Writes the frame: names in lower case, a colon, the value, CR LF for each line.
    package static func write(_ fields: borrowing HeaderFields, to buffer: inout ByteBuffer) {
        var length = 0
        for place in 0..<fields.count {
            length += fields.nameSpan(at: place).count + fields.valueSpan(at: place).count + 3
        }
        GRPCMessageWriter.writePrefix(flags: 0x80, length: length, to: &buffer)
        for place in 0..<fields.count {
            let name = fields.nameSpan(at: place)
            for index in name.indices { buffer.append(name[index].lowercased) }
            buffer.append(UInt8.colon)
            buffer.append(fields.valueSpan(at: place))
            buffer.append("\r\n")
        }
    }

    /// Reads what is in the frame. Blanks around a value are dropped; the last line may lack its end.
    ///
    /// - Throws: `malformedTrailers` for what is no field line.
    package static func read(_ bytes: Span<UInt8>) throws(GRPCMessageProblem) -> HeaderFields {
        var fields = HeaderFields()
        var start = 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != .carriageReturn { end += 1 }
            guard end == bytes.count || (end + 1 < bytes.count && bytes[end + 1] == .lineFeed) else {
                throw .malformedTrailers
            }
            let line = bytes.extracting(start..<end)
            guard let colon = line.first(.colon) else { throw .malformedTrailers }
            let value = line.extracting(line.trimmingBlanks((colon + 1)..<line.count))
            do throws(HeaderFields.Malformed) {
                try fields.append(untrusted: line.extracting(0..<colon), value: value)
            } catch {
                throw .malformedTrailers
            }
            start = end + 2
        }
        return fields
    }
}
