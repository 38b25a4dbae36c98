package import Gateway
package import HTTP

/// Stands before a handler that passes everything on, and refuses paths that servers are known to read in different ways
/// (`PathForm`). Other forms of a path than the canonical one are not redirected, as nothing is decided by them here: the
/// server behind is the one that knows what they mean.
package final class PathCheckHandler: Handler {
    private let encodedSlashes: EncodedSlashes
    private let next: any Handler

    /// - Parameter encodedSlashes: What `%2F` in a path is.
    package init(encodedSlashes: EncodedSlashes, next: any Handler) {
        self.encodedSlashes = encodedSlashes
        self.next = next
    }

    package func successor(for exchange: Exchange) -> (any Handler)? {
        switch form(of: exchange) {
        case .ambiguous: return nil
        case .decoded(let path): exchange.request.decide(by: path)
        case .canonical, .other: break
        }
        return next
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        switch form(of: exchange) {
        case .ambiguous(let problem): throw GatewayError(.badRequest, problem.description)
        case .decoded(let path): exchange.request.decide(by: path)
        case .canonical, .other: break
        }
        try await next.handle(exchange)
    }

    private func form(of exchange: Exchange) -> PathForm {
        exchange.withRequest { PathForm(of: $0.pathSpan, encodedSlashes: encodedSlashes) }
    }
}
