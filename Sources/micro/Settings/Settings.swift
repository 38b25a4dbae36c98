import Gateway
import Reactor

/// The values of a command's settings, and who gave them: a flag, else a variable, else a file, else nobody.
struct Settings: Sendable {
    let command: CommandName
    private let values: [SettingKey: Resolved]
    /// What a configuration file says beside the settings. Nil without one.
    let file: ConfigurationFile?

    init(command: CommandName, values: [SettingKey: Resolved], file: ConfigurationFile? = nil) {
        self.command = command
        self.values = values
        self.file = file
    }

    /// Gives the content of a file, or says why it cannot.
    typealias FileReader = (_ path: String) throws(Unreadable) -> [UInt8]

    struct Resolved: Sendable, Equatable {
        let value: SettingValue
        /// As it was typed.
        let text: String
        let origin: Origin
    }

    /// Who gave a value.
    enum Origin: Sendable, Equatable, CustomStringConvertible {
        /// A flag, as it was typed, with its dashes.
        case flag(String)
        case environment(String)
        /// A configuration file, as `FILE:LINE`.
        case file(String)
        case fallback

        var isFlag: Bool { if case .flag = self { true } else { false } }

        var description: String {
            switch self {
            case .flag(let flag): "from \(flag)"
            case .environment(let variable): "from \(variable)"
            case .file(let place): "from \(place)"
            case .fallback: "default"
            }
        }
    }

    /// What was found out about the settings of one command.
    struct Outcome: Sendable {
        let settings: Settings
        /// Reasons not to go on.
        let problems: [Problem]
        /// What has no effect, and what to write instead; sentences without a period.
        let warnings: [String]
    }

    static func resolve(
        _ command: CommandName, flags: [GivenFlag], environment: [String: String],
        read: @escaping FileReader = ConfigurationFile.content
    ) -> Outcome {
        var resolution = SettingsResolution(command: command, flags: flags, environment: environment, read: read)
        resolution.run()
        return Outcome(
            settings: Settings(command: command, values: resolution.values, file: resolution.file),
            problems: resolution.problems,
            warnings: resolution.warnings)
    }

    /// The gateways that a configuration file lists, for a command that has gateways.
    var gateways: [ConfigurationFile.Gateway] {
        Setting.row(.apiAddress).commands.contains(command) ? file?.gateways ?? [] : []
    }

    /// The same settings for one gateway of a list, which says some of them itself.
    func with(_ own: [SettingKey: Resolved]) -> Settings {
        Settings(command: command, values: values.merging(own) { $1 }, file: file)
    }

    /// The value and its origin; nil when nobody gave one and there is no default.
    func resolved(_ key: SettingKey) -> Resolved? { values[key] }

    /// Who gave the value.
    func origin(_ key: SettingKey) -> Origin { values[key]?.origin ?? .fallback }

    /// True when the value is not the default.
    func isGiven(_ key: SettingKey) -> Bool { origin(key) != .fallback }

    func text(_ key: SettingKey) -> String? {
        if case .text(let text) = values[key]?.value { text } else { nil }
    }

    func boolean(_ key: SettingKey) -> Bool? {
        if case .boolean(let truth) = values[key]?.value { truth } else { nil }
    }

    func duration(_ key: SettingKey) -> Duration? {
        if case .duration(let duration) = values[key]?.value { duration } else { nil }
    }

    /// An integer, or a size in bytes.
    func number(_ key: SettingKey) -> Int? {
        if case .number(let number) = values[key]?.value { number } else { nil }
    }

    func list(_ key: SettingKey) -> [String] {
        if case .list(let words) = values[key]?.value { words } else { [] }
    }

    func addressRanges(_ key: SettingKey) -> [AddressRange] {
        if case .addressRanges(let ranges) = values[key]?.value { ranges } else { [] }
    }

    func staticNodes(_ key: SettingKey) -> [StaticNode] {
        if case .staticNodes(let nodes) = values[key]?.value { nodes } else { [] }
    }

    func address(_ key: SettingKey) -> ListenAddress? {
        if case .address(let address) = values[key]?.value { address } else { nil }
    }
}
