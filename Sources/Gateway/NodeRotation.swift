/// The nodes of one service on one loop: a selector's choice, without the nodes that are resting.
///
/// A node that refused a connection rests, at first for one second and twice as long each further time, and comes back by
/// itself. When every node rests the one that comes back first is tried all the same, because a gateway that refuses to
/// try is worse than one that fails.
package final class NodeRotation {
    package let nodes: [Node]
    private var selector: any Selector
    private let health: NodeHealth

    package init(nodes: [Node], strategy: any Strategy, health: NodeHealth) {
        self.nodes = nodes
        selector = strategy.makeSelector(over: nodes)
        self.health = health
    }

    /// The node to try next, none of which was tried before for the same request.
    ///
    /// - Returns: Nil when every node was tried.
    package func next(now: ContinuousClock.Instant, after tried: [Node] = []) -> Node? {
        if tried.isEmpty, health.isEmpty { return selector.next() }
        for _ in 0..<(nodes.count * 2) {
            guard let node = selector.next() else { return nil }
            if !tried.contains(node), !health.isResting(node, now: now) { return node }
        }
        let untried = nodes.filter { !tried.contains($0) }
        return untried.first { !health.isResting($0, now: now) }
            ?? untried.min { health.restsUntil($0, now: now) < health.restsUntil($1, now: now) }
    }

    /// The node answered, so it does not rest.
    package func recordSuccess(of node: Node) { health.recordSuccess(of: node) }

    /// The node failed, so it rests from now on, for all services that it serves.
    package func recordFailure(of node: Node, now: ContinuousClock.Instant) {
        health.recordFailure(of: node, now: now)
    }
}

/// Which nodes rest, on one loop. It outlives catalogs, so a dead node that is announced again does not start afresh.
package final class NodeHealth {
    /// The first rest, and the longest.
    package static let shortestRest = Duration.seconds(1)
    package static let longestRest = Duration.seconds(30)

    private struct Rest {
        var until: ContinuousClock.Instant
        var length: Duration
    }
    private var rests: [Node: Rest] = [:]

    package init() {}

    /// True in the usual case, that no node has failed of late.
    package var isEmpty: Bool { rests.isEmpty }

    /// Whether the node failed of late and is not to be asked yet.
    package func isResting(_ node: Node, now: ContinuousClock.Instant) -> Bool {
        rests[node].map { now < $0.until } ?? false
    }

    /// How long the node rests from now on. Nil when it does not.
    package func rest(of node: Node, now: ContinuousClock.Instant) -> Duration? {
        rests[node].flatMap { now < $0.until ? $0.until - now : nil }
    }

    fileprivate func restsUntil(_ node: Node, now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        rests[node]?.until ?? now
    }

    /// Lets the node rest from now on, twice as long as the last time.
    package func recordFailure(of node: Node, now: ContinuousClock.Instant) {
        // Requests that were under way together say the same thing once.
        guard !isResting(node, now: now) else { return }
        let length = rests[node].map { min($0.length * 2, Self.longestRest) } ?? Self.shortestRest
        rests[node] = Rest(until: now + length, length: length)
    }

    /// Ends the rest of the node. The next one is short again.
    package func recordSuccess(of node: Node) {
        if !rests.isEmpty { rests[node] = nil }
    }

    /// Forgets nodes that are no longer registered, so that the table does not grow.
    package func keep(only nodes: Set<Node>) {
        if !rests.isEmpty { rests = rests.filter { nodes.contains($0.key) } }
    }
}
