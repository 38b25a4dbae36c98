/// Says whether a text is JSON, without building anything: the hot path passes bodies on as they came.
package enum JSONScanner {
    /// What the root of a text is.
    package enum Kind: Sendable, Equatable { case object, array, string, number, bool, null }

    /// Reads the whole text by the same grammar as `JSONParser`, in one pass and without allocating.
    ///
    /// - Parameter limits: Only the depth matters here.
    /// - Returns: What the root is.
    /// - Throws: What is wrong and where, for the first thing that is.
    package static func validate(
        _ bytes: Span<UInt8>,
        limits: JSONLimits = JSONLimits()
    ) throws(JSONProblem) -> Kind {
        var cursor = JSONCursor(bytes)
        try cursor.skipToRoot()
        let kind = try cursor.skipValue(depth: limits.depth)
        try cursor.finish()
        return kind
    }
}

extension JSONCursor {
    /// Takes a value of any kind. `depth` is how many arrays and objects may still be opened.
    @discardableResult
    package mutating func skipValue(depth: Int) throws(JSONProblem) -> JSONScanner.Kind {
        switch current {
        case 0x7B:
            try skipObject(depth: depth)
            return .object
        case 0x5B:
            try skipArray(depth: depth)
            return .array
        case 0x22:
            _ = try takeString()
            return .string
        case 0x2D, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39:
            _ = try takeNumber()
            return .number
        case 0x74:
            try takeLiteral("true")
            return .bool
        case 0x66:
            try takeLiteral("false")
            return .bool
        case 0x6E:
            try takeLiteral("null")
            return .null
        default: throw unexpected("looking for the beginning of a value")
        }
    }

    private mutating func skipObject(depth: Int) throws(JSONProblem) {
        guard try takeStart(depth: depth, end: 0x7D) else { return }
        repeat {
            try takeToKey()
            _ = try takeString()
            try takeColon()
            try skipValue(depth: depth - 1)
        } while try takeCommaOrEnd(0x7D, "after an object member")
    }

    private mutating func skipArray(depth: Int) throws(JSONProblem) {
        guard try takeStart(depth: depth, end: 0x5D) else { return }
        repeat {
            skipWhitespace()
            try skipValue(depth: depth - 1)
        } while try takeCommaOrEnd(0x5D, "after an array element")
    }
}
