/// What an encoded slash in a path is.
package enum EncodedSlashes: String, Sendable, CaseIterable {
    /// A byte of its segment like any other. What is decided and what a node sees differ for no reader.
    case keep
    /// A reason to refuse the path.
    case reject
    /// A slash between segments, for every decision. The path is passed on as it was received.
    case decode
}

/// What becomes of a received path before anything is decided about it, so that everything is decided on one form of it.
package enum PathForm: Sendable, Equatable {
    /// It is in canonical form: no segment is empty, `.` or `..`.
    case canonical
    /// The same path in canonical form, to which clients are sent.
    case other(String)
    /// The path to decide by, with the slashes that were encoded. The received one is what is passed on.
    case decoded(String)
    /// Servers are known that read it in different ways.
    case ambiguous(AmbiguousPath)

    /// Costs no memory for a path without escapes that is in canonical form. A path that does not begin with a slash is
    /// left alone.
    package init(of path: Span<UInt8>, encodedSlashes: EncodedSlashes) {
        guard Self.needsCloserLook(path), path[0] == .slash else {
            self = PercentEncoding.canonicalPath(path).map { .other($0) } ?? .canonical
            return
        }
        do throws(AmbiguousPath) {
            let hasSlashes = try PathPieces.check(path, encodedSlashes)
            guard hasSlashes, encodedSlashes == .decode else {
                self = PercentEncoding.canonicalPath(path).map { .other($0) } ?? .canonical
                return
            }
            let decoded = Self.withSlashesDecoded(path)
            self = PercentEncoding.canonicalPath(decoded.span).map { .other($0) } ?? .decoded(String(decoded.span))
        } catch {
            self = .ambiguous(error)
        }
    }

    @inline(__always)
    private static func needsCloserLook(_ path: Span<UInt8>) -> Bool {
        for index in path.indices {
            let byte = path[index]
            if byte == .percent || byte == .backslash || byte == .semicolon { return true }
        }
        return false
    }

    private static func withSlashesDecoded(_ path: Span<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            if path.escapedByte(at: index) == .slash {
                decoded.append(.slash)
                index += 3
            } else {
                decoded.append(path[index])
                index += 1
            }
        }
        return decoded
    }
}

/// Why a path is refused.
package struct AmbiguousPath: Error, Equatable, Sendable, CustomStringConvertible {
    /// The part that is to blame, as it was received.
    package let bytes: String
    private let reason: String

    init(_ path: Span<UInt8>, _ range: Range<Int>, _ reason: String) {
        let end = min(range.upperBound, path.count)
        bytes = String(path.extracting(range.lowerBound..<min(end, range.lowerBound + 32)))
        self.reason = reason
    }

    /// A sentence for the client, without a period.
    package var description: String { "the path has \(bytes) in it, \(reason)" }
}

/// Looks at every escape of a path, and at what lies between everything that some server may take for a slash.
private enum PathPieces {
    /// - Returns: Whether there are encoded slashes.
    static func check(_ path: Span<UInt8>, _ slashes: EncodedSlashes) throws(AmbiguousPath) -> Bool {
        var hasSlashes = false
        var piece = Piece(start: 1)
        var index = 1
        while index < path.count {
            let isEscape = path[index] == .percent
            let width = isEscape ? 3 : 1
            let byte = isEscape ? try decodedByte(of: path, at: index) : path[index]
            switch byte {
            case .backslash where !isEscape:
                throw AmbiguousPath(path, index..<(index + 1), "which is no byte of a path")
            case .slash where isEscape, .backslash:
                if slashes == .reject {
                    throw AmbiguousPath(path, index..<(index + 3), "an encoded slash, which this gateway refuses")
                }
                hasSlashes = hasSlashes || byte == .slash
                let isSeparator = byte == .slash && slashes == .decode
                try piece.end(path, at: index, isPlain: isSeparator)
                piece = Piece(start: index + 3)
                piece.isPlain = isSeparator
            case .slash:
                try piece.end(path, at: index, isPlain: true)
                piece = Piece(start: index + 1)
            case .semicolon: piece.hasParameters = true
            case .dot where !piece.hasParameters: piece.dots += 1
            case 0:
                throw AmbiguousPath(path, index..<(index + width), "a zero byte, at which some servers stop reading")
            default:
                if isEscape { try checkLength(path, at: index, first: byte) }
                if !piece.hasParameters { piece.hasOthers = true }
            }
            index += width
        }
        try piece.end(path, at: path.count, isPlain: true)
        return hasSlashes
    }

    private static func decodedByte(of path: Span<UInt8>, at index: Int) throws(AmbiguousPath) -> UInt8 {
        guard let byte = path.escapedByte(at: index) else {
            throw AmbiguousPath(path, index..<(index + 3), "which is no percent sign with two hexadecimal digits")
        }
        return byte
    }

    /// UTF-8 has one form for each character. A longer one is how a slash is smuggled past whoever looks for slashes.
    private static func checkLength(_ path: Span<UInt8>, at index: Int, first: UInt8) throws(AmbiguousPath) {
        let isTooLong: (UInt8) -> Bool
        switch first {
        case 0xc0, 0xc1: isTooLong = { $0 & 0xc0 == 0x80 }
        case 0xe0: isTooLong = { (0x80..<0xa0).contains($0) }
        case 0xf0: isTooLong = { (0x80..<0x90).contains($0) }
        default: return
        }
        guard index + 3 < path.count, let second = path.escapedByte(at: index + 3),
            isTooLong(second)
        else { return }
        throw AmbiguousPath(path, index..<(index + 6), "a character in a longer form than UTF-8 has for it")
    }

    /// What lies between two things that may be slashes.
    private struct Piece {
        let start: Int
        /// Whether it begins where everyone sees a slash.
        var isPlain = true
        var dots = 0
        var hasOthers = false
        /// From the first semicolon on, servers are known that read over it.
        var hasParameters = false

        init(start: Int) { self.start = start }

        /// Everyone reads a segment of dots in the same way, but one that is made of dots for some only.
        func end(_ path: Span<UInt8>, at end: Int, isPlain endsPlainly: Bool) throws(AmbiguousPath) {
            guard dots == 1 || dots == 2, !hasOthers else { return }
            guard !isPlain || !endsPlainly || hasParameters else { return }
            let first = isPlain ? start : max(start - 3, 0)
            let last = endsPlainly ? end : end + 3
            throw AmbiguousPath(path, first..<last, "which some servers read as a step up or aside")
        }
    }
}
