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

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        try await (exchange.request.isGRPC ? grpc : next).handle(exchange)
    }
}
