package import HTTP

/// A handler that can tell what it would do with a request, without doing it. It must decide by the same functions that it
/// serves with.
package protocol ExplainingHandler: Handler {
    /// - Parameter body: What the request would bring along.
    func explain(_ head: RequestHead, body: [UInt8]) -> Explanation
}

extension Handler {
    /// What it would do, as far as it can tell.
    package func explanation(of head: RequestHead, body: [UInt8]) -> Explanation {
        (self as? any ExplainingHandler)?.explain(head, body: body)
            ?? Explanation(of: head, ownAnswer: "answered by this program itself")
    }
}

extension RouteHandler {
    /// Most handlers have nothing to add to the route.
    package func preview(
        _ head: RequestHead, body: [UInt8], over route: Route
    ) throws(GatewayError) -> [(name: String, value: String)] { [] }
}
