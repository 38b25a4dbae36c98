import ArgumentParser

/// `micro web`.
struct WebCommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "web", abstract: CommandName.web.summary.asAbstract)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 { await context.serve() }
}
