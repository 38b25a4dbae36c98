import ArgumentParser

/// `micro stream SERVICE ENDPOINT [JSON...]`.
struct StreamCommand: MicroCommand {
    static let configuration = CommandConfiguration(.stream)

    /// How long a stream may take when nobody says otherwise.
    static let longest: Duration = .seconds(86_400)

    @OptionGroup var words: EndpointWords

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        let settings = context.settings
        // The limit for calls is taken only when someone has set it.
        let limit = settings.isGiven(.clientRequestTimeout) ? settings.duration(.clientRequestTimeout) : nil
        let call = try words.call(
            settings, timeout: limit ?? Self.longest, example: "greeter Say.Stream '{\"count\": 3}'")
        let directory = try await context.directory()
        do throws(DirectoryError) {
            try await directory.stream(call) { context.show($0) }
        } catch {
            throw call.failure(error)
        }
        return ExitCode.success
    }
}
