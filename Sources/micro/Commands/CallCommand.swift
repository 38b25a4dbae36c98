import ArgumentParser

/// `micro call SERVICE ENDPOINT [JSON...]`.
struct CallCommand: MicroCommand {
    static let configuration = CommandConfiguration(.call)

    @OptionGroup var words: EndpointWords

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        let call = try words.call(
            context.settings, timeout: context.settings.duration(.clientRequestTimeout) ?? .seconds(5),
            example: "greeter Say.Hello '{\"name\": \"john\"}'")
        let directory = try await context.directory()
        do throws(DirectoryError) {
            context.show(try await directory.call(call))
        } catch {
            throw call.failure(error)
        }
        return ExitCode.success
    }
}
