import JSON

/// What is declared, one line for each. Texts end with a line feed unless empty.
enum DeclarationText {
    /// Such as `POST /user -> rpc user-service User.Create`, and what it comes from, where that is told.
    static func routes(_ routes: [JSONValue]) -> String {
        routes.map { route in
            let service = text(route["service"])
            let target = [text(route["handler"]), service, text(route["endpoint"])]
            var line = "\(condition(of: route)) -> \(target.filter { !$0.isEmpty }.joined(separator: " "))"
            let others = otherNames(of: service, in: route)
            if !others.isEmpty { line += " (or \(others.joined(separator: ", ")))" }
            if let prefix = route["stripPrefix"]?.stringValue { line += ", without \(prefix)" }
            if let origin = route["origin"]?.stringValue { line += " # \(origin)" }
            let winners = words(route["yieldsTo"])
            if !winners.isEmpty { line += "; yields to \(winners.joined(separator: "; "))" }
            return "\(line.asOneLine)\n"
        }.joined()
    }

    /// Such as `/user 100 requests in 1m`, or `POST a.example/user 100 requests in 1m`.
    static func limits(_ limits: [JSONValue]) -> String {
        limits.map { limit in
            let window = DurationText.text(.seconds(limit["window"]?.intValue ?? 0))
            let isForPath = words(limit["methods"]).isEmpty && words(limit["hosts"]).isEmpty
            let name = isForPath ? text(limit["path"]) : condition(of: limit)
            let line = "\(name) \(limit["requests"]?.intValue ?? 0) requests in \(window)"
            return "\(line.asOneLine)\n"
        }.joined()
    }

    /// Such as `GET,POST a.example/user`.
    private static func condition(of declaration: JSONValue) -> String {
        let methods = words(declaration["methods"]).joined(separator: ",")
        let hosts = words(declaration["hosts"]).joined(separator: ",")
        return "\(methods.isEmpty ? "any" : methods) \(hosts)\(text(declaration["path"]))"
    }

    /// Under what names the service may be registered besides.
    private static func otherNames(of service: String, in route: JSONValue) -> [String] {
        if route["services"] != nil { return Array(words(route["services"]).dropFirst()) }
        let namespace = text(route["namespace"])
        let isWithin = service.isEmpty || namespace.isEmpty || service.hasPrefix("\(namespace).")
        return isWithin ? [] : ["\(namespace).\(service)"]
    }

    private static func text(_ value: JSONValue?) -> String { value?.stringValue ?? "" }

    private static func words(_ list: JSONValue?) -> [String] { (list?.arrayValue ?? []).compactMap(\.stringValue) }
}
