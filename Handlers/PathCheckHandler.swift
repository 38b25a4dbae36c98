package import Gateway
package import HTTP

/// Stands before a handler that passes everything on to one server, and refuses paths that servers are known to read in
/// different ways (`PathForm`).
///
/// Other forms of a path than the canonical one are passed on as they came, for the server is the one that knows what they
/// mean; unless something is decided by paths here, which is done on one form only, so that clients are sent to it.
package final class PathCheckHandler: Handler {
    private let encodedSlashes: EncodedSlashes
    private let decidesByPaths: Bool
    private let next: any Handler

    /// - Parameters:
    ///   - encodedSlashes: What `%2F` in a path is.
    ///   - decidesByPaths: Whether the next handler lets pass or not by what the path is.
    package init(encodedSlashes: EncodedSlashes, decidesByPaths: Bool, next: any Handler) {
        self.encodedSlashes = encodedSlashes
        self.decidesByPaths = decidesByPaths
        self.next = next
    }

    package func successor(for exchange: Exchange) -> (any Handler)? {
        switch form(of: exchange) {
        case .ambiguous: return nil
        case .other: return decidesByPaths ? nil : next
        case .decoded(let path): exchange.request.decide(by: path)
        case .canonical: break
        }
        return next
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        switch form(of: exchange) {
        case .ambiguous(let problem): throw GatewayError(.badRequest, problem.description)
        case .other(let canonical) where decidesByPaths:
            return try await exchange.redirect(to: exchange.request.query.map { "\(canonical)?\($0)" } ?? canonical)
        case .decoded(let path): exchange.request.decide(by: path)
        case .canonical, .other: break
        }
        try await next.handle(exchange)
    }

    private func form(of exchange: Exchange) -> PathForm {
        exchange.withRequest { PathForm(of: $0.pathSpan, encodedSlashes: encodedSlashes) }
    }
}
