/// One row of the table of settings: everything that is known about it before anyone gives it a value.
struct Setting: Sendable {
    let key: SettingKey
    let kind: SettingKind
    /// The variables that give its value; the first that is set and not empty wins.
    let environment: [String]
    /// The value when nobody gives one, as it would be typed. Nil when there is none.
    let fallback: String?
    let commands: Set<CommandName>
    /// Other names of the flag, and the commands that know it by them.
    let shortNames: [ShortName]
    /// One sentence, without the default and the words allowed.
    let help: String
    let group: Group
    /// Shown in the help of its commands; the others only in `micro help settings`.
    let isCommon: Bool

    /// Another name of a flag, for some commands only.
    struct ShortName: Sendable {
        let name: String
        let commands: Set<CommandName>
    }

    /// The headings of the help.
    enum Group: String, CaseIterable, Sendable {
        case sources = "Configuration"
        case listening = "Listening"
        case routing = "Routing"
        case discovery = "Services"
        case calls = "Calls"
        case encryption = "Security"
        case limits = "Limits"
        case logs = "Logs"
        case output = "Output"
    }

    init(
        _ key: SettingKey, _ kind: SettingKind, _ environment: [String], default fallback: String? = nil,
        in commands: Set<CommandName>, as shortNames: [ShortName] = [], group: Group, isCommon: Bool = false,
        _ help: String
    ) {
        self.key = key
        self.kind = kind
        self.environment = environment
        self.fallback = fallback
        self.commands = commands
        self.shortNames = shortNames
        self.group = group
        self.isCommon = isCommon
        self.help = help
    }

    /// A row whose variable has the name of its key; of every command that serves unless it says so.
    static func row(
        _ key: SettingKey, _ kind: SettingKind, default fallback: String? = nil,
        in commands: Set<CommandName> = CommandName.serving, group: Group, isCommon: Bool = false, _ help: String
    ) -> Setting {
        Setting(
            key, kind, ["MICRO_\(key.rawValue.uppercased())"], default: fallback, in: commands, group: group,
            isCommon: isCommon, help)
    }

    /// Its flags in a command, without dashes, the one to show first.
    func flags(in command: CommandName) -> [String] {
        guard commands.contains(command) else { return [] }
        return shortNames.filter { $0.commands.contains(command) }.map(\.name) + [key.rawValue]
    }

    /// Every name of its flag in any command.
    var allFlags: [String] { shortNames.map(\.name) + [key.rawValue] }
}

extension Setting {
    /// The setting that a command knows by this flag.
    static func named(_ flag: String, in command: CommandName) -> Setting? {
        all.first { $0.flags(in: command).contains(flag) }
    }

    /// Every flag of a command, without dashes.
    static func flags(of command: CommandName) -> [String] { all.flatMap { $0.flags(in: command) } }

    /// The row of a key.
    static func row(_ key: SettingKey) -> Setting {
        guard let setting = byKey[key] else { preconditionFailure("the table of settings lacks \(key.rawValue)") }
        return setting
    }

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
}
