package import Gateway
package import HTTP

/// Parts requests by their type: calls of clients that speak gRPC or gRPC-Web, and everything else.
package final class GRPCSwitchHandler: ExplainingHandler {
    private let grpc: any ExplainingHandler
    private let next: any ExplainingHandler

    /// - Parameters:
    ///   - grpc: Answers calls in gRPC and gRPC-Web.
    ///   - next: Answers everything else.
    package init(grpc: any ExplainingHandler, next: any ExplainingHandler) {
        self.grpc = grpc
        self.next = next
    }

    package func successor(for exchange: Exchange) -> (any Handler)? { branch(for: exchange) }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        try await branch(for: exchange).handle(exchange)
    }

    private func branch(for exchange: Exchange) -> any Handler { exchange.withRequest { $0.isGRPC } ? grpc : next }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        (head.isGRPC ? grpc : next).explain(head, body: body)
    }
}
