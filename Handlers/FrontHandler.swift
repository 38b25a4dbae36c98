internal import Bytes
package import Gateway
package import HTTP

/// What stands before every handler of the gateway: the paths that it answers itself, and the one form of a path by which
/// everything is decided.
package final class FrontHandler: ExplainingHandler {
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

    private func decision(on head: borrowing RequestHead) -> FrontDecision {
        FrontDecision(head, encodedSlashes: encodedSlashes, isDeclared: isDeclared)
    }

    package func successor(for exchange: Exchange) -> (any Handler)? {
        switch exchange.withRequest({ decision(on: $0) }) {
        case .next: return next
        case .nextBy(let path):
            exchange.request.decide(by: path)
            return next
        case .rpc: return rpc
        case .root, .asterisk, .icon, .redirect, .refused: return nil
        }
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        switch exchange.withRequest({ decision(on: $0) }) {
        case .next: try await next.handle(exchange)
        case .nextBy(let path):
            exchange.request.decide(by: path)
            try await next.handle(exchange)
        case .rpc: try await rpc.handle(exchange)
        case .root: try await answerRoot(exchange)
        case .icon: try await answerIcon(exchange)
        case .redirect(let target): try await exchange.redirect(to: target)
        case .refused(let sentence): throw GatewayError(.badRequest, sentence)
        case .asterisk: throw .asterisk
        }
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        switch decision(on: head) {
        case .next: return next.explanation(of: head, body: body)
        case .nextBy(let path):
            var head = head
            head.decide(by: path)
            return next.explanation(of: head, body: body)
        case .rpc: return rpc.explanation(of: head, body: body)
        case .root: return Explanation(of: head, ownAnswer: "answered by the gateway with its version")
        case .icon: return Explanation(of: head, ownAnswer: "answered with an empty icon")
        case .redirect(let target):
            return Explanation(of: head, ownAnswer: "redirected with 308 to \(target), the one form of this path")
        case .refused(let sentence): return Explanation(of: head, problem: GatewayError(.badRequest, sentence))
        case .asterisk: return Explanation(of: head, problem: .asterisk)
        }
    }

    nonisolated(nonsending) private func answerRoot(_ exchange: Exchange) async throws(GatewayError) {
        if exchange.request.method == .options {
            return try await exchange.refuseMethod(allow: "GET, HEAD, POST, OPTIONS", id: "go.micro.api")
        }
        let text = "{\"version\": \"\(version)\"}"
        try await exchange.respond(.ok, contentType: "text/plain; charset=utf-8", text: text)
    }

    /// No icon, and so no type.
    nonisolated(nonsending) private func answerIcon(_ exchange: Exchange) async throws(GatewayError) {
        var nothing = ByteBuffer()
        try await exchange.respond(.ok, body: &nothing)
    }
}

extension GatewayError {
    fileprivate static var asterisk: GatewayError {
        GatewayError(.badRequest, "a request for * concerns no resource of this gateway")
    }
}
