import ArgumentParser

/// `micro server`.
struct ServerCommand: MicroCommand {
    static let configuration = CommandConfiguration(.server)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 { await context.serve() }
}
