/// Finds the parts of a `multipart/form-data` body (RFC 7578, RFC 2046 section 5.1.1), in one pass.
///
/// A carriage return begins every delimiter and stands nowhere else in one, so no byte is compared twice.
struct MultipartReader: ~Escapable {
    struct Part {
        var name = ""
        var isFile = false
        var content = 0..<0
    }

    /// How long the header of a part may be, in bytes.
    static let maximumHeaderLength = 8_192

    private let bytes: Span<UInt8>
    private let delimiter: [UInt8]
    private var offset = 0
    private var isAtEnd = false

    /// Reads the first delimiter.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, boundary: String) throws(PayloadProblem) {
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.last != 0x20,
            boundary.utf8.allSatisfy(Self.isBoundaryByte)
        else { throw .malformedMultipart("the boundary is not one") }
        self.bytes = bytes
        delimiter = Array("\r\n--\(boundary)".utf8)
        offset = 2
        guard matches(delimiter[2...], at: 0), let end = endOfDelimiter(at: delimiter.count - 2) else {
            throw .malformedMultipart("it does not begin with its boundary")
        }
        (offset, isAtEnd) = end
        try finishIfAtEnd()
    }

    /// The next part, nil after the last.
    mutating func next() throws(PayloadProblem) -> Part? {
        guard !isAtEnd else { return nil }
        var part = try header()
        let start = offset
        while offset < bytes.count {
            guard bytes[offset] == 0x0D, matches(delimiter[...], at: offset),
                let end = endOfDelimiter(at: offset + delimiter.count)
            else {
                offset += 1
                continue
            }
            part.content = start..<offset
            (offset, isAtEnd) = end
            try finishIfAtEnd()
            return part
        }
        throw .malformedMultipart("the last boundary is missing")
    }

    private func matches(_ pattern: ArraySlice<UInt8>, at offset: Int) -> Bool {
        guard bytes.count - offset >= pattern.count else { return false }
        var position = offset
        for byte in pattern {
            guard bytes[position] == byte else { return false }
            position += 1
        }
        return true
    }

    /// Where the line of a delimiter ends, and whether it is the last; nil if more text follows, so that it is none.
    private func endOfDelimiter(at offset: Int) -> (offset: Int, isLast: Bool)? {
        var end = offset
        let isLast = matches([0x2D, 0x2D], at: end)
        if isLast { end += 2 }
        while end < bytes.count, bytes[end] == 0x20 || bytes[end] == 0x09 { end += 1 }
        if matches([0x0D, 0x0A], at: end) { return (end + 2, isLast) }
        return isLast && end == bytes.count ? (end, true) : nil
    }

    private func finishIfAtEnd() throws(PayloadProblem) {
        if isAtEnd, offset < bytes.count { throw .malformedMultipart("bytes after the last boundary") }
    }

    // MARK: The header of a part

    private mutating func header() throws(PayloadProblem) -> Part {
        var part: Part?
        var isFile = false
        let end = min(bytes.count, offset + Self.maximumHeaderLength)
        while let line = try takeLine(before: end) {
            guard let colon = line.firstIndex(of: 0x3A) else { throw .malformedMultipart("a header without a colon") }
            let value = line[(colon + 1)...]
            switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
            case "content-disposition":
                guard part == nil else { throw .malformedMultipart("two Content-Disposition in one part") }
                part = try MultipartDisposition(value).part
            case "content-type":
                let type = String(decoding: value, as: UTF8.self).lowercased().drop { $0 == " " || $0 == "\t" }
                isFile = !type.hasPrefix("text/") && !type.hasPrefix("application/json")
            case "content-transfer-encoding":
                let encoding = String(decoding: value, as: UTF8.self).lowercased().filter { $0 != " " && $0 != "\t" }
                guard ["7bit", "8bit", "binary"].contains(encoding) else {
                    throw .malformedMultipart("a Content-Transfer-Encoding")
                }
            default: break
            }
        }
        guard var part else { throw .malformedMultipart("a part without Content-Disposition") }
        part.isFile = part.isFile || isFile
        return part
    }

    /// A line without its end; nil for the empty one that ends the header.
    private mutating func takeLine(before end: Int) throws(PayloadProblem) -> [UInt8]? {
        var line: [UInt8] = []
        while offset < end {
            let byte = bytes[offset]
            switch byte {
            case 0x0D where matches([0x0D, 0x0A], at: offset):
                offset += 2
                guard line.first != 0x20, line.first != 0x09 else { throw .malformedMultipart("a folded header") }
                return line.isEmpty ? nil : line
            case ..<0x09, 0x0A...0x1F, 0x7F: throw .malformedMultipart("a control character in a header")
            default: line.append(byte)
            }
            offset += 1
        }
        throw .malformedMultipart(
            offset < bytes.count ? "a header of more than \(Self.maximumHeaderLength) bytes" : "it ends in a header")
    }

    private static func isBoundaryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: " '()+_,-./:=?".utf8.contains(byte)
        }
    }
}

/// The value of a part's `Content-Disposition` (RFC 7578, section 4.2).
private struct MultipartDisposition {
    private let bytes: ArraySlice<UInt8>
    private var offset: Int
    private(set) var part = MultipartReader.Part()

    init(_ value: ArraySlice<UInt8>) throws(PayloadProblem) {
        bytes = value
        offset = value.startIndex
        skipSpace()
        guard takeToken() == "form-data" else { throw .malformedMultipart("a part that is no form-data") }
        var name: String?
        skipSpace()
        while offset < bytes.endIndex {
            guard take(0x3B) else { throw .malformedMultipart("a malformed Content-Disposition") }
            skipSpace()
            let parameter = takeToken()
            guard !parameter.isEmpty, take(0x3D) else { throw .malformedMultipart("a malformed Content-Disposition") }
            let value = try takeValue()
            switch parameter {
            case "name":
                guard name == nil else { throw .malformedMultipart("two names in one part") }
                name = value
            case "filename", "filename*": part.isFile = true
            default: break
            }
            skipSpace()
        }
        guard let name else { throw .malformedMultipart("a part without a name") }
        part.name = name
    }

    private mutating func skipSpace() {
        while offset < bytes.endIndex, bytes[offset] == 0x20 || bytes[offset] == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.endIndex, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// A token in lower case, empty if there is none.
    private mutating func takeToken() -> String {
        let start = offset
        while offset < bytes.endIndex, bytes[offset] > 0x20, !"\"(),/:;<=>?@[\\]{}".utf8.contains(bytes[offset]) {
            offset += 1
        }
        return String(decoding: bytes[start..<offset], as: UTF8.self).lowercased()
    }

    private mutating func takeValue() throws(PayloadProblem) -> String {
        guard take(0x22) else {
            let start = offset
            while offset < bytes.endIndex, bytes[offset] != 0x3B, bytes[offset] != 0x20 { offset += 1 }
            return try Self.text(bytes[start..<offset])
        }
        var content: [UInt8] = []
        while offset < bytes.endIndex {
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case 0x22: return try Self.text(content[...])
            // Only these two are escaped by anyone; a lone backslash is part of the name.
            case 0x5C where take(0x22): content.append(0x22)
            case 0x5C where take(0x5C): content.append(0x5C)
            default: content.append(byte)
            }
        }
        throw .malformedMultipart("a quoted value without its end")
    }

    /// Browsers write quotes and line ends in names as `%22`, `%0D` and `%0A`, and leave every other `%` alone.
    private static func text(_ bytes: ArraySlice<UInt8>) throws(PayloadProblem) -> String {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.first {
            switch (byte, String(decoding: rest.prefix(3), as: UTF8.self)) {
            case (0x25, "%22"): decoded.append(0x22)
            case (0x25, "%0D"): decoded.append(0x0D)
            case (0x25, "%0A"): decoded.append(0x0A)
            default:
                decoded.append(byte)
                rest = rest.dropFirst()
                continue
            }
            rest = rest.dropFirst(3)
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw .notUTF8(field: String(decoding: decoded, as: UTF8.self))
        }
        return text
    }
}
