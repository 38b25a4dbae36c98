internal import Bytes
package import Gateway
package import HTTP

/// What stands before every handler of the gateway: the paths that it answers itself, and the one form of a path by which
/// everything is decided.
package final class FrontHandler: Handler {
    private let version: String
    private let rpc: any Handler
    private let next: any Handler
    private let encodedSlashes: EncodedSlashes
    private let isDeclared: (borrowing RequestHead) -> Bool

    /// - Parameters:
    ///   - version: What `/` tells.
    ///   - rpc: Answers `/rpc`.
    ///   - encodedSlashes: What `%2F` in a path is. Default a byte of its segment.
    ///   - isDeclared: Whether someone has declared a route for a request. Default never.
    ///   - next: Answers everything else.
    package init(
        version: String, rpc: any Handler, encodedSlashes: EncodedSlashes = .keep,
        isDeclared: @escaping (borrowing RequestHead) -> Bool = { _ in false }, next: any Handler
    ) {
        self.version = version
        self.rpc = rpc
        self.encodedSlashes = encodedSlashes
        self.isDeclared = isDeclared
        self.next = next
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        switch FrontDecision(exchange.request, encodedSlashes: encodedSlashes, isDeclared: isDeclared) {
        case .next: try await next.handle(exchange)
        case .nextBy(let path):
            exchange.request.decide(by: path)
            try await next.handle(exchange)
        case .rpc: try await rpc.handle(exchange)
        case .root:
            let text = "{\"version\": \"\(version)\"}"
            try await exchange.respond(.ok, contentType: "text/plain; charset=utf-8", text: text)
        case .icon: try await exchange.respond(.ok, contentType: "image/x-icon", text: "")
        case .redirect(let target): try await redirect(exchange, to: target)
        case .refused(let sentence): throw GatewayError(.badRequest, sentence)
        case .asterisk:
            throw GatewayError(.badRequest, "a request for * concerns no resource of this gateway")
        }
    }

    /// 308 keeps the method and the body, which 301 does not.
    nonisolated(nonsending) private func redirect(
        _ exchange: Exchange, to target: String
    ) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(.location, target)
        var body = ByteBuffer()
        try await exchange.respond(.permanentRedirect, fields, body: &body)
    }
}
