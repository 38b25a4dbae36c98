package import Gateway
internal import Transcoding

/// What the files of descriptors tell: the types and methods of services, and the routes that they declare. Immutable, so
/// that every loop may hold it.
package struct Descriptors: Sendable {
    /// One of each file: two teams may have other versions of the files that both import.
    private let schemas: [SchemaSet]
    /// By the last part of the service's name and the method: `Greeter.SayHello`.
    private let methods: [String: [MethodSchema]]
    /// In the order of the files.
    package let routes: [RouteRule]
    /// Routes that cannot be, as sentences without a period.
    package let warnings: [String]

    /// Nothing is known.
    package init() { self.init([]) }

    init(_ schemas: [SchemaSet]) {
        self.schemas = schemas
        var methods: [String: [MethodSchema]] = [:]
        var routes = RouteCollector()
        var known: Set<String> = []
        for service in schemas.flatMap(\.services) where known.insert(service.name).inserted {
            for method in service.methods {
                methods["\(service.name.lastPart).\(method.name)", default: []].append(method)
                routes.add(method, of: service)
            }
        }
        self.methods = methods
        self.routes = routes.rules
        warnings = routes.warnings
        serviceCount = known.count
    }

    package let serviceCount: Int

    /// The endpoints of services that are registered under that name: their own, or that of their package.
    func endpoints(of service: String) -> [String] {
        schemas.flatMap(\.services).filter { $0.name == service || $0.name == "\(service).\($0.name.lastPart)" }
            .flatMap { type in type.methods.map { "\(type.name.lastPart).\($0.name)" } }
    }

    /// The method that an endpoint is: by its full path, else by the names of type and method alone, when only one service
    /// has them, whatever its package.
    func method(for destination: Destination) -> MethodSchema? {
        if let path = GRPCPath.of(destination) {
            for schema in schemas { if let method = schema.method(at: path) { return method } }
        }
        guard let (type, name) = destination.typeAndMethod else { return nil }
        let candidates = methods["\(String(type).lastPart).\(name)"] ?? []
        let fitting = candidates.filter { method in
            let service = method.path.dropFirst().prefix { $0 != "/" }
            return service == type || service.hasSuffix(".\(type)")
        }
        return fitting.count == 1 ? fitting[0] : nil
    }
}

extension Destination {
    /// The parts of the endpoint: `Greeter` and `SayHello` of `Greeter.SayHello`, and the same with a package, or as a path.
    var typeAndMethod: (type: Substring, method: Substring)? {
        let isPath = endpoint.hasPrefix("/")
        let text = endpoint.dropFirst(isPath ? 1 : 0)
        guard let end = text.lastIndex(of: isPath ? "/" : ".") else { return nil }
        return (text[..<end], text[text.index(after: end)...])
    }
}

extension String {
    /// What follows the last dot.
    var lastPart: Substring { split(separator: ".").last ?? self[...] }
}
