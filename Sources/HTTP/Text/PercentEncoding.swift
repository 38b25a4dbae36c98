/// The percent-encoding of URIs (RFC 3986, 2.1), and the one form of a path by which decisions are made.
package enum PercentEncoding {
    /// The bytes that an encoded text stands for.
    ///
    /// - Parameter plusIsSpace: As in queries and forms. Default false.
    /// - Returns: Nil when a percent sign is not followed by two hexadecimal digits.
    package static func decode(_ bytes: Span<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == .percent {
                guard let escaped = bytes.escapedByte(at: index) else { return nil }
                decoded.append(escaped)
                index += 3
            } else {
                decoded.append(plusIsSpace && byte == 0x2b ? .space : byte)
                index += 1
            }
        }
        return decoded
    }

    /// The text that an encoded text stands for. Nil when it is malformed, or not UTF-8 when decoded.
    package static func decode(_ text: String, plusIsSpace: Bool = false) -> String? {
        guard let bytes = decode(text.utf8.span, plusIsSpace: plusIsSpace) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// A text as one segment of a path, or one name or value of a query: all but unreserved bytes are encoded.
    package static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if byte.isLetter || byte.isDigit || byte == .hyphen || byte == .dot || byte == .underscore || byte == 0x7e {
                encoded.append(byte)
            } else {
                encoded.append(.percent)
                encoded.append(hexadecimalDigit(byte >> 4))
                encoded.append(hexadecimalDigit(byte & 0x0f))
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 0x30 : value + 0x37 }

    /// The path without empty, `.` and `..` segments, however these are encoded. `..` at the root stays there.
    ///
    /// All else is left as it is: an encoded slash is no slash. Every decision about a path is made on this form, and
    /// what is decided on is what is forwarded.
    ///
    /// - Returns: Nil when the path is in this form already, which costs no memory. A path that does not begin with a
    ///   slash is left alone.
    package static func canonicalPath(_ path: Span<UInt8>) -> String? {
        guard !path.isEmpty, path[0] == .slash, needsWork(path) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(path.count)
        var index = 1
        var endsWithSlash = false
        while index <= path.count {
            let end = path.first(.slash, from: index) ?? path.count
            let isLast = end == path.count
            switch dots(path, index..<end) {
            case 1: endsWithSlash = isLast
            case 2:
                while let byte = result.popLast(), byte != .slash {}
                endsWithSlash = isLast
            default:
                endsWithSlash = isLast && index == end
                guard index < end else { break }
                result.append(.slash)
                for place in index..<end { result.append(path[place]) }
            }
            index = end + 1
        }
        if endsWithSlash || result.isEmpty { result.append(.slash) }
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether there is an empty segment other than the last, or one of dots.
    private static func needsWork(_ path: Span<UInt8>) -> Bool {
        for index in path.indices where path[index] == .slash && index + 1 < path.count {
            switch path[index + 1] {
            case .slash: return true
            case .dot, .percent:
                let end = path.first(.slash, from: index + 1) ?? path.count
                if dots(path, (index + 1)..<end) > 0 { return true }
            default: break
            }
        }
        return false
    }

    /// 1 for a segment that is a dot, 2 for two dots, encoded or not; 0 for every other segment.
    private static func dots(_ path: Span<UInt8>, _ segment: Range<Int>) -> Int {
        guard segment.count <= 6 else { return 0 }
        var (index, dots) = (segment.lowerBound, 0)
        while index < segment.upperBound {
            if path[index] == .dot {
                index += 1
            } else if index + 2 < segment.upperBound, path[index] == .percent, path[index + 1] == 0x32,
                path[index + 2].lowercased == 0x65
            {
                index += 3
            } else {
                return 0
            }
            dots += 1
        }
        return dots <= 2 ? dots : 0
    }
}

extension Span<UInt8> {
    /// The byte that the escape at this place stands for. Nil where no percent sign is, or two hexadecimal digits do not
    /// follow it.
    package func escapedByte(at index: Int) -> UInt8? {
        guard self[index] == .percent, index + 2 < count, let high = self[index + 1].hexadecimalValue,
            let low = self[index + 2].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }
}
