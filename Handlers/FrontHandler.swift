internal import Bytes
package import Gateway
package import HTTP

/// What stands before every handler of the gateway: the paths that it answers itself, and the one form of a path by which
/// everything is decided.
package final class FrontHandler: ExplainingHandler {
    private let version: String
    private let rpc: any Handler
    private let next: any ExplainingHandler

    /// - Parameters:
    ///   - version: What `/` tells.
    ///   - rpc: Answers `/rpc`.
    ///   - next: Answers everything else.
    package init(version: String, rpc: any Handler, next: any ExplainingHandler) {
        self.version = version
        self.rpc = rpc
        self.next = next
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let path = exchange.request.pathSpan
        if path.count == 1 { return try await answerRoot(exchange) }
        if path.isSame(as: "/rpc") { return try await rpc.handle(exchange) }
        if path.isSame(as: "/favicon.ico") {
            return try await exchange.respond(.ok, contentType: "image/x-icon", text: "")
        }
        if let canonical = PercentEncoding.canonicalPath(path) { return try await redirect(exchange, to: canonical) }
        try await next.handle(exchange)
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        let path = head.pathSpan
        if path.count == 1 { return Explanation(of: head, ownAnswer: "answered by the gateway with its version") }
        if path.isSame(as: "/rpc") {
            return Explanation(of: head, ownAnswer: "a call of the service and endpoint that the body names")
        }
        if path.isSame(as: "/favicon.ico") { return Explanation(of: head, ownAnswer: "answered with an empty icon") }
        if let canonical = PercentEncoding.canonicalPath(path) {
            return Explanation(of: head, ownAnswer: "redirected with 308 to \(canonical), the one form of this path")
        }
        return next.explain(head, body: body)
    }

    nonisolated(nonsending) private func answerRoot(_ exchange: Exchange) async throws(GatewayError) {
        guard exchange.request.path == "/" else {
            throw GatewayError(.badRequest, "a request for * concerns no resource of this gateway")
        }
        if exchange.request.method == .options {
            return try await exchange.refuseMethod(allow: "GET, HEAD, OPTIONS", id: "go.micro.api")
        }
        try await exchange.respond(.ok, contentType: "text/plain; charset=utf-8", text: "{\"version\": \"\(version)\"}")
    }

    /// 308 keeps the method and the body, which 301 does not.
    nonisolated(nonsending) private func redirect(
        _ exchange: Exchange, to path: String
    ) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(name: "Location", value: exchange.request.query.map { "\(path)?\($0)" } ?? path)
        var body = ByteBuffer()
        try await exchange.respond(.permanentRedirect, fields, body: &body)
    }
}

extension Span<UInt8> {
    fileprivate func isSame(as text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in indices where self[index] != text.utf8Start[index] { return false }
        return true
    }
}
