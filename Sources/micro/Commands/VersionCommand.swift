import ArgumentParser

/// `micro version`.
struct VersionCommand: MicroCommand {
    static let configuration = CommandConfiguration(.version)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        context.terminal.print(Version.text)
        return ExitCode.success
    }
}
