import Gateway

/// Every setting of a command with its value and who gave it, then the gateways, routes and rules of the file, as
/// `micro config show` prints them.
struct EffectiveSettings {
    /// What nobody may read over a shoulder, or is longer than anybody would.
    private static let hidden: Set<SettingKey> = [.acmeEABKey, .authToken, .authPublicKey]
    /// Fixed, so that lines of different files can be compared. What is longer moves the rest of its line.
    private static let widths = (name: 36, value: 24)

    private let rows: [[String]]

    init(_ settings: Settings) {
        var rows = [["setting", "value", "from"]]
        for setting in Setting.all where setting.commands.contains(settings.command) {
            rows.append(Self.row(setting.key.rawValue, setting.key, settings))
        }
        for gateway in settings.gateways {
            let own = settings.with(gateway.values)
            for key in Setting.ofOneGateway {
                rows.append(Self.row("listeners.\(gateway.name).\(Setting.row(key).shownFlag(in: .api))", key, own))
            }
        }
        for rule in settings.file?.routes ?? [] {
            let target = (rule.services + [rule.endpoint]).filter { !$0.isEmpty }.joined(separator: " ")
            rows.append([
                "route \(rule.condition)", "\(rule.kind.rawValue) \(target)",
                rule.origin.split(separator: " ", maxSplits: 2).last.map(String.init) ?? "",
            ])
        }
        for rule in settings.file?.rules ?? [] {
            rows.append([
                "rule \(rule.resource)", "\(rule.isGranted ? "granted" : "denied") \(rule.scope)",
                "\(rule.id)\(rule.priority == 0 ? "" : ", priority \(rule.priority)")",
            ])
        }
        self.rows = rows
    }

    /// Three columns: name, value, origin.
    var text: String {
        rows.map { row in
            "\(row[0].padded(to: Self.widths.name))  \(row[1].padded(to: Self.widths.value))  \(row[2])\n"
        }.joined()
    }

    private static func row(_ name: String, _ key: SettingKey, _ settings: Settings) -> [String] {
        guard let resolved = settings.resolved(key) else { return [name, "-", "default"] }
        let value = hidden.contains(key) ? "(not shown)" : resolved.text.asOneLine
        let isPlain = !value.isEmpty && value.first != " " && value.last != " "
        return [name, isPlain ? value : "\"\(value)\"", resolved.origin.source]
    }
}

extension Settings.Origin {
    /// The flag, the variable or the place alone.
    fileprivate var source: String {
        switch self {
        case .flag(let name), .environment(let name), .file(let name): name
        case .fallback: "default"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
