internal import Bytes
package import Gateway
package import HTTP

/// Lets pages of other origins use what is behind it, as far as the policy allows (Fetch Standard, 3.2).
///
/// Only real preflights are answered here: OPTIONS with `Origin` and `Access-Control-Request-Method`, of a page that may.
/// Every other OPTIONS is for whoever is asked, as is what a page that may not is told.
package final class CORSHandler: ExplainingHandler {
    /// Header fields that pages may send with a request; `*` at the end of a name stands for the rest of it.
    package static let usualFields = [
        "Accept", "Accept-Language", "Authorization", "Cache-Control", "Content-Encoding", "Content-Language",
        "Content-Type", "Grpc-Timeout", "Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match",
        "If-Unmodified-Since", "Last-Event-ID", "Micro-*", "Range", "Timeout", "Traceparent", "Tracestate",
        "X-CSRF-Token", "X-Grpc-Web", "X-Request-ID", "X-Requested-With", "X-User-Agent",
    ]
    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    /// How long a browser need not ask again, in seconds. Some forget sooner.
    private static let maximumAge = "600"

    private let policy: OriginPolicy
    private let fields: [String]
    private let next: any Handler

    /// - Parameters:
    ///   - fields: Header fields that pages may send, besides the usual ones; `*` for all.
    ///   - next: Answers everything but preflights.
    package init(_ policy: OriginPolicy, fields: [String] = [], next: any Handler) {
        self.policy = policy
        self.fields = (Self.usualFields + fields).map { $0.lowercased() }
        self.next = next
    }

    package func successor(for exchange: Exchange) -> (any Handler)? {
        let grant = exchange.withRequest { policy.grant(for: $0) }
        if exchange.withRequest({ answers($0, grant) }) { return nil }
        exchange.crossOrigin = grant
        return next
    }

    /// Whether the request is a preflight of a page that may.
    private func answers(_ head: borrowing RequestHead, _ grant: CrossOriginGrant?) -> Bool {
        grant?.origin != nil && head.isPreflight
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        guard answers(head, policy.grant(for: head)) else { return next.explanation(of: head, body: body) }
        return Explanation(of: head, ownAnswer: "answered by the gateway, which lets pages of this origin call (CORS)")
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        if let next = successor(for: exchange) { return try await next.handle(exchange) }
        guard let grant = policy.grant(for: exchange.request) else { return }
        try await answerPreflight(exchange, grant)
    }

    nonisolated(nonsending) private func answerPreflight(
        _ exchange: Exchange, _ grant: CrossOriginGrant
    ) async throws(GatewayError) {
        var answer = HeaderFields()
        answer.append(.vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        grant.write(to: &answer)
        answer.append(name: "Access-Control-Allow-Methods", value: Self.methods)
        let names = exchange.request.fields.values(.accessControlRequestHeaders)
            .flatMap { $0.split(separator: ",") }.map { $0.filter { $0 != " " && $0 != "\t" } }.filter(mayBeSent)
        if !names.isEmpty {
            answer.append(name: "Access-Control-Allow-Headers", value: names.joined(separator: ", "))
        }
        answer.append(name: "Access-Control-Max-Age", value: Self.maximumAge)
        var body = ByteBuffer()
        try await exchange.respond(.ok, answer, body: &body)
    }

    private func mayBeSent(_ name: String) -> Bool {
        guard FieldName.isName(name) else { return false }
        let name = name.lowercased()
        return fields.contains { $0.last == "*" ? name.hasPrefix($0.dropLast()) : name == $0 }
    }
}

extension RequestHead {
    /// Whether a browser asks by this request if a page may make another one.
    fileprivate var isPreflight: Bool {
        method == .options && fields.contains(.origin) && fields.contains(.accessControlRequestMethod)
    }
}
