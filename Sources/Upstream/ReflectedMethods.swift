package import Gateway
package import Reactor
internal import Transcoding

/// How endpoints are called on any node that speaks gRPC: services of Go Micro read and write JSON themselves, and others
/// are called by types that files of descriptors tell, or that were learnt by reflection, or that they are asked for when
/// they are called. One for each loop.
package final class ReflectedMethods: GRPCMethods {
    /// More are forgotten all at once, so that clients cannot make the table grow by inventing names.
    private static let maximumMethods = 1_024
    private static let maximumSchemas = 64
    /// How long it is believed that a node could not answer, or has no reflection.
    private static let failureLifetime = Duration.seconds(5)
    private static let ignoranceLifetime = Duration.seconds(60)

    struct MethodName: Hashable {
        let service: String
        let endpoint: String
        let address: String
    }
    /// What the nodes of one version of a service have told.
    private struct Entry {
        let nodes: [Node]
        let fetch: SchemaFetch
    }

    private let pool: HTTP2Pool
    private let tasks: TaskStarter
    private let view: CatalogView
    private let json = GoMicroMethods()
    private let transcoder = SharedTranscoder()
    private var methods: [MethodName: GRPCMethod] = [:]
    /// Of those that were asked for; nil where nothing is known.
    private var requests: [MethodName: FieldDescription?] = [:]
    private var entries: [ServiceVersion: Entry] = [:]
    private var generation: UInt64 = 0
    private let published: Published<Descriptors>?
    private var descriptors = Descriptors()
    private var descriptorGeneration = 0
    private let publishedServices: Published<LearntServices>?
    private var services = LearntServices()
    private var serviceGeneration = 0

    /// - Parameters:
    ///   - catalog: Tells which nodes are of the same version, and so serve the same.
    ///   - descriptors: What is known without asking. Default nothing.
    ///   - learnt: What others have asked nodes for. Default nothing.
    package init(
        pool: HTTP2Pool, tasks: TaskStarter, catalog: CatalogView, descriptors: Published<Descriptors>? = nil,
        learnt: Published<LearntServices>? = nil
    ) {
        self.pool = pool
        self.tasks = tasks
        view = catalog
        published = descriptors
        publishedServices = learnt
    }

    nonisolated(nonsending) package func method(
        for destination: Destination, on node: Node, wakeup: Wakeup, until deadline: Deadline
    ) async throws(GatewayError) -> GRPCMethod {
        forgetOldCatalog()
        takeNews()
        let name = MethodName(service: destination.service, endpoint: destination.endpoint, address: node.address)
        if let known = methods[name] { return known }
        if node.isOfGoMicro { return try json.method(for: destination) }
        if let described = descriptors.method(for: destination) {
            return remember(translated(described), as: name)
        }
        if let schema = services.schema(of: destination.service, on: node) {
            return remember(try self.method(for: destination, in: schema), as: name)
        }
        let method: GRPCMethod
        switch try await outcome(of: destination.service, on: node, wakeup: wakeup, until: deadline) {
        case .schema(let schema): method = try self.method(for: destination, in: schema)
        // It may be a service of Go Micro whose registry does not tell.
        case .unknown: return try json.method(for: destination)
        case .failed(let error): throw error
        }
        return remember(method, as: name)
    }

    private func remember(_ method: GRPCMethod, as name: MethodName) -> GRPCMethod {
        if methods.count >= Self.maximumMethods { methods.removeAll() }
        methods[name] = method
        return method
    }

    private func forgetMethods() {
        methods.removeAll(keepingCapacity: true)
        requests.removeAll(keepingCapacity: true)
    }

    var loop: any EventLoop { pool.loop }

    /// What is known now without asking anyone.
    var known: (descriptors: Descriptors, services: LearntServices) {
        forgetOldCatalog()
        takeNews()
        return (descriptors, services)
    }

    /// What `find` finds, from memory if it was found before.
    func request(
        of destination: Destination, on node: Node, find: (Descriptors, LearntServices) -> FieldDescription?
    ) -> FieldDescription? {
        let (descriptors, services) = known
        let name = MethodName(service: destination.service, endpoint: destination.endpoint, address: node.address)
        if let request = requests[name] { return request }
        if requests.count >= Self.maximumMethods { requests.removeAll() }
        let request = find(descriptors, services)
        requests[name] = request
        return request
    }

    private func takeNews() {
        if let published, published.generation != descriptorGeneration {
            descriptorGeneration = published.generation
            descriptors = published.current
            forgetMethods()
        }
        if let publishedServices, publishedServices.generation != serviceGeneration {
            serviceGeneration = publishedServices.generation
            services = publishedServices.current
            forgetMethods()
        }
    }

    /// What a node serves, from memory or from the node. All who ask at the same time wait for one answer.
    nonisolated(nonsending) private func outcome(
        of service: String, on node: Node, wakeup: Wakeup, until deadline: Deadline
    ) async throws(GatewayError) -> SchemaFetch.Outcome {
        let start = pool.loop.now
        let fetch = fetch(of: service, on: node)
        guard let outcome = await outcome(of: fetch, wakeup: wakeup, until: deadline) else {
            throw .timedOut(node, after: pool.loop.now - start)
        }
        return outcome
    }

    /// - Returns: Nil when the deadline came before the answer.
    nonisolated(nonsending) func outcome(
        of fetch: SchemaFetch, wakeup: Wakeup, until deadline: Deadline
    ) async -> SchemaFetch.Outcome? {
        while true {
            if let outcome = fetch.outcome { return outcome }
            if deadline.hasExpired { return nil }
            fetch.waiters.append(wakeup)
            await wakeup.wait()
            fetch.waiters.removeAll { $0 === wakeup }
        }
    }

    func fetch(of service: String, on node: Node) -> SchemaFetch {
        let version = view.catalog.versions(of: service).first { $0.nodes.contains(node) }
        let name = ServiceVersion(service: service, version: version?.version ?? node.address)
        if let entry = entries[name], isBelieved(entry.fetch) { return entry.fetch }
        let fetch = SchemaFetch(of: node, over: pool)
        if entries.count >= Self.maximumSchemas { entries = entries.filter { $0.value.fetch.outcome == nil } }
        entries[name] = Entry(nodes: version?.nodes ?? [], fetch: fetch)
        tasks.start(fetch)
        return fetch
    }

    private func isBelieved(_ fetch: SchemaFetch) -> Bool {
        switch fetch.outcome {
        case nil, .schema: true
        case .unknown: pool.loop.now - fetch.endedAt < Self.ignoranceLifetime
        case .failed: pool.loop.now - fetch.endedAt < Self.failureLifetime
        }
    }

    /// Nodes that are new may serve something else, also under the old version.
    private func forgetOldCatalog() {
        guard view.catalog.generation != generation else { return }
        generation = view.catalog.generation
        forgetMethods()
        entries = entries.filter { name, entry in
            let version = view.catalog.versions(of: name.service).first { $0.version == name.version }
            return (version?.nodes ?? []) == entry.nodes
        }
    }

    // MARK: Endpoints

    private func method(for destination: Destination, in schema: SchemaSet) throws(GatewayError) -> GRPCMethod {
        guard let method = Self.find(destination, in: schema) else {
            let names = schema.services.flatMap { service in
                service.methods.map { "\(service.name.lastPart).\($0.name)" }
            }
            let near = NearestWord.all(to: destination.endpoint, in: names)
            let hint = (near.isEmpty ? Array(names.prefix(5)) : near).joined(separator: ", ")
            throw GatewayError(
                .notFound,
                "service \(destination.service) has no endpoint \(destination.endpoint); it has \(hint)")
        }
        return translated(method)
    }

    private func translated(_ method: MethodSchema) -> GRPCMethod {
        GRPCMethod(
            path: method.path, contentType: "application/grpc",
            isStream: method.isClientStreaming || method.isServerStreaming,
            translator: SchemaTranslator(method, transcoder))
    }

    /// `Greeter.SayHello`, `helloworld.Greeter.SayHello` and `/helloworld.Greeter/SayHello` are the same method, unless
    /// another service of the node is named so too.
    static func find(_ destination: Destination, in schema: SchemaSet) -> MethodSchema? {
        if let path = GRPCPath.of(destination), let method = schema.method(at: path) { return method }
        guard let (type, name) = destination.typeAndMethod else { return nil }
        for service in schema.services where service.name == type || service.name.hasSuffix(".\(type)") {
            if let method = service.methods.first(where: { $0.name == name }) { return method }
        }
        return nil
    }
}

extension Node {
    /// Whether it is a service of Go Micro, by what their servers write about themselves.
    var isOfGoMicro: Bool { metadata["server"] == "grpc" || metadata["broker"] != nil }
}
