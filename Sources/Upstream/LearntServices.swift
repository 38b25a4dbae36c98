package import Gateway
internal import Transcoding

/// What the nodes of services have told by reflection. Immutable, so that every loop may hold it.
package struct LearntServices: Sendable {
    /// Sorted by name and version.
    package let services: [LearntService]
    private let places: [String: [Int]]
    /// More routes of all services together are left out.
    private static let maximumRules = 10_000

    /// - Parameter services: At most one for each version of a service.
    package init(_ services: [LearntService] = []) {
        let services = services.sorted { ($0.name, $0.version) < ($1.name, $1.version) }
        self.services = services
        places = Dictionary(grouping: services.indices) { services[$0].name }
    }

    /// All routes, and what is wrong with those that are left out, as sentences without a period. Versions of a service
    /// that declare the same share one.
    package var routes: (rules: [RouteRule], warnings: [String]) {
        let rules = allRules
        let warnings = services.flatMap(\.warnings)
        guard rules.count > Self.maximumRules else { return (rules, warnings) }
        return (
            Array(rules.prefix(Self.maximumRules)),
            warnings + ["gRPC services declare more than \(Self.maximumRules) routes; the rest is left out"]
        )
    }

    private var allRules: [RouteRule] {
        var rules: [RouteRule] = []
        for name in places.keys.sorted() {
            var known: [String: [RouteRule.Condition]] = [:]
            for rule in (places[name] ?? []).flatMap({ services[$0].rules }) {
                let conditions = known["\(rule.path) \(rule.condition.text)"] ?? []
                if conditions.contains(rule.condition) { continue }
                known["\(rule.path) \(rule.condition.text)"] = conditions + [rule.condition]
                rules.append(rule)
            }
        }
        return rules
    }

    /// The types and methods of a service on one of its nodes; nil when that node may serve something else.
    func schema(of service: String, on node: Node) -> SchemaSet? {
        for place in places[service] ?? [] where services[place].nodes.contains(node) {
            return services[place].schema
        }
        return nil
    }
}

/// What one version of a service serves, as one of its nodes has told.
package struct LearntService: Sendable {
    /// More routes of one version are left out.
    static let maximumRules = 2_000
    /// More endpoints of one version are not described.
    private static let maximumEndpoints = 1_000

    package let name: String
    package let version: String
    /// The nodes that were there when it was asked, and so serve the same.
    package internal(set) var nodes: [Node]
    /// The routes that its methods declare with `google.api.http`.
    package let rules: [RouteRule]
    /// Its methods, as a registry would describe them.
    package let endpoints: [Endpoint]
    let warnings: [String]
    let schema: SchemaSet
    /// Differs whenever what was told differs.
    let fingerprint: Int
    /// Of the descriptors, in bytes.
    let size: Int

    init(name: String, version: String, nodes: [Node], schema: SchemaSet, fingerprint: Int, size: Int) {
        self.name = name
        self.version = version
        self.nodes = nodes
        self.schema = schema
        self.fingerprint = fingerprint
        self.size = size
        let names = EndpointNames(schema)
        var routes = RouteCollector(registration: (name, names))
        var endpoints: [Endpoint] = []
        for service in schema.services {
            for method in service.methods {
                routes.add(method, of: service)
                // Health and the like are for machines.
                guard !service.name.hasPrefix("grpc."), endpoints.count < Self.maximumEndpoints else { continue }
                endpoints.append(Endpoint(method, named: names.name(of: method)))
            }
        }
        rules = Array(routes.rules.prefix(Self.maximumRules))
        var warnings = routes.warnings
        if routes.rules.count > Self.maximumRules {
            warnings.append("\(name) declares more than \(Self.maximumRules) routes; the rest is left out")
        }
        self.warnings = warnings
        self.endpoints = endpoints
    }
}

/// What the methods of a schema are called as endpoints: `Greeter.SayHello`, and with the package where two would be the
/// same.
struct EndpointNames {
    private var ambiguous: Set<String> = []

    init(_ schema: SchemaSet) {
        var known: Set<String> = []
        for service in schema.services {
            for method in service.methods {
                let name = Self.short(method)
                if !known.insert(name).inserted { ambiguous.insert(name) }
            }
        }
    }

    func name(of method: MethodSchema) -> String {
        let short = Self.short(method)
        return ambiguous.contains(short) ? "\(method.service).\(method.name)" : short
    }

    static func short(_ method: MethodSchema) -> String { "\(method.service.lastPart).\(method.name)" }
}

extension Endpoint {
    /// A method as a registry would describe it.
    fileprivate init(_ method: MethodSchema, named name: String) {
        self.init(
            name: name, request: MessageDescription.brief(method.input),
            response: MessageDescription.brief(method.output),
            metadata: method.isClientStreaming || method.isServerStreaming ? ["stream": "true"] : [:])
    }
}
