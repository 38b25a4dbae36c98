/// Answers requests. Made once for each loop, runs on that loop, and never blocks it.
package protocol Handler: AnyObject {
    /// Answers one request, with `exchange.respond` or with `begin`, `write` and `end`.
    ///
    /// - Throws: What becomes the answer when none was begun, and closes the connection when one was.
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError)
}
