import ArgumentParser
import Gateway

/// `micro config check [FILE]` and `micro config show [COMMAND]`.
struct ConfigCommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: CommandName.config.summary.asAbstract)

    /// What can be asked.
    static let actions = ["check", "show"]

    @Argument(help: "check or show.")
    var action: String?

    @Argument(help: "A file to check, or the command whose settings to show.")
    var object: String?

    /// Whose settings are meant, and the flags with which it would be started: those that stand in the command line, and
    /// the file to check.
    static func subject(of invocation: Invocation) -> (command: CommandName, flags: [GivenFlag]) {
        let object = invocation.words.dropFirst().first
        switch invocation.words.first {
        case "check":
            let file = object.map { GivenFlag(name: "config", value: $0, spelling: "config check") }
            return (.server, invocation.flags + [file].compactMap(\.self))
        case "show":
            let command = object.flatMap(CommandName.init).flatMap { $0.isServing ? $0 : nil }
            return (command ?? .server, invocation.flags)
        default: return (.server, invocation.flags)
        }
    }

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        switch action {
        case "check": context.terminal.print(try Self.verdict(context.settings))
        case "show":
            if let object, CommandName(rawValue: object)?.isServing != true {
                let serving = CommandName.allCases.filter(\.isServing).map(\.rawValue)
                let near = NearestWord.one(to: object, in: serving)
                throw .usage(
                    "micro config show needs a command that serves: \(serving.joinedAsChoice)\(near.asQuestion)")
            }
            context.terminal.print(EffectiveSettings(context.settings).text)
        default:
            let near = action.flatMap { NearestWord.one(to: $0, in: Self.actions) }
            throw .usage("micro config needs check or show\(near.map { "micro config \($0)" }.asQuestion)")
        }
        return ExitCode.success
    }

    /// What is right has been found out before: else the command is not run.
    private static func verdict(_ settings: Settings) throws(CommandFailure) -> String {
        guard let file = settings.file else {
            throw .usage("micro config check needs a file, such as micro config check micro.yaml")
        }
        return "\(file.path) is fine: \(file.summary)\n"
    }
}

extension ConfigurationFile {
    /// What it has of what.
    fileprivate var summary: String {
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
        var counts = [count(values.count, "setting"), count(gateways.count, "gateway"), count(routes.count, "route")]
        if !rules.isEmpty { counts.append(count(rules.count, "rule")) }
        return counts.joined(separator: ", ")
    }
}
