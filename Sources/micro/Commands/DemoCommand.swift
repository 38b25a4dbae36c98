import ArgumentParser

/// `micro demo`.
struct DemoCommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: CommandName.demo.summary.asAbstract)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 { await context.serve() }
}
