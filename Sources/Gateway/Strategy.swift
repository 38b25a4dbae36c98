/// Makes a selector for a set of nodes: once for each loop, service and catalog.
package protocol Strategy: Sendable {
    /// The name in the configuration.
    var name: String { get }

    func makeSelector(over nodes: [Node]) -> any Selector
}

/// Picks nodes in some order. One loop owns it, so it is neither shared nor locked.
package protocol Selector {
    /// The node to try next; nil when there is none.
    mutating func next() -> Node?
}

/// Takes the nodes in turn. Each loop starts at a random one, so that few requests do not all go to the first node.
package struct RoundRobin: Strategy {
    package let name = "roundrobin"
    package init() {}

    package func makeSelector(over nodes: [Node]) -> any Selector {
        Turns(nodes: nodes, turn: nodes.isEmpty ? 0 : Int.random(in: nodes.indices))
    }

    private struct Turns: Selector {
        let nodes: [Node]
        var turn: Int

        mutating func next() -> Node? {
            guard !nodes.isEmpty else { return nil }
            turn = turn + 1 < nodes.count ? turn + 1 : 0
            return nodes[turn]
        }
    }
}

/// Takes any node with equal chance, as Go Micro's clients do by default.
package struct RandomChoice: Strategy {
    package let name = "random"
    package init() {}

    package func makeSelector(over nodes: [Node]) -> any Selector { Choice(nodes: nodes) }

    private struct Choice: Selector {
        let nodes: [Node]
        var generator = FastGenerator()

        mutating func next() -> Node? { nodes.randomElement(using: &generator) }
    }
}

/// A small generator (SplitMix64) for choices where nobody gains by guessing. Seeded by the system.
package struct FastGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64 = .random(in: .min ... .max)) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
