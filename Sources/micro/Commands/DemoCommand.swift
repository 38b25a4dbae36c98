import ArgumentParser

/// `micro demo`.
struct DemoCommand: MicroCommand {
    static let configuration = CommandConfiguration(.demo)

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 { await context.serve() }
}
