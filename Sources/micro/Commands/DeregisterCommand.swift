import ArgumentParser

/// `micro deregister service JSON`.
struct DeregisterCommand: MicroCommand {
    static let configuration = CommandConfiguration(.deregister)

    @Argument(help: "What to take out: service.")
    var kind: String?

    @Argument(help: "The record: one JSON object, which may be in several words.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        let service = try ServiceArgument.parse(kind, words, command: .deregister)
        let directory = try await context.directory()
        do throws(DirectoryError) { try await directory.deregister(service) } catch { throw CommandFailure(error) }
        context.terminal.print("ok\n")
        return ExitCode.success
    }
}
