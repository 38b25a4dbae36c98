import JSON

/// What operators have declared, one line for each. Texts end with a line feed unless empty.
enum DeclarationText {
    /// Such as `POST /user -> rpc user-service User.Create`.
    static func routes(_ routes: [JSONValue]) -> String {
        routes.map { route in
            let methods = words(route["methods"]).joined(separator: ",")
            let service = route["service"]?.stringValue ?? ""
            let target = [route["handler"]?.stringValue ?? "", service, route["endpoint"]?.stringValue ?? ""]
            let hosts = words(route["hosts"]).joined(separator: ",")
            let condition = "\(methods.isEmpty ? "any" : methods) \(hosts)\(route["path"]?.stringValue ?? "")"
            let line = "\(condition) -> \(target.filter { !$0.isEmpty }.joined(separator: " "))"
            let namespace = route["namespace"]?.stringValue ?? ""
            let isWithin = service.isEmpty || namespace.isEmpty || service.hasPrefix("\(namespace).")
            return "\((line + (isWithin ? "" : " (or \(namespace).\(service))")).asOneLine)\n"
        }.joined()
    }

    /// Such as `/user 100 requests in 1m`.
    static func limits(_ limits: [JSONValue]) -> String {
        limits.map { limit in
            let window = DurationText.text(.seconds(limit["window"]?.intValue ?? 0))
            let line = "\(limit["path"]?.stringValue ?? "") \(limit["requests"]?.intValue ?? 0) requests in \(window)"
            return "\(line.asOneLine)\n"
        }.joined()
    }

    private static func words(_ list: JSONValue?) -> [String] { (list?.arrayValue ?? []).compactMap(\.stringValue) }
}
