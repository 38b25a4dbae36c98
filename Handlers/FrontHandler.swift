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

    private enum Part {
        case root, rpc, icon, rest
        /// A path that is not in its one form, and that form.
        case redirected(String)

        init(of path: Span<UInt8>) {
            if path.count == 1 {
                self = .root
            } else if path.isSame(as: "/rpc") {
                self = .rpc
            } else if path.isSame(as: "/favicon.ico") {
                self = .icon
            } else if let canonical = PercentEncoding.canonicalPath(path) {
                self = .redirected(canonical)
            } else {
                self = .rest
            }
        }
    }

    package func successor(for exchange: Exchange) -> (any Handler)? {
        switch exchange.withRequest({ Part(of: $0.pathSpan) }) {
        case .rest: next
        case .rpc: rpc
        case .root, .icon, .redirected: nil
        }
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        switch exchange.withRequest({ Part(of: $0.pathSpan) }) {
        case .root: try await answerRoot(exchange)
        case .rpc: try await rpc.handle(exchange)
        case .icon: try await exchange.respond(.ok, contentType: "image/x-icon", text: "")
        case .redirected(let path): try await redirect(exchange, to: path)
        case .rest: try await next.handle(exchange)
        }
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
