package import HTTP
internal import Synchronization

/// How many requests of a kind are taken in a time, from all clients together.
///
/// A window begins with the first request after the one before has ended, and not with the clock: with 100 requests in 60
/// seconds the 101st of them is refused until 60 seconds after the first.
package struct RateLimit: Sendable, Equatable {
    /// What `requests` may be.
    package static let requestCounts = 1...1_000_000_000
    /// What `window` may be, in seconds.
    package static let windows = 1...86_400

    /// Which requests are counted. Of several limits whose conditions fit, the most special one counts alone, as of routes
    /// the most special one is taken.
    package internal(set) var condition: RouteRule.Condition
    /// How many pass within a window.
    package let requests: Int
    /// In seconds.
    package let window: Int

    /// The condition in words: `/user`, or `POST a.example/user` where methods or hosts are named.
    package var name: String {
        condition.methods.isEmpty && condition.hosts.isEmpty ? condition.text : condition.description
    }

    /// - Throws: What is wrong with it, for whoever asked for it.
    package init(on condition: RouteRule.Condition, requests: Int, window: Int) throws(OperatorRefusal) {
        guard Self.requestCounts.contains(requests) else {
            throw OperatorRefusal("requests must be 1 to \(Self.requestCounts.upperBound)")
        }
        guard Self.windows.contains(window) else {
            throw OperatorRefusal("window must be 1 to \(Self.windows.upperBound) seconds")
        }
        self.condition = condition
        self.requests = requests
        self.window = window
    }

    /// That a request was one too many, as the client is told.
    package struct Excess: Sendable, Equatable {
        package let limit: RateLimit
        /// Until the next window may begin, in seconds, rounded up.
        package let wait: Int

        /// Appends `Retry-After` (RFC 9110, 10.2.3) and the fields of `Standing`.
        package func write(to fields: inout HeaderFields) {
            fields.append(.retryAfter, String(wait))
            limit.write(left: 0, until: wait, to: &fields)
        }

        /// What becomes the answer.
        package var error: GatewayError { .tooManyRequests(self) }
    }

    /// How a request stands with its limit, now that it was counted.
    package struct Standing: Sendable {
        // Cheaper to hold than the limit with its texts.
        private let counter: RateCounter
        /// How many more pass within the window. Nil when this one was too many.
        private let left: Int?
        /// Until the next window may begin, in seconds, rounded up.
        private let wait: Int

        fileprivate init(_ counter: RateCounter, left: Int?, wait: Int) {
            self.counter = counter
            self.left = left
            self.wait = wait
        }

        /// Nil when the request may pass.
        package var excess: Excess? { left == nil ? Excess(limit: counter.limit, wait: wait) : nil }

        /// Appends `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
        package func write(to fields: inout HeaderFields) {
            counter.limit.write(left: left ?? 0, until: wait, to: &fields)
        }
    }

    /// Both fields are lists, so what a node says of limits of its own stays beside ours, which then has another name.
    private func write(left: Int, until wait: Int, to fields: inout HeaderFields) {
        let name = fields["RateLimit-Policy"] == nil && fields["RateLimit"] == nil ? "default" : "gateway"
        fields.append(name: "RateLimit-Policy", value: "\"\(name)\";q=\(requests);w=\(window)")
        fields.append(name: "RateLimit", value: "\"\(name)\";r=\(left);t=\(wait)")
    }
}

/// Counts the requests of one limit, on all loops together: exactly as many pass as it says.
package final class RateCounter: Sendable {
    package let limit: RateLimit
    private let state = Mutex(State())

    private struct State {
        /// Nil before the first request.
        var end: ContinuousClock.Instant?
        var count = 0
    }

    package init(_ limit: RateLimit) { self.limit = limit }

    /// Counts a request, unless it is one too many.
    package func take(at now: ContinuousClock.Instant) -> RateLimit.Standing {
        let (end, left): (ContinuousClock.Instant, Int?) = state.withLock { state in
            guard let end = state.end, now < end else {
                let end = now + .seconds(limit.window)
                state = State(end: end, count: 1)
                return (end, limit.requests - 1)
            }
            guard state.count < limit.requests else { return (end, nil) }
            state.count += 1
            return (end, limit.requests - state.count)
        }
        return RateLimit.Standing(self, left: left, wait: Self.seconds(until: end, at: now))
    }

    /// How many more may pass now, and what the next one is told when none may. Counts nothing.
    package func look(at now: ContinuousClock.Instant) -> (left: Int, excess: RateLimit.Excess?) {
        let (end, count) = state.withLock { ($0.end, $0.count) }
        guard let end, now < end else { return (limit.requests, nil) }
        let left = limit.requests - count
        return (left, left > 0 ? nil : RateLimit.Excess(limit: limit, wait: Self.seconds(until: end, at: now)))
    }

    /// Rounded up.
    private static func seconds(until end: ContinuousClock.Instant, at now: ContinuousClock.Instant) -> Int {
        let (seconds, rest) = (end - now).components
        return Int(seconds) + (rest > 0 ? 1 : 0)
    }
}

/// All limits, so that the one for a request is found. Immutable: the control plane makes a new one for each change.
package struct RateLimits: Sendable {
    /// One for each limit, in their order.
    package private(set) var counters: [RateCounter] = []
    private var index = ConditionIndex<RateCounter>()

    /// No limits at all.
    package init() {}

    /// - Parameters:
    ///   - limits: The ones that go first where two are for the same requests, first.
    ///   - old: What was counted for limits that stay as they are goes on.
    package init(_ limits: [RateLimit], keeping old: RateLimits = RateLimits()) {
        for limit in limits {
            let counter = old.counters.first { $0.limit == limit } ?? RateCounter(limit)
            counters.append(counter)
            index.insert(counter, on: limit.condition)
        }
    }

    package var isEmpty: Bool { counters.isEmpty }

    /// Limits that count nothing of one of their methods and hosts, and the limits that do.
    var shadowed: [(limit: RateLimit, by: RateLimit)] { index.shadowed.map { ($0.value.limit, $0.by.limit) } }

    /// Who counts a request. Nil when nothing limits it.
    package func counter(for head: borrowing RequestHead) -> RateCounter? {
        index.match(head)?.value
    }
}
