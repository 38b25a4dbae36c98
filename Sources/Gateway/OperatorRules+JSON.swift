internal import HTTP
package import JSON

// The rules of operators as JSON, in the dashboard's API and in the file where they are kept. Read strictly.

extension OperatorRoute {
    /// The longest name of a service, an endpoint or a namespace, in bytes.
    private static let maximumName = 256
    private static let members = [
        "path", "methods", "hosts", "handler", "stripPrefix", "service", "namespace", "endpoint", "stream",
    ]

    package init(json: JSONValue) throws(OperatorRefusal) {
        let object = try StrictObject(json, of: "a route", known: Self.members)
        let condition = try object.condition()
        let word = try object.text("handler") ?? HandlerKind.rpc.rawValue
        guard let kind = HandlerKind(word: word) else {
            let known = HandlerKind.allCases.map(\.rawValue)
            let near = NearestWord.one(to: word, in: known).map { "; did you mean \($0)?" } ?? ""
            throw OperatorRefusal("handler \(word.prefix(64)) is not \(known.joined(separator: ", "))\(near)")
        }
        self.init(
            on: condition, kind: kind, service: try object.name("service", Self.maximumName) ?? "",
            namespace: try object.name("namespace", Self.maximumName),
            endpoint: try object.name("endpoint", Self.maximumName) ?? "")
        isStream = try object.truth("stream") ?? false
        strippedPrefix = try Self.prefix(try object.text("stripPrefix"), of: condition, for: kind)
        if kind.nodeUse != nil, service.isEmpty {
            throw OperatorRefusal("a route with handler \(kind.rawValue) needs a service, such as user-service")
        }
    }

    private static func prefix(
        _ text: String?, of condition: RouteRule.Condition, for kind: HandlerKind
    ) throws(OperatorRefusal) -> PathPrefix? {
        guard let text else { return nil }
        do throws(PathTemplate.Malformed) {
            return try condition.prefix(named: text, for: kind)
        } catch {
            throw OperatorRefusal("the prefix to strip is wrong: \(error)")
        }
    }

    package var json: JSONValue {
        var object = condition.members(takenBy: kind, without: strippedPrefix)
        object["service"] = .string(service)
        if let namespace { object["namespace"] = .string(namespace) }
        object["endpoint"] = .string(endpoint)
        object["stream"] = .bool(isStream)
        return .object(object)
    }
}

extension RouteRule.Condition {
    /// What the API tells first of every route.
    func members(takenBy kind: HandlerKind, without prefix: PathPrefix?) -> JSONObject {
        var object = JSONObject()
        object["path"] = .string(text)
        object["methods"] = .array(methods.map { .string($0.description) })
        object["hosts"] = .array(hosts.map { .string($0.description) })
        object["handler"] = .string(kind.rawValue)
        if let prefix { object["stripPrefix"] = .string(prefix.description) }
        return object
    }
}

extension RateLimit {
    package init(json: JSONValue) throws(OperatorRefusal) {
        let object = try StrictObject(json, of: "a limit", known: ["path", "methods", "hosts", "requests", "window"])
        try self.init(
            on: object.condition(), requests: object.number("requests"), window: object.number("window"))
    }

    /// The window is in seconds. Methods and hosts are left out where none is named.
    package var json: JSONValue {
        var object: JSONObject = ["path": .string(condition.text)]
        if !condition.methods.isEmpty { object["methods"] = .array(condition.methods.map { .string($0.description) }) }
        if !condition.hosts.isEmpty { object["hosts"] = .array(condition.hosts.map { .string($0.description) }) }
        object["requests"] = .integer(requests)
        object["window"] = .integer(window)
        return .object(object)
    }
}

extension OperatorChange {
    /// - Parameter json: The path; and methods and hosts if not all are meant, where `*` alone stands for routes without any.
    package static func deletingRoutes(_ json: JSONValue) throws(OperatorRefusal) -> OperatorChange {
        .deleteRoutes(try RouteSelection(json, of: "a route to delete"))
    }

    /// - Parameter json: As for routes.
    package static func deletingLimits(_ json: JSONValue) throws(OperatorRefusal) -> OperatorChange {
        .deleteLimits(try RouteSelection(json, of: "a limit to delete"))
    }
}

extension RouteSelection {
    fileprivate init(_ json: JSONValue, of what: String) throws(OperatorRefusal) {
        let object = try StrictObject(json, of: what, known: ["path", "methods", "hosts"])
        self.init(
            path: try object.path(), methods: object.selection("methods", try object.methods()),
            hosts: object.selection("hosts", try object.hosts()))
    }
}

extension OperatorRules {
    /// The form of the file. Others are refused.
    private static let version = 1

    /// - Throws: What is wrong with it.
    package init(json: JSONValue) throws(OperatorRefusal) {
        let object = try StrictObject(json, of: "the file", known: ["version", "routes", "limits"])
        let version = try object.number("version")
        guard version == Self.version else {
            throw OperatorRefusal("its version is \(version), and this program knows \(Self.version)")
        }
        for route in try object.list("routes") {
            self = try applying(.addRoute(OperatorRoute(json: route)))
        }
        for limit in try object.list("limits") {
            self = try applying(.setLimit(RateLimit(json: limit)))
        }
    }

    package var json: JSONValue {
        [
            "version": .integer(Self.version), "routes": .array(routes.map(\.json)),
            "limits": .array(limits.map(\.json)),
        ]
    }
}

/// An object whose members are all known.
private struct StrictObject {
    private let object: JSONObject
    private let what: String

    init(_ json: JSONValue, of what: String, known: [String]) throws(OperatorRefusal) {
        guard case .object(let object) = json else { throw OperatorRefusal("\(what) is an object in JSON") }
        if let stranger = object.names.first(where: { !known.contains($0) }) {
            let near = NearestWord.one(to: stranger, in: known).map { "did you mean \($0)?" }
            throw OperatorRefusal(
                "\(what) has no member \(stranger.prefix(64)); \(near ?? "it has \(known.joined(separator: ", "))")")
        }
        self.object = object
        self.what = what
    }

    func text(_ name: String) throws(OperatorRefusal) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.stringValue else { throw OperatorRefusal("\(name) of \(what) is a text") }
        guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw OperatorRefusal("\(name) of \(what) has a control character")
        }
        return text
    }

    /// A text without blanks.
    func name(_ name: String, _ limit: Int) throws(OperatorRefusal) -> String? {
        guard let text = try text(name) else { return nil }
        guard text.utf8.count <= limit, !text.utf8.contains(0x20) else {
            throw OperatorRefusal("\(name) of \(what) is a name of at most \(limit) bytes, without blanks")
        }
        return text
    }

    func path() throws(OperatorRefusal) -> String {
        guard let path = try text("path"), !path.isEmpty else {
            throw OperatorRefusal("\(what) needs a path, such as /user")
        }
        guard path.utf8.count <= OperatorRoute.maximumPath else {
            throw OperatorRefusal("the path is longer than \(OperatorRoute.maximumPath) bytes")
        }
        return path
    }

    /// The most methods of a condition, and the most hosts.
    private static let maximumWords = 16

    func condition() throws(OperatorRefusal) -> RouteRule.Condition {
        let path = try path()
        let methods = try methods()
        let hosts = try hosts()
        guard methods.count <= Self.maximumWords, hosts.count <= Self.maximumWords else {
            throw OperatorRefusal("\(what) has at most \(Self.maximumWords) methods and as many hosts")
        }
        do throws(PathTemplate.Malformed) {
            return try RouteRule.Condition(path: path, methods: methods, hosts: hosts)
        } catch {
            throw OperatorRefusal("the path \(path.prefix(64)) is no template: \(error)")
        }
    }

    func number(_ name: String) throws(OperatorRefusal) -> Int {
        guard let number = object[name]?.intValue else {
            throw OperatorRefusal("\(what) needs \(name), a whole number")
        }
        return number
    }

    func truth(_ name: String) throws(OperatorRefusal) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let truth = value.boolValue else { throw OperatorRefusal("\(name) of \(what) is true or false") }
        return truth
    }

    func list(_ name: String) throws(OperatorRefusal) -> [JSONValue] {
        guard let value = object[name] else { return [] }
        guard let list = value.arrayValue else { throw OperatorRefusal("\(name) of \(what) is a list") }
        return list
    }

    func words(_ name: String) throws(OperatorRefusal) -> [String] {
        var words: [String] = []
        for value in try list(name) {
            guard let word = value.stringValue else { throw OperatorRefusal("\(name) of \(what) is a list of texts") }
            words.append(word)
        }
        return words
    }

    /// Which routes a list of words selects.
    ///
    /// - Parameter read: What the words mean; none for `*`.
    func selection<Word>(_ name: String, _ read: [Word]) -> RouteSelection.Words<Word> {
        guard read.isEmpty else { return .named(read) }
        return object[name]?.arrayValue?.isEmpty == false ? .unnamed : .any
    }

    /// The words of a list; none, too, for `*` alone, which stands for everything.
    private func choices(_ name: String) throws(OperatorRefusal) -> [String] {
        let words = try words(name)
        guard words.contains("*") else { return words }
        guard words.count == 1 else { throw OperatorRefusal("* stands for all \(name), and so alone") }
        return []
    }

    func hosts() throws(OperatorRefusal) -> [HostPattern] {
        var hosts: [HostPattern] = []
        for word in try choices("hosts") {
            do throws(PathTemplate.Malformed) {
                hosts.append(try HostPattern(word))
            } catch {
                throw OperatorRefusal("a host is wrong: \(error)")
            }
        }
        return hosts
    }

    /// Also none for `*`.
    func methods() throws(OperatorRefusal) -> [Method] {
        var methods: [Method] = []
        for word in try choices("methods") {
            guard let method = Method(word), word == word.uppercased() else {
                throw OperatorRefusal("\(word.prefix(64)) is no method, such as POST")
            }
            if !methods.contains(method) { methods.append(method) }
        }
        return methods
    }
}
