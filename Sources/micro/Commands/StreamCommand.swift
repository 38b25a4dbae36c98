import ArgumentParser
import Gateway

/// `micro stream SERVICE ENDPOINT [JSON...]`.
struct StreamCommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream", abstract: CommandName.stream.summary.asAbstract)

    /// How long a stream may take when nobody says otherwise.
    static let longest: Duration = .seconds(86_400)

    @Argument(help: "The service's name.")
    var service: String?

    @Argument(help: "What to call, such as Say.Stream.")
    var endpoint: String?

    @Argument(help: "The request: one JSON object, which may be in several words.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let service, let endpoint, !service.isEmpty, !endpoint.isEmpty else {
            throw .usage(
                "micro stream needs service and endpoint, such as micro stream greeter Say.Stream '{\"count\": 3}'")
        }
        let settings = context.settings
        let call = DirectoryCall(
            service: service, endpoint: endpoint, body: try CallCommand.body(words),
            address: settings.address(.callAddress), metadata: try CallMetadata.parse(settings.list(.metadata)),
            // The limit for calls is taken only when someone has set it.
            timeout: settings.isGiven(.clientRequestTimeout)
                ? settings.duration(.clientRequestTimeout) ?? Self.longest : Self.longest)
        let isRaw = settings.text(.output) == "raw"
        let terminal = context.terminal
        let directory = try await context.directory()
        do throws(DirectoryError) {
            try await directory.stream(call) { message in
                terminal.write(isRaw ? AnswerText.raw(message) : AnswerText.indented(message))
            }
        } catch {
            // As the command call words it.
            if case .reported(let report) = error {
                throw CommandFailure(sentence: "error calling \(service).\(endpoint): \(report.text)")
            }
            throw CommandFailure(error)
        }
        return ExitCode.success
    }
}
