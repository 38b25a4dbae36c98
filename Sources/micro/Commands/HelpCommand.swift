import ArgumentParser
import Gateway

/// `micro help [COMMAND]`.
struct HelpCommand: MicroCommand {
    static let configuration = CommandConfiguration(.help)

    @Argument(help: "A command, which may be two words, or settings.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        context.terminal.print(try Self.text(about: words.isEmpty ? nil : words.joined(separator: " ")))
        return ExitCode.success
    }

    static func text(about topic: String?) throws(CommandFailure) -> String {
        guard let topic else { return HelpText.program() }
        if topic == "settings" { return HelpText.settings() }
        guard let command = CommandName(rawValue: topic) else {
            let near = NearestWord.one(to: topic, in: CommandName.allCases.map(\.rawValue) + ["settings"])
            throw .usage("no help about \(topic)\(near.map { "; did you mean micro help \($0)?" } ?? "")")
        }
        return HelpText.command(command)
    }
}
