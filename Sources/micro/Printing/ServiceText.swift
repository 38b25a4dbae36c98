import Gateway

/// Services as `micro list services` and `micro get service` print them. Texts end with a line feed unless empty.
///
/// Names come from the network, so control characters are escaped: a terminal would obey them.
enum ServiceText {
    /// One name for each record, sorted; a service in two versions is there twice.
    static func list(_ services: [Service]) -> String {
        services.map(\.name.asOneLine).sorted().map { "\($0)\n" }.joined()
    }

    /// Every version with its nodes, then the endpoints of the first version.
    static func details(_ versions: [Service]) -> String {
        guard let first = versions.first else { return "" }
        var lines = ["service  \(first.name.asOneLine)"]
        for service in versions {
            if !service.version.isEmpty { lines += ["", "version \(service.version.asOneLine)"] }
            lines += ["", "ID\tAddress\tMetadata"]
            lines += service.nodes.map { "\($0.id.asOneLine)\t\($0.address.asOneLine)\t\(pairs($0.metadata))" }
        }
        for endpoint in first.endpoints { lines += self.lines(of: endpoint) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(of endpoint: Endpoint) -> [String] {
        var lines = ["", "Endpoint: \(endpoint.name.asOneLine)", ""]
        if !endpoint.metadata.isEmpty { lines += ["Metadata: \(pairs(endpoint.metadata))", ""] }
        lines += ["Request: \(block(endpoint.request))", "", "Response: \(block(endpoint.response))", ""]
        return lines
    }

    /// `a=b,c=d`, sorted.
    private static func pairs(_ metadata: [String: String]) -> String {
        metadata.sorted { $0.key < $1.key }.map { "\($0.asOneLine)=\($1.asOneLine)" }.joined(separator: ",")
    }

    /// `{}`, or a block with one field on each line.
    private static func block(_ message: FieldDescription?) -> String {
        guard let message, !message.fields.isEmpty else { return "{}" }
        return "{\n" + message.fields.map { lines(of: $0, depth: 1) }.joined() + "}"
    }

    private static func lines(of field: FieldDescription, depth: Int) -> String {
        let indentation = String(repeating: "\t", count: depth)
        let head = "\(indentation)\(field.name.snakeCased.asOneLine) \(field.type.asOneLine)"
        guard !field.fields.isEmpty else { return "\(head)\n" }
        return "\(head) {\n" + field.fields.map { lines(of: $0, depth: depth + 1) }.joined() + "\(indentation)}\n"
    }
}

extension String {
    /// `MessageState` as `message_state`, `UserID` as `user_id`, `HTTPServer` as `http_server`.
    var snakeCased: String {
        let letters = Array(self)
        var result = ""
        for (index, letter) in letters.enumerated() {
            if letter.isUppercase, index > 0, letters[index - 1] != "_" {
                let followsSmall = !letters[index - 1].isUppercase
                let beginsWord = index + 1 < letters.count && letters[index + 1].isLowercase
                if followsSmall || beginsWord { result.append("_") }
            }
            result += letter.lowercased()
        }
        return result
    }
}
