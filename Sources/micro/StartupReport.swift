import Bytes
import Gateway
import Handlers
import JSON

/// What a starting appliance tells whoever started it. The facts come from the running parts, not from the
/// configuration: an address is the one that was really bound.
struct StartupReport: Sendable, Equatable {
    /// No more lines than these are written to a terminal, unless many gateways are listed. Of many warnings the last line
    /// gives the number.
    static let maximumLines = 12

    var version: String
    var command: CommandName
    var listeners: [Listener] = []
    var registry: RegistryFact?
    /// Where a person opens the dashboard.
    var dashboardURL: String?
    /// An example of what becomes of a request; see `mapping`.
    var mapping: String?
    var rpcAccess: RPCAccess?
    /// Sentences without a period, each with what to do about it.
    var warnings: [String] = []

    struct Listener: Sendable, Equatable {
        /// What answers there: `gateway`, `dashboard` or `proxy`.
        var name: String
        /// Which of several; nil for the one.
        var title: String?
        /// As bound, such as `[::]:8080`.
        var address: String
        /// More about it, such as `HTTP/1.1, no TLS` or what is behind it. May be empty.
        var note: String
    }

    struct RegistryFact: Sendable, Equatable {
        var name: String
        var interfaces: [String]
        /// Services seen so far.
        var serviceCount: Int
    }

    /// The sentence that shows the effect of resolver and namespace by one request.
    ///
    /// - Parameter destination: What the resolver in use makes of this request.
    static func mapping(
        method: String, path: String, destination: Destination, resolver: String, namespace: Namespace
    ) -> String {
        let namespace = namespace == .fixed("") ? "no namespace" : "namespace \(namespace)"
        return "\(method) \(path) -> service \(destination.service), endpoint \(destination.endpoint)"
            + " (resolver \(resolver), \(namespace))"
    }

    /// Aligned lines for a terminal.
    var text: String {
        let facts = self.facts
        let room = Self.maximumLines - 1 - facts.count
        var rows = facts.map { (label: $0.label, sentence: $0.sentence) }
        let shown = warnings.count <= room ? warnings.count : max(0, room - 1)
        rows += warnings.prefix(shown).map { ("warning", $0) }
        if shown < warnings.count { rows.append(("warning", "and \(warnings.count - shown) more: see the log")) }
        let width = rows.map(\.label.count).max() ?? 0
        let lines = rows.map { row in
            "  \(row.label)\(String(repeating: " ", count: width - row.label.count))  \(row.sentence.asOneLine)\n"
        }
        return "micro \(version), \(command.rawValue)\n" + lines.joined()
    }

    /// One JSON object on each line, one line for each fact, for whoever is no terminal.
    func jsonLines(at time: Moment) -> String {
        let start = Fact(label: "start", sentence: "micro \(version) starts", members: ["command": command.json])
        let facts = [start] + facts + warnings.map { Fact(label: "warning", sentence: $0, members: [:]) }
        return facts.map { fact in
            var object: JSONObject = [
                "time": .string(time.text(.milliseconds)), "level": fact.label == "warning" ? "warning" : "info",
                "message": .string(fact.sentence), "fact": .string(fact.label),
            ]
            for (name, value) in fact.members { object[name] = value }
            return JSONValue.object(object).text(JSONStyle(escapesHTML: false)) + "\n"
        }.joined()
    }

    private struct Fact {
        let label: String
        let sentence: String
        let members: JSONObject
    }

    private var facts: [Fact] {
        var facts = listeners.map { listener in
            Fact(
                label: listener.name,
                sentence: [listener.title, listener.address, listener.note.isEmpty ? nil : listener.note]
                    .compactMap(\.self).joined(separator: ", "),
                members: listener.members)
        }
        if let registry { facts.append(Self.fact(of: registry)) }
        if let url = dashboardURL { facts.append(Fact(label: "open", sentence: url, members: ["url": .string(url)])) }
        if let mapping { facts.append(Fact(label: "example", sentence: mapping, members: [:])) }
        if let rpcAccess {
            facts.append(
                Fact(label: "/rpc", sentence: rpcAccess.sentence, members: ["access": .string(rpcAccess.rawValue)]))
        }
        return facts
    }

    private static func fact(of registry: RegistryFact) -> Fact {
        let place = registry.interfaces.isEmpty ? "" : " on \(registry.interfaces.joined(separator: ", "))"
        let count = registry.serviceCount == 1 ? "1 service" : "\(registry.serviceCount) services"
        return Fact(
            label: "registry", sentence: "\(registry.name)\(place), \(count) so far",
            members: [
                "registry": .string(registry.name), "interfaces": .array(registry.interfaces.map { .string($0) }),
                "services": .integer(registry.serviceCount),
            ])
    }
}

extension StartupReport.Listener {
    fileprivate var members: JSONObject {
        var members: JSONObject = ["address": .string(address), "note": .string(note)]
        if let title { members["name"] = .string(title) }
        return members
    }
}

extension CommandName {
    fileprivate var json: JSONValue { .string(rawValue) }
}

extension RPCAccess {
    /// Whom it is for, in one line with other facts.
    var audience: String {
        switch self {
        case .thisMachine: "this machine"
        case .everyone: "everyone"
        case .nobody: "nobody"
        }
    }

    /// For the startup report.
    var sentence: String {
        switch self {
        case .thisMachine: "calls any service for clients on this machine; --enable_rpc=true for everyone"
        case .everyone: "calls any service for everyone who reaches the gateway"
        case .nobody: "off"
        }
    }
}
