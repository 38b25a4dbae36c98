internal import HTTP
internal import JSON

/// Routes that services declare in the metadata of their endpoints, as the registry has it.
///
/// There are two encodings, and an endpoint may have both. Go Micro's is flat: `path`, `method`, `host`, each a list with
/// commas, `handler`, and `stream`. Ours, in the key `routes`, is a JSON array of objects with the same members as arrays,
/// and besides `body` and `response_body` as `google.api.http` has them, so that nothing is lost.
package enum EndpointRoutes {
    /// The routes of one service, and what is wrong with others, as sentences without a period.
    package static func read(_ service: Service) -> (rules: [RouteRule], warnings: [String]) {
        var reader = EndpointReader(service: service)
        for endpoint in service.endpoints { reader.read(endpoint) }
        return (reader.rules, reader.warnings)
    }

    /// The routes of everything that is registered, sorted by service, version and endpoint. Versions that declare the same
    /// share one rule, which is for the nodes of all of them.
    package static func read(_ catalog: Catalog) -> (rules: [RouteRule], warnings: [String]) {
        var rules: [RouteRule] = []
        var warnings: [String] = []
        for name in catalog.names {
            var shared = SharedRoutes()
            for version in catalog.versions(of: name) {
                let found = read(version)
                warnings += found.warnings
                for rule in found.rules { shared.add(rule, of: version.version) }
            }
            rules += shared.rules
        }
        return (rules, warnings)
    }
}

private struct EndpointReader {
    /// More paths of one endpoint are left out.
    private static let maximumPaths = 100

    let service: Service
    private(set) var rules: [RouteRule] = []
    private(set) var warnings: [String] = []

    init(service: Service) { self.service = service }

    mutating func read(_ endpoint: Endpoint) {
        if let text = endpoint.metadata["routes"] { readList(text, of: endpoint) }
        var flat = Declaration()
        flat.paths = Self.list(endpoint.metadata["path"])
        flat.methods = Self.list(endpoint.metadata["method"])
        flat.hosts = Self.list(endpoint.metadata["host"])
        flat.handler = endpoint.metadata["handler"] ?? ""
        add(flat, of: endpoint)
    }

    /// What one route says, as it was written.
    private struct Declaration {
        var paths: [String] = []
        var methods: [String] = []
        var hosts: [String] = []
        var handler = ""
        var body: RouteRule.Body = .merged
        var answer: RouteRule.AnswerField?
        var isStream: Bool?
    }

    private static func list(_ text: String?) -> [String] {
        guard let text else { return [] }
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        return text.split(separator: ",").map { part in
            var part = part.drop(while: isBlank)
            while let last = part.last, isBlank(last) { part.removeLast() }
            return String(part)
        }.filter { !$0.isEmpty }
    }

    private mutating func readList(_ text: String, of endpoint: Endpoint) {
        guard case .array(let items) = try? JSONParser.parse(text.utf8Span.span) else {
            return warn(endpoint, "its metadata routes is no JSON array")
        }
        for item in items {
            guard case .object(let object) = item else {
                warn(endpoint, "its metadata routes has an item that is no object")
                continue
            }
            var declaration = Declaration()
            declaration.paths = object.list("path")
            declaration.methods = object.list("method")
            declaration.hosts = object.list("host")
            declaration.handler = object.string("handler")
            switch object.string("body") {
            case "": break
            case "*": declaration.body = .message
            case let field: declaration.body = .field(field)
            }
            let answer = object.string("response_body")
            if !answer.isEmpty { declaration.answer = .init(names: [answer], absent: "null") }
            if case .bool(let isStream) = object["stream"] { declaration.isStream = isStream }
            add(declaration, of: endpoint)
        }
    }

    private mutating func add(_ declaration: Declaration, of endpoint: Endpoint) {
        if declaration.paths.count > Self.maximumPaths {
            warn(endpoint, "it has more than \(Self.maximumPaths) paths; the rest is left out")
        }
        let kind = kind(declaration.handler, endpoint)
        let methods = methods(declaration.methods, endpoint)
        guard let methods, let hosts = hosts(declaration.hosts, endpoint) else { return }
        for path in declaration.paths.prefix(Self.maximumPaths) {
            do throws(PathTemplate.Malformed) {
                rules.append(
                    RouteRule(
                        on: try RouteRule.Condition(path: path, methods: methods, hosts: hosts), kind: kind,
                        services: [service.name], endpoint: endpoint.name,
                        isStream: declaration.isStream ?? endpoint.isStream, body: declaration.body,
                        answer: declaration.answer, declarer: .versions([service.version]),
                        origin: "service \(service.name), endpoint \(endpoint.name)"))
            } catch {
                warn(endpoint, "the path \(path.prefix(100)): \(error)")
            }
        }
    }

    /// What services may ask for. The broker and the registry are the operator's to open.
    private mutating func kind(_ word: String, _ endpoint: Endpoint) -> HandlerKind {
        guard !word.isEmpty else { return .rpc }
        switch HandlerKind(word: word) {
        case .broker, .registry, nil:
            warn(endpoint, "its handler \(word.prefix(50)) is none that a service can ask for, so it is called by rpc")
            return .rpc
        case let kind?: return kind
        }
    }

    private mutating func methods(_ names: [String], _ endpoint: Endpoint) -> [Method]? {
        var methods: [Method] = []
        for name in names {
            guard let method = Method(name) else {
                warn(endpoint, "\(name.prefix(50)) is no method of HTTP")
                return nil
            }
            methods.append(method)
        }
        return methods
    }

    private mutating func hosts(_ names: [String], _ endpoint: Endpoint) -> [HostPattern]? {
        var hosts: [HostPattern] = []
        for name in names {
            if name == "*" { return [] }
            do throws(PathTemplate.Malformed) {
                hosts.append(try HostPattern(name))
            } catch {
                warn(endpoint, error.description)
                return nil
            }
        }
        return hosts
    }

    private mutating func warn(_ endpoint: Endpoint, _ sentence: String) {
        warnings.append("a route of \(service.name), endpoint \(endpoint.name): \(sentence)")
    }
}

extension JSONObject {
    fileprivate func string(_ name: String) -> String {
        if case .string(let text) = self[name] { text } else { "" }
    }

    /// A string, or an array of strings.
    fileprivate func list(_ name: String) -> [String] {
        switch self[name] {
        case .string(let text): [text]
        case .array(let items): items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        default: []
        }
    }
}
