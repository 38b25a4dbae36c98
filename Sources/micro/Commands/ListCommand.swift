import ArgumentParser

/// `micro list services`.
struct ListCommand: MicroCommand {
    static let configuration = CommandConfiguration(.list)

    @Argument(help: "What to list: services.")
    var kind: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        // Old manuals print `micro list` alone.
        guard ["services", "service"].contains(kind ?? "services") else {
            throw .usage("micro list cannot list \(kind ?? ""): use micro list services")
        }
        let directory = try await context.directory()
        do throws(DirectoryError) {
            context.terminal.print(ServiceText.list(try await directory.services()))
        } catch {
            throw CommandFailure(error)
        }
        return ExitCode.success
    }
}
