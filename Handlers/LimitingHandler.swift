package import Gateway
package import HTTP
package import Reactor

/// Stands before another handler, and refuses what is more than operators have allowed (`RateLimit`). What is refused was not
/// looked at by anyone else.
///
/// A refused request counts for nothing, and one that passes counts whatever becomes of it. Both are told how many more may
/// follow.
package final class LimitingHandler: ExplainingHandler {
    private let source: Published<RateLimits>
    private let loop: any EventLoop
    private let next: any Handler
    private var limits = RateLimits()
    private var generation = 0

    /// - Parameters:
    ///   - source: Where all loops take them from; the counters in it are shared by them.
    ///   - next: Answers what may pass.
    package init(_ source: Published<RateLimits>, loop: any EventLoop, next: any Handler) {
        self.source = source
        self.loop = loop
        self.next = next
    }

    /// Without a limit for the request it costs one look at a number. Nothing is counted here: the session may ask twice.
    package func successor(for exchange: Exchange) -> (any Handler)? { counter(for: exchange) == nil ? next : nil }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        if let standing = counter(for: exchange)?.take(at: loop.now) {
            if let excess = standing.excess { throw excess.error }
            exchange.standing = standing
        }
        try await next.handle(exchange)
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        refresh()
        guard let counter = limits.counter(for: head) else { return next.explanation(of: head, body: body) }
        let (left, excess) = counter.look(at: loop.now)
        var explanation =
            excess.map { Explanation(of: head, problem: $0.error) } ?? next.explanation(of: head, body: body)
        let limit = counter.limit
        explanation.limit = "\(limit.requests) requests in \(limit.window) s for \(limit.name), \(left) of them left"
        return explanation
    }

    private func counter(for exchange: Exchange) -> RateCounter? {
        refresh()
        return limits.isEmpty ? nil : exchange.withRequest { limits.counter(for: $0) }
    }

    private func refresh() {
        guard source.generation != generation else { return }
        generation = source.generation
        limits = source.current
    }
}
