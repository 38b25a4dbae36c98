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
        var lists = JSONObject()
        for piece in query.split(separator: "&") {
            let parts = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(String(parts[0]), plusIsSpace: true),
                let value = PercentEncoding.decode(parts.count > 1 ? String(parts[1]) : "", plusIsSpace: true)
            else { throw GatewayError(.badRequest, "the query has a malformed escape, or is not UTF-8") }
            lists[name] = .array((lists[name]?.arrayValue ?? []) + [.string(value)])
        }
        return lists.sorted()
    }
}
