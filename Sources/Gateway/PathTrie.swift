package import HTTP

/// Values by method and path template. To find one costs a look for each segment of the path, however many there are.
///
/// At every segment a literal goes before `*`, and `*` before `**`. Only where the more special one leads nowhere, or has
/// not the method, the other is tried.
package struct PathTrie<Value: Sendable>: Sendable {
    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var one: Int?
        /// What follows a `**`, by how many segments that is, the most first.
        var rests: [(length: Int, node: Int)] = []
        var entries: [Entry] = []
    }

    private struct Entry: Sendable {
        /// Nil for every method.
        let method: Method?
        let template: PathTemplate
        let value: Value
    }

    private var nodes: [Node] = []
    private var root: Int?
    private var verbRoots: [String: Int] = [:]

    package init() {}

    package var isEmpty: Bool { nodes.isEmpty }

    /// - Parameter method: Nil for every method that has no value of its own.
    /// - Returns: The value that such a path has for that method already, which stays. Nil when the new one is in.
    package mutating func insert(_ value: Value, method: Method?, at template: PathTemplate) -> Value? {
        var node = rootNode(template.verb)
        for (index, segment) in template.segments.enumerated() {
            node = child(of: node, segment, left: template.segments.count - index - 1)
        }
        if let earlier = nodes[node].entries.first(where: { $0.method == method }) { return earlier.value }
        nodes[node].entries.append(Entry(method: method, template: template, value: value))
        return nil
    }

    private mutating func rootNode(_ verb: String?) -> Int {
        if let verb, let known = verbRoots[verb] { return known }
        if verb == nil, let root { return root }
        let new = add()
        if let verb { verbRoots[verb] = new } else { root = new }
        return new
    }

    private mutating func child(of node: Int, _ segment: PathTemplate.Segment, left: Int) -> Int {
        switch segment {
        case .literal(let text):
            if let known = nodes[node].literals[text] { return known }
            let new = add()
            nodes[node].literals[text] = new
            return new
        case .one:
            if let known = nodes[node].one { return known }
            let new = add()
            nodes[node].one = new
            return new
        case .rest:
            if let known = nodes[node].rests.first(where: { $0.length == left }) { return known.node }
            let new = add()
            let place = nodes[node].rests.firstIndex { $0.length < left } ?? nodes[node].rests.endIndex
            nodes[node].rests.insert((left, new), at: place)
            return new
        }
    }

    private mutating func add() -> Int {
        nodes.append(Node())
        return nodes.count - 1
    }

    // MARK: Finding

    /// What was found for a path.
    package struct Match {
        package let value: Value
        /// Fields and their values, decoded. Empty ones are left out.
        package let fields: [(name: String, value: String)]
    }

    /// Looks for the value of a request. `HEAD` is `GET` where it has no value of its own.
    ///
    /// - Parameter path: Still encoded. Its canonical form decides; an encoded slash is a part of its segment. A path that
    ///   is not UTF-8 when decoded has no value.
    package func match(_ method: Method, _ path: Span<UInt8>) -> Match? {
        isEmpty ? nil : PathParts(path).flatMap { match(method, $0) }
    }

    func match(_ method: Method, _ request: PathParts) -> Match? {
        guard !isEmpty else { return nil }
        if !verbRoots.isEmpty, let (verb, parts) = request.withoutVerb, let start = verbRoots[verb],
            let place = find(from: start, parts.segments, 0, method)
        {
            return match(at: place, parts)
        }
        guard let root, let place = find(from: root, request.segments, 0, method) else { return nil }
        return match(at: place, request)
    }

    /// Where an entry is: to hand it around itself would count references to all that it has.
    private typealias Place = (node: Int, entry: Int)

    private func match(at place: Place, _ parts: PathParts) -> Match {
        let entry = nodes[place.node].entries[place.entry]
        return Match(value: entry.value, fields: parts.fields(of: entry.template))
    }

    /// The methods that have a value for this path, sorted. For what to tell a client that asked with another one.
    package func methods(_ path: Span<UInt8>) -> [String] {
        isEmpty ? [] : PathParts(path).map(methods) ?? []
    }

    func methods(_ request: PathParts) -> [String] {
        var entries: [Entry] = []
        if let (verb, parts) = request.withoutVerb, let start = verbRoots[verb] {
            collect(&entries, from: start, parts.segments[...])
        }
        if let root { collect(&entries, from: root, request.segments[...]) }
        var names = Set(entries.compactMap { $0.method?.description })
        if names.contains("GET") { names.insert("HEAD") }
        return names.sorted()
    }

    private func collect(_ entries: inout [Entry], from index: Int, _ segments: ArraySlice<String>) {
        let node = nodes[index]
        if let first = segments.first {
            let left = segments.dropFirst()
            if let next = node.literals[first] { collect(&entries, from: next, left) }
            if !first.isEmpty, let next = node.one { collect(&entries, from: next, left) }
        } else {
            entries += node.entries
        }
        for rest in node.rests where rest.length <= segments.count {
            collect(&entries, from: rest.node, segments.suffix(rest.length))
        }
    }

    /// - Parameter start: The first segment that the nodes before have not taken.
    private func find(from node: Int, _ segments: [String], _ start: Int, _ method: Method) -> Place? {
        if start < segments.count {
            if let next = nodes[node].literals[segments[start]],
                let place = find(from: next, segments, start + 1, method)
            {
                return place
            }
            if let next = nodes[node].one, !segments[start].isEmpty,
                let place = find(from: next, segments, start + 1, method)
            {
                return place
            }
        } else if let entry = entry(of: node, method) {
            return (node, entry)
        }
        for index in nodes[node].rests.indices {
            let (length, next) = nodes[node].rests[index]
            guard length <= segments.count - start else { continue }
            if let place = find(from: next, segments, segments.count - length, method) { return place }
        }
        return nil
    }

    private func entry(of node: Int, _ method: Method) -> Int? {
        func first(_ wanted: Method?) -> Int? {
            for index in nodes[node].entries.indices where nodes[node].entries[index].method == wanted { return index }
            return nil
        }
        return first(method) ?? (method == .head ? first(.get) : nil) ?? first(nil)
    }
}
