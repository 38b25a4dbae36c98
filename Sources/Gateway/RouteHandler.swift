/// Does with a request what its route says. Made once for each loop, runs on that loop, and never blocks it.
package protocol RouteHandler: AnyObject {
    /// Answers one request, with `exchange.respond` or with `begin`, `write` and `end`.
    ///
    /// - Throws: What becomes the answer when none was begun, and closes the connection when one was.
    nonisolated(nonsending) func handle(_ exchange: Exchange, over route: Route) async throws(GatewayError)
}
