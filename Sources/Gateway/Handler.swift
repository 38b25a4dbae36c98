/// Answers requests. Made once for each loop, runs on that loop, and never blocks it.
package protocol Handler: AnyObject {
    /// Answers one request, with `exchange.respond` or with `begin`, `write` and `end`.
    ///
    /// - Throws: What becomes the answer when none was begun, and closes the connection when one was.
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError)

    /// Who answers the request in place of this handler. Nil, the default, when it does so itself.
    ///
    /// A handler that only parts requests says so here: each one that waits for another costs every request.
    func successor(for exchange: Exchange) -> (any Handler)?
}

extension Handler {
    package func successor(for exchange: Exchange) -> (any Handler)? { nil }

    /// Who answers the request in the end. For the session.
    package func lastHandler(for exchange: Exchange) -> any Handler {
        var last: any Handler = self
        while let next = last.successor(for: exchange) { last = next }
        return last
    }
}
