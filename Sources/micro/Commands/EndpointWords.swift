import ArgumentParser
import Bytes
import Gateway
import JSON

/// The words of `micro call` and `micro stream`: `SERVICE ENDPOINT [JSON...]`.
struct EndpointWords: ParsableArguments {
    @Argument(help: "The service's name.")
    var service: String?

    @Argument(help: "What to call, such as Say.Hello.")
    var endpoint: String?

    @Argument(help: "The request: one JSON object, which may be in several words.")
    var request: [String] = []

    /// The call that they and the settings mean.
    ///
    /// - Parameter example: What may follow the command's name, for whoever left something out.
    func call(_ settings: Settings, timeout: Duration, example: String) throws(CommandFailure) -> DirectoryCall {
        guard let service, let endpoint, !service.isEmpty, !endpoint.isEmpty else {
            let command = "micro \(settings.command.rawValue)"
            throw .usage("\(command) needs service and endpoint, such as \(command) \(example)")
        }
        return DirectoryCall(
            service: service, endpoint: endpoint, body: try Self.body(request),
            address: settings.address(.callAddress), metadata: try CallMetadata.parse(settings.list(.metadata)),
            timeout: timeout)
    }

    /// The words as one JSON object, passed on as they were typed.
    static func body(_ words: [String]) throws(CommandFailure) -> [UInt8] {
        let text = words.joined(separator: " ")
        guard !text.utf8.allSatisfy({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) else { return Array("{}".utf8) }
        let bytes = Array(text.utf8)
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONParser.parse(ByteBuffer(bytes).span)
        } catch {
            throw CommandFailure(
                code: ExitCode.usage, sentence: "the request is no JSON: \(error); put it between single quotes")
        }
        guard case .object = json else {
            throw .usage("the request must be a JSON object, such as '{\"name\": \"john\"}'")
        }
        return bytes
    }
}

extension DirectoryCall {
    /// Why the command ends that has made the call.
    func failure(_ error: DirectoryError) -> CommandFailure {
        // Scripts look for this sentence and parse the object in it.
        guard case .reported(let report) = error else { return CommandFailure(error) }
        return CommandFailure(sentence: "error calling \(service).\(endpoint): \(report.text)")
    }
}

extension CommandContext {
    /// Prints an answer as the settings want it.
    func show(_ answer: [UInt8]) {
        terminal.write(settings.text(.output) == "raw" ? AnswerText.raw(answer) : AnswerText.indented(answer))
    }
}
