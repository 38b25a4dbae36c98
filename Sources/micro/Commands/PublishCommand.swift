import ArgumentParser
import Brokers
import Gateway

/// `micro publish TOPIC JSON`.
struct PublishCommand: MicroCommand {
    static let configuration = CommandConfiguration(.publish)

    @Argument(help: "The topic, such as go.micro.api.events.")
    var topic: String?

    @Argument(help: "The message: one JSON object, which may be in several words.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let topic, !topic.isEmpty, !words.isEmpty else {
            throw .usage(
                "micro publish needs topic and message, such as micro publish events '{\"hello\": \"world\"}'")
        }
        var message = Message(
            header: try CallMetadata.parse(context.settings.list(.metadata)), body: try EndpointWords.body(words))
        message.header["Content-Type"] = "application/json"
        message.header["Micro-Id"] = RandomUUID.text()
        message.header[Message.topicKey] = topic
        let directory = try await context.directory()
        do throws(DirectoryError) {
            var services: [Service] = []
            for form in HTTPBrokerForm.allCases {
                services += try await directory.services(named: form.service(of: topic))
            }
            try await context.outside.publish(message, to: topic, among: services, context.settings)
        } catch {
            throw CommandFailure(error)
        }
        context.terminal.print("ok\n")
        return ExitCode.success
    }
}
