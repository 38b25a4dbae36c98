import Gateway

/// Finds the value of every setting of a command, and everything that is wrong with what was given.
struct SettingsResolution {
    let command: CommandName
    let flags: [GivenFlag]
    let environment: [String: String]
    let read: Settings.FileReader
    private(set) var values: [SettingKey: Settings.Resolved] = [:]
    /// Nil without one, and when it is of no use.
    private(set) var file: ConfigurationFile?
    private(set) var problems: [Problem] = []
    private(set) var warnings: [String] = []

    init(
        command: CommandName, flags: [GivenFlag], environment: [String: String], read: @escaping Settings.FileReader
    ) {
        self.read = read
        self.command = command
        self.flags = flags
        self.environment = environment
    }

    mutating func run() {
        for flag in flags where Setting.named(flag.name, in: command) == nil { judgeForeign(flag) }
        readFile()
        let isFileUnusable = !problems.isEmpty && values[.config] != nil && file == nil
        for setting in Setting.all where setting.commands.contains(command) { resolve(setting) }
        // What a file would have said may be what is missing.
        if !isFileUnusable { judgeTogether() }
        judgeEnvironment()
    }

    private mutating func judgeTogether() {
        judgeCombinations()
        judgeListeners()
        let encryption = EncryptionRules(Settings(command: command, values: values))
        problems += encryption.problems
        warnings += encryption.warnings
        let access = AccessJudgement(Settings(command: command, values: values), rules: file?.rules ?? [])
        problems += access.problems
        warnings += access.warnings
    }

    /// Reads the configuration file, where one is named. When anything in it is wrong, nothing of it is used.
    private mutating func readFile() {
        guard Setting.row(.config).commands.contains(command) else { return }
        resolve(Setting.row(.config))
        guard case .text(let path) = values[.config]?.value, !path.isEmpty else { return }
        do throws(Unreadable) {
            let reading = ConfigurationReader.read(path, try read(path))
            problems += reading.problems
            warnings += reading.file.warnings
            if reading.problems.isEmpty { file = reading.file }
        } catch {
            let origin = values[.config]?.origin ?? .fallback
            problems.append(.configuration("the configuration file \(path) (\(origin)) \(error.reason)"))
        }
    }

    /// What every gateway of a list says itself is said in vain elsewhere.
    private mutating func judgeListeners() {
        let gateways = Settings(command: command, values: values, file: file).gateways
        guard !gateways.isEmpty else { return }
        for key in Setting.ofOneGateway {
            guard let given = values[key], given.origin != .fallback, gateways.allSatisfy({ $0.values[key] != nil })
            else {
                continue
            }
            warnings.append(
                "\(key.rawValue) (\(given.origin)) has no effect: every gateway in the configuration file has its own")
        }
    }

    /// Values that are right by themselves and wrong together.
    private mutating func judgeCombinations() {
        let settings = Settings(command: command, values: values)
        if let lifetime = settings.duration(.registerTTL), let interval = settings.duration(.registerInterval),
            interval >= lifetime
        {
            problems.append(
                .configuration(
                    "register_interval must be less than register_ttl, or registrations end before they are renewed:"
                        + " \(DurationText.text(interval)) (\(settings.origin(.registerInterval)))"
                        + " is not less than \(DurationText.text(lifetime)) (\(settings.origin(.registerTTL)))"))
        }
        if !settings.list(.registryAddress).isEmpty, let registry = settings.text(.registry) {
            warnings.append("registry_address has no effect: registry \(registry) has no address")
        }
        if settings.isGiven(.brokerAddress), settings.text(.broker) == "memory" {
            warnings.append("broker_address has no effect: broker memory has no address")
        }
        judgeWebServices(settings)
    }

    private mutating func judgeWebServices(_ settings: Settings) {
        if let text = settings.text(.webURL), WebHost.name(in: text) == nil {
            problems.append(
                .configuration(
                    "web_url=\(text) (\(settings.origin(.webURL))) is no host name: write one such as web.example.com"))
        }
    }

    private mutating func resolve(_ setting: Setting) {
        let names = setting.flags(in: command)
        let given = flags.filter { names.contains($0.name) }
        if let last = given.last {
            // What is a list may come in pieces; of anything else the last word counts.
            let text = setting.kind.isList ? given.map(\.text).joined(separator: ",") : last.text
            take(text, for: setting, shown: "\(last.spelling)=\(text)", from: .flag(last.spelling))
        } else if let variable = setting.environment.first(where: { !(environment[$0] ?? "").isEmpty }) {
            let text = environment[variable] ?? ""
            take(text, for: setting, shown: "\(variable)=\(text)", from: .environment(variable))
        } else if let value = file?.values[setting.key] {
            values[setting.key] = value
        } else if let fallback = setting.fallback {
            take(fallback, for: setting, shown: fallback, from: .fallback)
        }
    }

    private mutating func take(_ text: String, for setting: Setting, shown: String, from origin: Settings.Origin) {
        do throws(BadSettingValue) {
            values[setting.key] = Settings.Resolved(value: try setting.kind.value(of: text), text: text, origin: origin)
        } catch {
            problems.append(.configuration(error.sentence(about: shown)))
        }
    }

    /// A flag that no setting of the command has.
    private mutating func judgeForeign(_ flag: GivenFlag) {
        if let foreign = ForeignSetting.named(flag.name) {
            return judge(foreign, shown: flag.spelling, text: flag.text)
        }
        let owners = CommandName.allCases.filter { Setting.named(flag.name, in: $0) != nil }
        guard owners.isEmpty else {
            let list = owners.map { "micro \($0.rawValue)" }.joinedAsChoice
            return problems.append(
                .usage("\(flag.spelling) has no meaning for micro \(command.rawValue); it is a flag of \(list)"))
        }
        let near = NearestWord.one(to: flag.name, in: Setting.flags(of: command) + ["help", "version"])
        let question = near.map { "--\($0)" }.asQuestion
        problems.append(
            .usage(
                "unknown flag \(flag.spelling)\(question)"
                    + (near == nil ? "; see micro \(command.rawValue) --help" : "")))
    }

    private mutating func judge(_ foreign: ForeignSetting, shown: String, text: String) {
        switch foreign.verdict {
        case .notYet:
            // Switched off is what we do anyway.
            if foreign.isBoolean, (try? SettingKind.boolean.value(of: text)) == .boolean(false) { return }
            problems.append(.configuration("\(shown) is not supported yet: leave it out"))
        case .noEffect(let reason): warnings.append("\(shown) has no effect: \(reason)")
        }
    }

    /// Variables with our prefix that are no setting's: those of the original, and misspelt ones.
    private mutating func judgeEnvironment() {
        for (variable, text) in environment.sorted(by: { $0.key < $1.key }) {
            guard variable.hasPrefix("MICRO_"), !text.isEmpty, !Self.variables.contains(variable) else { continue }
            if let foreign = ForeignSetting.all.first(where: { $0.environment.contains(variable) }) {
                if command.isServing { judge(foreign, shown: variable, text: text) }
            } else {
                // All begin alike, which makes none of them near.
                let name = String(variable.dropFirst("MICRO_".count))
                let names = Self.variables.sorted().map { String($0.dropFirst("MICRO_".count)) }
                let near = NearestWord.one(to: name, in: names).map { "MICRO_\($0)" }
                warnings.append("\(variable) is no variable of micro and has no effect\(near.asQuestion)")
            }
        }
    }

    private static let variables = Set(Setting.all.flatMap(\.environment))
}

extension BadSettingValue {
    /// - Parameter shown: The value with the name of what it is for, as it was given.
    func sentence(about shown: String) -> String {
        if isNotYetSupported { return "\(shown) is not supported yet: use \(expected)" }
        return "\(shown) is not \(expected)\(suggestion.asQuestion)"
    }
}

extension String? {
    /// What was probably meant, for the end of a sentence. Empty without it.
    var asQuestion: String { map { "; did you mean \($0)?" } ?? "" }
}

extension SettingKind {
    /// True when the flag may be given several times.
    var isList: Bool {
        switch self {
        case .list, .addressRanges, .origins, .staticNodes: true
        case .text, .boolean, .duration, .size, .integer, .word, .address: false
        }
    }
}

extension GivenFlag {
    /// A boolean without a value is true.
    fileprivate var text: String { value ?? "true" }
}
