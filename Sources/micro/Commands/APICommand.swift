import ArgumentParser

/// `micro api`.
struct APICommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: CommandName.api.summary.asAbstract)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 { await context.serve() }
}
