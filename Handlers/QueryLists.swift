internal import Gateway
internal import HTTP
internal import JSON

/// A query as names with all their values, which stay texts: `a=1&a=2&b=x` is `{"a":["1","2"],"b":["x"]}`.
enum QueryLists {
    /// Pieces without content are passed over; a name without `=` has the empty value.
    ///
    /// - Returns: Names in the order of their bytes.
    /// - Throws: `.badRequest` for a malformed escape, and for what is not UTF-8.
    static func parse(_ query: String) throws(GatewayError) -> JSONObject {
        var lists: [String: [JSONValue]] = [:]
        for piece in query.split(separator: "&") {
            let (name, value) = halves(of: piece)
            lists[try decode(name), default: []].append(.string(try decode(value)))
        }
        return JSONObject(lists.map { ($0.key, .array($0.value)) }).sorted()
    }

    /// The first value of a name; nil when it does not occur.
    ///
    /// - Throws: `.badRequest` for a value that is malformed, or not UTF-8.
    static func first(_ name: String, in query: String) throws(GatewayError) -> String? {
        for piece in query.split(separator: "&") {
            let halves = halves(of: piece)
            if halves.name == name { return try decode(halves.value) }
        }
        return nil
    }

    private static func halves(of piece: Substring) -> (name: Substring, value: Substring) {
        guard let equals = piece.utf8.firstIndex(of: 0x3d) else { return (piece, "") }
        return (piece[..<equals], piece[piece.utf8.index(after: equals)...])
    }

    private static func decode(_ text: Substring) throws(GatewayError) -> String {
        guard let decoded = PercentEncoding.decode(String(text), plusIsSpace: true) else {
            throw GatewayError(.badRequest, "the query has a malformed escape, or is not UTF-8")
        }
        return decoded
    }
}
