import ArgumentParser

/// `micro web`.
struct WebCommand: MicroCommand {
    static let configuration = CommandConfiguration(.web)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 { await context.serve() }
}
