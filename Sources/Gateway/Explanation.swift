package import HTTP
package import JSON

/// Where a request goes, and why: made by the same decision that serves requests.
package struct Explanation: Sendable {
    /// A declared route, and what became of it.
    package struct Tried: Sendable, Equatable {
        /// Such as `GET example.com/items/{id}`.
        package let route: String
        package let origin: String
        package let verdict: RouteVerdict
    }

    /// A node of the service.
    package struct Candidate: Sendable, Equatable {
        package let id: String
        package let address: String
        package let version: String
        package let speaks: String
        package let state: RouteTrace.NodeState
    }

    /// Who may, and why.
    package struct Access: Sendable {
        /// As rules name it: `service:go.micro.api.foo:Foo.Bar`.
        package let resource: String
        /// The account of the request's token; nil without a good one.
        package let account: String?
        /// Nil when somebody else must be asked.
        package let isGranted: Bool?
        /// As a sentence without a period.
        package let reason: String
        /// What is answered instead, when it is not granted.
        package let problem: GatewayError?
    }

    package var method = ""
    package var host = ""
    package var path = ""
    /// The one that decides, as the operator named it: `micro`.
    package var resolver = ""
    /// With type: `go.micro.api`.
    package var namespace = ""
    package var tried: [Tried] = []
    /// How many routes are declared in all.
    package var declaredCount = 0
    /// What the resolver made of the request; nil when it was not asked.
    package var resolved: Destination?
    package var kind: HandlerKind?
    package var destination: Destination?
    package var fields: [(name: String, value: String)] = []
    package var nodes: [Candidate] = []
    /// What is answered instead of asking a service.
    package var problem: GatewayError?
    /// What the gateway does by itself, as a sentence, such as a redirection. Nil when a route decides.
    package var ownAnswer: String?
    /// How many requests the path takes, as a sentence. Nil when nothing limits it.
    package var limit: String?
    /// Who may make the request. Nil where everyone may do everything.
    package var access: Access?
    /// What would be sent to a node, by name. Empty when nothing is.
    package var sends: [(name: String, value: String)] = []

    package init() {}

    package init(of head: borrowing RequestHead) {
        method = head.method.description
        host = head.host
        path = head.path
    }

    /// For what the gateway does by itself.
    package init(of head: borrowing RequestHead, ownAnswer: String) {
        self.init(of: head)
        self.ownAnswer = ownAnswer
    }

    /// For what is refused before anyone looks for a route.
    package init(of head: borrowing RequestHead, problem: GatewayError) {
        self.init(of: head)
        self.problem = problem
    }

    /// Takes over what was seen on the way to the decision.
    package mutating func take(_ trace: RouteTrace) {
        tried = trace.rules.map { Tried(route: "\($0.rule.condition)", origin: $0.rule.origin, verdict: $0.verdict) }
        resolved = trace.resolved
        nodes = trace.nodes.map { node, version, state in
            Candidate(
                id: node.id, address: node.address, version: version, speaks: node.wireProtocol.name, state: state)
        }
    }

    /// Takes over what was decided.
    package mutating func take(_ route: Route) {
        kind = route.kind
        destination = route.destination
        fields = route.binding?.fields ?? []
    }
}

extension Explanation {
    /// The whole in one sentence, without a period.
    package var sentence: String {
        if let ownAnswer { return ownAnswer }
        if let problem { return "answered with \(problem.status.code): \(problem.report.detail)" }
        guard let kind, let destination else { return "nothing was decided" }
        let how =
            tried.first { $0.verdict == .wins }.map { "by the route \($0.route) of \($0.origin)" }
            ?? "by the resolver \(resolver), namespace \(namespace)"
        guard kind.nodeUse != nil else { return "taken by the handler \(kind.rawValue), \(how)" }
        // What is passed on has no endpoint: there it is the method of the request.
        let isCalled = kind.nodeUse == .calls && !destination.endpoint.isEmpty
        let endpoint = isCalled ? ", endpoint \(destination.endpoint)" : ""
        return "service \(destination.service)\(endpoint), handler \(kind.rawValue), \(how)"
    }

    /// For scripts, the command and the dashboard alike.
    package var json: JSONValue {
        var object = JSONObject()
        object["sentence"] = .string(sentence)
        object["request"] = ["method": .string(method), "host": .string(host), "path": .string(path)]
        if let ownAnswer { object["ownAnswer"] = .string(ownAnswer) }
        object["declaredRoutes"] = .integer(declaredCount)
        object["tried"] = .array(tried.map(\.json))
        object["resolver"] = .string(resolver)
        object["namespace"] = .string(namespace)
        if let resolved { object["resolved"] = resolved.json }
        if let limit { object["limit"] = .string(limit) }
        if let access { object["access"] = access.json }
        if let kind { object["handler"] = .string(kind.rawValue) }
        if let destination { object["destination"] = destination.json }
        if !fields.isEmpty { object["fields"] = Self.object(of: fields) }
        object["nodes"] = .array(nodes.map(\.json))
        if !sends.isEmpty { object["sends"] = Self.object(of: sends) }
        if let problem {
            object["problem"] = [
                "status": .integer(Int(problem.status.code)), "detail": .string(problem.report.detail),
            ]
        }
        return .object(object)
    }

    private static func object(of pairs: [(name: String, value: String)]) -> JSONValue {
        var object = JSONObject()
        for (name, value) in pairs { object[name] = .string(value) }
        return .object(object)
    }
}

extension Explanation.Access {
    /// In one sentence, without a period.
    package var sentence: String {
        let who = account.map { "the account \($0)" } ?? "somebody unknown"
        let verdict = isGranted.map { $0 ? "may use" : "may not use" } ?? "may or may not use"
        return "\(who) \(verdict) \(resource): \(reason)"
    }

    fileprivate var json: JSONValue {
        var object = JSONObject()
        object["sentence"] = .string(sentence)
        object["resource"] = .string(resource)
        object["account"] = account.map { .string($0) } ?? .null
        object["granted"] = isGranted.map { .bool($0) } ?? .null
        return .object(object)
    }
}

extension Explanation.Tried {
    fileprivate var json: JSONValue {
        [
            "route": .string(route), "origin": .string(origin), "wins": .bool(verdict == .wins),
            "reason": .string(verdict.reason),
        ]
    }
}

extension RouteVerdict {
    /// Why, as the end of a sentence.
    package var reason: String {
        switch self {
        case .wins: "it is the most special one that fits"
        case .unregistered: "it fits, but its service is not registered, or no version that declares it"
        case .otherHost: "it is for other hosts"
        case .otherMethod: "it is for other methods"
        case .otherPath: "its path is another"
        case .yields(let winner): "the one of \(winner) is more special, or was declared first"
        }
    }
}

extension Explanation.Candidate {
    fileprivate var json: JSONValue {
        [
            "id": .string(id), "address": .string(address), "version": .string(version), "speaks": .string(speaks),
            "canBeAsked": .bool(state == .candidate), "state": .string(state.sentence),
        ]
    }
}

extension RouteTrace.NodeState {
    /// As the end of a sentence.
    package var sentence: String {
        switch self {
        case .candidate: "can be asked"
        case .resting(let time): "failed of late, and rests for another \(max(1, time.components.seconds)) s"
        case .unfit: "does not speak what this handler needs"
        case .undeclared: "is skipped: its version has not declared this route"
        case .undescribed: "is skipped: its version does not describe this endpoint, and another does"
        }
    }
}

extension Destination {
    fileprivate var json: JSONValue { ["service": .string(service), "endpoint": .string(endpoint)] }
}
