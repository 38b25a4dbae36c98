package import Gateway
package import HTTP

/// Lets the answers of another handler be compressed.
package final class CompressingHandler: ExplainingHandler {
    private let next: any Handler
    private let policy: CompressionPolicy

    /// - Parameter policy: One for each loop.
    package init(_ next: any Handler, by policy: CompressionPolicy) {
        self.next = next
        self.policy = policy
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        exchange.compression = policy
        try await next.handle(exchange)
        try await exchange.finishEnding()
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation { next.explanation(of: head, body: body) }
}
