import ArgumentParser

/// `micro version`.
struct VersionCommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: CommandName.version.summary.asAbstract)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        context.terminal.print(Version.text)
        return ExitCode.success
    }
}
