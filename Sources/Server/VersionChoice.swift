internal import Gateway

/// Which versions of a service are asked, by their places in the catalog.
struct VersionChoice: Hashable {
    /// One bit for each of the first versions. Hardly a service has more, so that a choice costs no memory.
    private var first: UInt64 = 0
    private var rest: [Int] = []

    /// - Parameters:
    ///   - versions: All of the service, at least one.
    ///   - rule: The declared route that leads to it. Nil when the resolver does, or the client itself.
    init(among versions: [Service], for destination: Destination, _ use: NodeUse, declaredBy rule: RouteRule? = nil) {
        if let rule, case .versions = rule.declarer {
            for (place, version) in versions.enumerated() where rule.isFor(version) { insert(place) }
            return
        }
        if versions.count > 1, use != .proxying { preferDescribed(destination.endpoint, by: versions, use) }
        if isEmpty { for place in versions.indices { insert(place) } }
    }

    /// Where some versions describe the endpoint, the others are likely not to have it. A registry need not describe any,
    /// and a node that may not have it is better than none at all: then the choice is left empty.
    private mutating func preferDescribed(_ endpoint: String, by versions: [Service], _ use: NodeUse) {
        var isOfUse = false
        for (place, version) in versions.enumerated() {
            guard version.endpoints.contains(where: { $0.name == endpoint && !$0.isSubscriber }) else { continue }
            insert(place)
            isOfUse = isOfUse || version.nodes.contains { use.accepts($0.wireProtocol) }
        }
        if !isOfUse { first = 0; rest = [] }
    }

    private mutating func insert(_ place: Int) {
        if place < UInt64.bitWidth { first |= 1 << UInt64(place) } else { rest.append(place) }
    }

    private var isEmpty: Bool { first == 0 && rest.isEmpty }

    func contains(_ place: Int) -> Bool {
        place < UInt64.bitWidth ? first & 1 << UInt64(place) != 0 : rest.contains(place)
    }

    /// The nodes of the versions chosen.
    func nodes(of versions: [Service]) -> [Node] {
        versions.enumerated().flatMap { contains($0.offset) ? $0.element.nodes : [] }
    }
}

/// Which nodes take turns: those of a choice among the versions of a service that can be used in one way.
struct RotationKey: Hashable {
    let service: String
    let use: NodeUse
    let versions: VersionChoice
}
