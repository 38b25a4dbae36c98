import Gateway
import HTTP

// The routes that the operator declares.

extension ConfigurationReader {
    /// The most entries of the list.
    private static let maximumRoutes = 10_000
    private static let keys = [
        "path", "methods", "hosts", "handler", "service", "endpoint", "strip_prefix", "body", "response_body", "stream",
    ]
    /// Methods that everyone writes in capitals; others are compared as they are.
    private static let knownMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    /// What one route says, as it was written.
    private struct Declaration {
        var path: FileNode?
        var methods: [Method] = []
        var hosts: [HostPattern] = []
        var kind = HandlerKind.rpc
        var service = ""
        var endpoint = ""
        var prefix: FileNode?
        var body = RouteRule.Body.merged
        var answer: RouteRule.AnswerField?
        var isStream = false
    }

    mutating func readRoutes(_ entry: FileNode.Entry) {
        guard case .list(let items) = entry.value.content else {
            return complain("routes is a list, and this is \(entry.value.kind)", about: entry.value)
        }
        guard items.count <= Self.maximumRoutes else {
            return complain("there are more than \(Self.maximumRoutes) routes", about: entry.key)
        }
        var places: [ObjectIdentifier: FileNode] = [:]
        for item in items {
            guard case .table(let entries) = item.content else {
                complain("a route has keys and values, such as path: /v1/orders/{id}", about: item)
                continue
            }
            guard let declaration = declaration(entries), let rule = rule(declaration, item) else { continue }
            file.routes.append(rule)
            places[ObjectIdentifier(rule)] = declaration.path
        }
        // A route that can never be taken is a mistake, and the reader of the file is the one who can tell which.
        for (rule, winner) in RouteIndex(file.routes).shadowed {
            guard let path = places.removeValue(forKey: ObjectIdentifier(rule)) else { continue }
            complain("requests for this already have a route: \(winner.origin)", about: path)
        }
    }

    private mutating func declaration(_ entries: [FileNode.Entry]) -> Declaration? {
        var declaration = Declaration()
        for entry in entries {
            switch entry.name {
            case "path": if word(entry) != nil { declaration.path = entry.value }
            case "methods": declaration.methods = methods(entry)
            case "hosts": declaration.hosts = hosts(entry)
            case "handler": if let kind = handler(entry) { declaration.kind = kind }
            case "service": declaration.service = word(entry) ?? ""
            case "endpoint": declaration.endpoint = word(entry) ?? ""
            case "strip_prefix": if word(entry) != nil { declaration.prefix = entry.value }
            case "body": declaration.body = body(entry)
            case "response_body":
                if let field = word(entry), isField(field, entry) {
                    declaration.answer = RouteRule.AnswerField(names: [field], absent: "null")
                }
            case "stream": declaration.isStream = value(of: entry, as: .boolean)?.value == .boolean(true)
            default: complainOfUnknown(entry, "in a route", known: Self.keys)
            }
        }
        return declaration
    }

    /// - Returns: Nil, with a complaint, when it is not complete.
    private mutating func rule(_ declaration: Declaration, _ item: FileNode) -> RouteRule? {
        guard let node = declaration.path, case .word(let path, _) = node.content else {
            complain("a route needs a path, such as path: /v1/orders/{id}", about: item)
            return nil
        }
        if declaration.kind.nodeUse != nil, declaration.service.isEmpty {
            complain("a route to a service needs its name, such as service: go.micro.api.orders", about: item)
        }
        if declaration.kind.nodeUse == .calls, declaration.endpoint.isEmpty {
            complain("a route that calls needs an endpoint, such as endpoint: Orders.Read", about: item)
        }
        do throws(PathTemplate.Malformed) {
            let condition = try RouteRule.Condition(
                path: path, methods: declaration.methods, hosts: declaration.hosts)
            return RouteRule(
                on: condition, without: prefix(of: condition, declaration), kind: declaration.kind,
                services: declaration.service.isEmpty ? [] : [declaration.service],
                endpoint: declaration.endpoint, isStream: declaration.isStream, body: declaration.body,
                answer: declaration.answer, declarer: .operator,
                origin: "configuration file \(text.name(of: item.place))")
        } catch {
            complain("the path \(path.prefix(64)) is no template: \(error)", about: node)
            return nil
        }
    }

    private mutating func prefix(of condition: RouteRule.Condition, _ declaration: Declaration) -> PathPrefix? {
        guard let node = declaration.prefix, case .word(let word, _) = node.content else { return nil }
        do throws(PathTemplate.Malformed) {
            return try condition.prefix(named: word, for: declaration.kind)
        } catch {
            complain("strip_prefix: \(error)", about: node)
            return nil
        }
    }

    // MARK: Values

    private mutating func methods(_ entry: FileNode.Entry) -> [Method] {
        words(entry).compactMap { node in
            guard case .word(let word, _) = node.content else { return nil }
            let capitals = word.uppercased()
            if capitals != word, Self.knownMethods.contains(capitals) {
                complain("\(word) is no method; did you mean \(capitals)?", about: node)
                return nil
            }
            guard let method = Method(word) else {
                complain("\(word.prefix(64)) is no method, such as GET", about: node)
                return nil
            }
            return method
        }
    }

    private mutating func hosts(_ entry: FileNode.Entry) -> [HostPattern] {
        words(entry).compactMap { node in
            guard case .word(let word, _) = node.content else { return nil }
            do throws(PathTemplate.Malformed) {
                return try HostPattern(word)
            } catch {
                complain("\(error)", about: node)
                return nil
            }
        }
    }

    private mutating func handler(_ entry: FileNode.Entry) -> HandlerKind? {
        guard let word = word(entry) else { return nil }
        if let kind = HandlerKind(word: word) { return kind }
        let known = HandlerKind.allCases.map(\.rawValue)
        let near = NearestWord.one(to: word, in: known).asQuestion
        complain("handler: \(word.prefix(64)) is not \(known.joinedAsChoice)\(near)", about: entry.value)
        return nil
    }

    private mutating func body(_ entry: FileNode.Entry) -> RouteRule.Body {
        guard let word = word(entry) else { return .merged }
        if word == "*" { return .message }
        return isField(word, entry) ? .field(word) : .merged
    }

    private mutating func isField(_ word: String, _ entry: FileNode.Entry) -> Bool {
        let isField =
            !word.isEmpty
            && word.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x5f
                    || $0 == 0x2e
            }
        if !isField { complain("\(entry.name): \(word.prefix(64)) is no name of a field", about: entry.value) }
        return isField
    }
}
