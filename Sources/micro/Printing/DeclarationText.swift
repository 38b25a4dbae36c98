import JSON

/// What is declared, one line for each. Texts end with a line feed unless empty.
enum DeclarationText {
    /// Such as `POST /user -> rpc user-service User.Create`, and what it comes from, where that is told.
    static func routes(_ routes: [JSONValue]) -> String {
        routes.map { route in
            let methods = words(route["methods"]).joined(separator: ",")
            let service = text(route["service"])
            let target = [text(route["handler"]), service, text(route["endpoint"])]
            let hosts = words(route["hosts"]).joined(separator: ",")
            let condition = "\(methods.isEmpty ? "any" : methods) \(hosts)\(text(route["path"]))"
            var line = "\(condition) -> \(target.filter { !$0.isEmpty }.joined(separator: " "))"
            let others = otherNames(of: service, in: route)
            if !others.isEmpty { line += " (or \(others.joined(separator: ", ")))" }
            if let prefix = route["stripPrefix"]?.stringValue { line += ", without \(prefix)" }
            if let origin = route["origin"]?.stringValue { line += " # \(origin)" }
            let winners = words(route["yieldsTo"])
            if !winners.isEmpty { line += "; yields to \(winners.joined(separator: "; "))" }
            return "\(line.asOneLine)\n"
        }.joined()
    }

    /// Such as `/user 100 requests in 1m`.
    static func limits(_ limits: [JSONValue]) -> String {
        limits.map { limit in
            let window = DurationText.text(.seconds(limit["window"]?.intValue ?? 0))
            let line = "\(text(limit["path"])) \(limit["requests"]?.intValue ?? 0) requests in \(window)"
            return "\(line.asOneLine)\n"
        }.joined()
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
