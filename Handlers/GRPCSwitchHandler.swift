package import Gateway
internal import HTTP

/// Parts requests by their type: calls of clients that speak gRPC or gRPC-Web, and everything else.
package final class GRPCSwitchHandler: Handler {
    private let grpc: any Handler
    private let next: any Handler

    /// - Parameters:
    ///   - grpc: Answers calls in gRPC and gRPC-Web.
    ///   - next: Answers everything else.
    package init(grpc: any Handler, next: any Handler) {
        self.grpc = grpc
        self.next = next
    }

    package func successor(for exchange: Exchange) -> (any Handler)? { branch(for: exchange) }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        try await branch(for: exchange).handle(exchange)
    }

    private func branch(for exchange: Exchange) -> any Handler { exchange.withRequest { $0.isGRPC } ? grpc : next }
}
