package import HTTP

/// Does with a request what its route says. Made once for each loop, runs on that loop, and never blocks it.
package protocol RouteHandler: AnyObject {
    /// Answers one request, with `exchange.respond` or with `begin`, `write` and `end`.
    ///
    /// - Throws: What becomes the answer when none was begun, and closes the connection when one was.
    nonisolated(nonsending) func handle(_ exchange: Exchange, over route: Route) async throws(GatewayError)

    /// What it would send, by name, for explanations: such as the message of a call. Default nothing.
    ///
    /// - Throws: What would be answered instead.
    func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)]
}
