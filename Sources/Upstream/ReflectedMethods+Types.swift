package import Gateway
package import Reactor
internal import Transcoding

/// The types that calls are translated by, for whoever wants to see them.
extension ReflectedMethods: MessageTypeSource {
    /// Nodes that are asked at the same time, and services that are asked for one answer.
    private static let maximumAsked = (atOnce: 16, altogether: 256)

    nonisolated(nonsending) package func messageTypes(
        of services: [Service], wakeup: Wakeup, within limit: Duration
    ) async -> any MessageTypes {
        let (descriptors, learnt) = known
        var asked: [(name: String, node: Node)] = []
        var reflected: [String: SchemaSet] = [:]
        for service in services where !asked.contains(where: { $0.name == service.name }) {
            guard asked.count < Self.maximumAsked.altogether else { break }
            let types = DescribedTypes(descriptors: descriptors, reflected: [:])
            guard let node = service.translatedNode, !types.knowsAll(of: service) else { continue }
            if let schema = learnt.schema(of: service.name, on: node) {
                reflected[service.name] = schema
            } else {
                asked.append((service.name, node))
            }
        }
        let deadline = Deadline(on: loop, firing: wakeup)
        defer { deadline.cancel() }
        deadline.set(loop.now + limit)
        while !asked.isEmpty, !deadline.hasExpired {
            let some = asked.prefix(Self.maximumAsked.atOnce)
            asked.removeFirst(some.count)
            let fetches = some.map { ($0.name, fetch(of: $0.name, on: $0.node)) }
            for (name, fetch) in fetches {
                guard case .schema(let schema) = await outcome(of: fetch, wakeup: wakeup, until: deadline) else {
                    continue
                }
                reflected[name] = schema
            }
        }
        return DescribedTypes(descriptors: descriptors, reflected: reflected)
    }
}

extension ReflectedMethods: RequestDescriber {
    package func request(of destination: Destination, on nodes: [Node]) -> FieldDescription? {
        guard let node = nodes.first(where: { $0.wireProtocol == .grpc && !$0.isOfGoMicro }) else { return nil }
        return request(of: destination, on: node) { descriptors, services in
            let method =
                descriptors.method(for: destination)
                ?? services.schema(of: destination.service, on: node).flatMap { Self.find(destination, in: $0) }
            return method.map { MessageDescription.thorough($0.input) }
        }
    }
}

extension Service {
    /// A node whose messages we translate. All nodes of a version are alike.
    fileprivate var translatedNode: Node? { nodes.first { $0.wireProtocol == .grpc && !$0.isOfGoMicro } }
}

/// Types by files of descriptors, and by what nodes have told.
private struct DescribedTypes: MessageTypes {
    let descriptors: Descriptors
    /// By the names of services.
    let reflected: [String: SchemaSet]

    var isEmpty: Bool { reflected.isEmpty && descriptors.serviceCount == 0 }

    func endpoints(of service: Service) -> [String] {
        guard service.translatedNode != nil else { return [] }
        var names: Set<String> = []
        if let schema = reflected[service.name] {
            let endpoints = EndpointNames(schema)
            for type in schema.services where !type.name.hasPrefix("grpc.") {
                names.formUnion(type.methods.map(endpoints.name))
            }
        }
        names.formUnion(descriptors.endpoints(of: service.name))
        return names.sorted()
    }

    func types(of endpoint: String, of service: Service) -> EndpointTypes? {
        let destination = Destination(service: service.name, endpoint: endpoint)
        let isTranslated = service.translatedNode != nil
        let method =
            descriptors.method(for: destination)
            ?? reflected[service.name].flatMap { ReflectedMethods.find(destination, in: $0) }
        // Names of types are no proof where something else is spoken.
        guard let method, isTranslated || GRPCPath.of(destination) == method.path else { return nil }
        return EndpointTypes(
            request: method.input.jsonSchema(isTranslated: isTranslated),
            response: method.output.jsonSchema(isTranslated: isTranslated),
            isStream: method.isClientStreaming || method.isServerStreaming)
    }

    /// Whether files tell of all endpoints that the registry does.
    func knowsAll(of service: Service) -> Bool {
        let endpoints = service.endpoints.filter { !$0.isSubscriber }
        guard !endpoints.isEmpty else { return !descriptors.endpoints(of: service.name).isEmpty }
        return endpoints.allSatisfy {
            descriptors.method(for: Destination(service: service.name, endpoint: $0.name)) != nil
        }
    }
}
