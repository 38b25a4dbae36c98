import JSON

/// An explanation for people: what was decided, and below it everything that was looked at.
struct ExplanationText {
    private let data: JSONValue

    /// - Parameter data: As `GET /api/explain` answers it.
    init(_ data: JSONValue) { self.data = data }

    var text: String {
        var lines = ["\(string(data["request"]?["method"])) \(string(data["request"]?["path"]))"]
        lines[0] += " for host \(string(data["request"]?["host"]))"
        lines.append("  \(string(data["sentence"]))")
        if let limit = data["limit"] { lines.append("limit: \(string(limit))") }
        if let access = data["access"]?["sentence"] { lines.append("access: \(string(access))") }
        if data["ownAnswer"] == nil { lines += routes + resolver + nodes + pairs("sends", "would send") }
        return lines.map { "\($0.asOneLine)\n" }.joined()
    }

    private var routes: [String] {
        let tried = data["tried"]?.arrayValue ?? []
        let count = Int(data["declaredRoutes"]?.text() ?? "") ?? 0
        guard !tried.isEmpty else { return ["routes: none of \(count) declared ones is for this path"] }
        return ["routes, of \(count) declared ones:"]
            + tried.map { route in
                let mark = route["wins"] == .bool(true) ? "*" : "-"
                return "  \(mark) \(string(route["route"])): \(string(route["reason"])) (\(string(route["origin"])))"
            }
    }

    private var resolver: [String] {
        guard let resolved = data["resolved"] else { return [] }
        return [
            "resolver \(string(data["resolver"])), namespace \(string(data["namespace"])):"
                + " service \(string(resolved["service"])), endpoint \(string(resolved["endpoint"]))"
        ]
    }

    private var nodes: [String] {
        let nodes = data["nodes"]?.arrayValue ?? []
        guard !nodes.isEmpty else { return [] }
        return ["nodes:"]
            + nodes.map { node in
                "  \(node["canBeAsked"] == .bool(true) ? "*" : "-") \(string(node["id"])) at \(string(node["address"])),"
                    + " version \(string(node["version"])), speaks \(string(node["speaks"])): \(string(node["state"]))"
            }
    }

    private func pairs(_ name: String, _ heading: String) -> [String] {
        guard case .object(let object)? = data[name] else { return [] }
        return ["\(heading):"] + object.map { "  \($0.0): \(string($0.1))" }
    }

    private func string(_ value: JSONValue?) -> String {
        if case .string(let text)? = value { text } else { value?.text() ?? "" }
    }
}
