internal import Gateway
internal import HTTP
internal import JSON

/// An OpenAPI document (3.1) of everything that can be reached through one gateway at the moment. The same catalog and routes
/// make the same document.
struct OpenAPIDocument {
    private let gateway: DocumentedGateway
    private let catalog: Catalog
    private let types: any MessageTypes
    private let index: RouteIndex
    private let finder: PathFinder
    private var writer = OperationWriter()
    private var paths = PathItems()
    private var tags: Set<String> = []
    /// What is left out, and why.
    private var omitted: [(what: String, why: String)] = []

    static func make(
        of gateway: DocumentedGateway, version: String, catalog: Catalog, types: any MessageTypes
    ) -> JSONValue {
        var document = OpenAPIDocument(gateway, catalog, types)
        document.addRules()
        for name in catalog.names { document.addService(name) }
        if gateway.takesCalls {
            _ = document.paths.add(.post, TemplatePath(literal: "/rpc"), document.writer.anyCall())
            document.tags.insert("rpc")
        }
        return document.written(version)
    }

    private init(_ gateway: DocumentedGateway, _ catalog: Catalog, _ types: any MessageTypes) {
        self.gateway = gateway
        self.catalog = catalog
        self.types = types
        index = gateway.routes.current
        finder = PathFinder(gateway, index, catalog)
    }

    /// With what methods endpoints are called where no method is declared. `HEAD` is `GET` without a body.
    private static let callMethods: [Method] = [.get, .put, .post, .delete, .patch]

    // MARK: Paths of the resolver

    private mutating func addService(_ name: String) {
        let nodes = catalog.nodes(of: name)
        guard let use = gateway.kind.nodeUse else {
            return omit(name, because: "the handler \(gateway.kind.rawValue) calls no services")
        }
        guard use == .calls else {
            return omit(name, because: "its paths are its own: requests are passed on as they are")
        }
        guard nodes.contains(where: { use.accepts($0.wireProtocol) }) else {
            let why = nodes.isEmpty ? "it has no node" : "it speaks plain HTTP, which the handler does not pass on"
            return omit(name, because: why)
        }
        let endpoints = endpoints(of: name)
        guard !endpoints.isEmpty else { return omit(name, because: "its endpoints are not known") }
        let lost = endpoints.filter { !addEndpoint($0, of: name) }
        if lost.count == endpoints.count, !tags.contains(name) {
            omit(name, because: "no path leads to it in the namespace \(gateway.namespace)")
        } else if !lost.isEmpty, lost.count < endpoints.count {
            omit("\(lost.joined(separator: ", ")) of \(name)", because: "no path leads there")
        }
    }

    /// Everything that can be called, by any version, sorted.
    private func endpoints(of service: String) -> [String] {
        var names: Set<String> = []
        for version in catalog.versions(of: service) {
            names.formUnion(version.endpoints.filter { !$0.isSubscriber }.map(\.name))
            names.formUnion(types.endpoints(of: version))
        }
        return names.sorted()
    }

    /// - Returns: Whether a path leads there.
    private mutating func addEndpoint(_ name: String, of service: String) -> Bool {
        let found = finder.paths(to: name, of: service)
        guard let path = found.first else { return false }
        var subject = subject(Destination(service: service, endpoint: name))
        if found.count > 1 {
            let others = "Also at \(found.dropFirst().joined(separator: " and "))."
            subject.description = subject.description.map { "\($0)\n\n\(others)" } ?? others
        }
        let isWhole = gateway.kind == .api || gateway.isMeta && takesHTTPRequest(name, of: service)
        for method in Self.callMethods where finder.isFree(method, path) {
            let template = TemplatePath(literal: path)
            guard !paths.has(method, template) else { continue }
            let operation =
                isWhole ? writer.passing(subject, method, at: template) : writer.call(subject, method)
            _ = paths.add(method, template, operation)
            tags.insert(service)
        }
        return true
    }

    private func takesHTTPRequest(_ endpoint: String, of service: String) -> Bool {
        catalog.endpoint(endpoint, of: service)?.takesHTTPRequest ?? false
    }

    /// - Parameter rule: Looks only at versions that this rule is for. Default at all.
    private func subject(_ destination: Destination, of rule: RouteRule? = nil) -> OperationSubject {
        var subject = OperationSubject(service: destination.service, endpoint: destination.endpoint)
        let versions = catalog.versions(of: destination.service).filter { rule?.isFor($0) ?? true }
        for version in versions {
            if let endpoint = version.endpoints.first(where: { $0.name == destination.endpoint }) {
                subject.description = endpoint.metadata["description"]
                subject.types = EndpointTypes(of: endpoint, of: version, types)
                return subject
            }
        }
        for version in versions {
            guard let known = types.types(of: destination.endpoint, of: version) else { continue }
            subject.types = known
            return subject
        }
        return subject
    }

    // MARK: Declared routes

    private mutating func addRules() {
        for rule in index.rules {
            if let problem = add(rule) { omit("\(rule.condition) of \(rule.origin)", because: problem) }
        }
    }

    /// - Returns: Why it is left out.
    private mutating func add(_ rule: RouteRule) -> String? {
        guard case .template(let template) = rule.condition.pattern else {
            return "its path is a regular expression, which OpenAPI cannot write"
        }
        var destination = Destination(service: rule.services.first ?? "", endpoint: rule.endpoint)
        if let use = rule.kind.nodeUse {
            guard let found = rule.destination(in: catalog) else { return "its service is not registered" }
            let nodes = catalog.versions(of: found.service).filter(rule.isFor).flatMap(\.nodes)
            guard nodes.contains(where: { use.accepts($0.wireProtocol) }) else {
                return "its service has no node that the handler \(rule.kind.rawValue) can ask"
            }
            destination = found
        }
        var subject = subject(destination, of: rule)
        if subject.description == nil { subject.description = "Declared by \(rule.origin)." }
        let methods = rule.condition.methods.isEmpty ? Self.callMethods : rule.condition.methods
        let path = paths.named(TemplatePath(template))
        var problem: String?
        for method in methods {
            guard finder.reaches(rule, method, path.sample) else {
                if !rule.condition.methods.isEmpty { problem = "another route takes its requests" }
                continue
            }
            guard PathItems.knows(method) else {
                problem = "OpenAPI does not know the method \(method)"
                continue
            }
            guard !paths.has(method, path) else {
                problem = "it differs from another in its hosts only, which OpenAPI cannot tell apart"
                continue
            }
            var operation = self.operation(subject, method, by: rule, at: path)
            if let servers = servers(of: rule) { operation["servers"] = servers }
            _ = paths.add(method, path, .object(operation))
            tags.insert(destination.service)
        }
        return problem
    }

    private mutating func operation(
        _ subject: OperationSubject, _ method: Method, by rule: RouteRule, at path: TemplatePath
    ) -> JSONObject {
        let operation =
            rule.kind == .rpc
            ? writer.call(subject, method, by: rule, at: path) : writer.passing(subject, method, at: path)
        return operation.objectValue ?? [:]
    }

    /// The gateway by the names that a route is for; nil for any.
    private func servers(of rule: RouteRule) -> JSONValue? {
        guard !rule.condition.hosts.isEmpty else { return nil }
        let scheme = gateway.url.hasPrefix("https:") ? "https" : "http"
        let port = gateway.url.split(separator: ":").last.flatMap { UInt16($0) }.map { ":\($0)" } ?? ""
        return .array(
            rule.condition.hosts.map { host in
                switch host {
                case .exact(let name): ["url": .string("\(scheme)://\(name)\(port)")]
                case .below(let suffix):
                    [
                        "url": .string("\(scheme)://{name}\(suffix)\(port)"),
                        "variables": ["name": ["default": "www", "description": "Any name below the domain."]],
                    ]
                }
            })
    }

    // MARK: The whole

    private mutating func omit(_ what: String, because why: String) { omitted.append((what, why)) }

    private func written(_ version: String) -> JSONValue {
        let description = """
            Everything that can be reached through this gateway, made of what is registered at the moment. Where no \
            method is declared, all of them are the same call. What is left out, and why, is in x-micro-omitted.
            """
        var components: JSONObject = [
            "schemas": .object(writer.schemas.types.sorted()), "responses": ErrorAnswers.components,
        ]
        if gateway.hasAccounts { components["securitySchemes"] = ["token": ["type": "http", "scheme": "bearer"]] }
        var document: JSONObject = [
            "openapi": "3.1.0",
            "info": [
                "title": .string("Services in \(gateway.namespace)"), "version": .string(version),
                "description": .string(description),
            ],
            "servers": [["url": .string(gateway.url)]],
            "tags": .array(
                tags.sorted().map { name in
                    let description = catalog.versions(of: name).lazy.compactMap { $0.metadata["description"] }.first
                    guard let description else { return ["name": .string(name)] }
                    return ["name": .string(name), "description": .string(description)]
                }),
            "paths": paths.json,
            "components": .object(components),
            "x-micro-omitted": .array(omitted.map { ["what": .string($0.what), "why": .string($0.why)] }),
        ]
        // Rules may grant something to everyone, so a token may be left out.
        if gateway.hasAccounts { document["security"] = [["token": []], [:]] }
        return .object(document)
    }
}

/// The paths of a document, each with its operations.
private struct PathItems {
    private struct Item {
        let path: TemplatePath
        var operations = JSONObject()
    }

    /// In the order in which OpenAPI lists them.
    private static let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"]

    /// By the shape of the path.
    private var items: [String: Item] = [:]

    static func knows(_ method: Method) -> Bool { methods.contains(method.description.lowercased()) }

    /// The path with the names of parameters that one of that shape has already: both are one to OpenAPI.
    func named(_ path: TemplatePath) -> TemplatePath {
        items[path.shape].map { path.named($0.path.parameters.map(\.name)) } ?? path
    }

    func has(_ method: Method, _ path: TemplatePath) -> Bool {
        items[path.shape]?.operations[method.description.lowercased()] != nil
    }

    /// - Returns: False when there is such an operation already, which stays.
    mutating func add(_ method: Method, _ path: TemplatePath, _ operation: JSONValue) -> Bool {
        guard !has(method, path) else { return false }
        items[path.shape, default: Item(path: path)].operations[method.description.lowercased()] = operation
        return true
    }

    var json: JSONValue {
        .object(
            JSONObject(
                items.values.map { item in
                    let operations = Self.methods.compactMap { method in
                        item.operations[method].map { (method, $0) }
                    }
                    return (item.path.text, .object(JSONObject(operations)))
                }
            ).sorted())
    }
}
