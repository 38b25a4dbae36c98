import ArgumentParser
import Bytes
import Gateway
import JSON

/// `micro call SERVICE ENDPOINT [JSON...]`.
struct CallCommand: MicroCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: CommandName.call.summary.asAbstract)

    @Argument(help: "The service's name.")
    var service: String?

    @Argument(help: "What to call, such as Say.Hello.")
    var endpoint: String?

    @Argument(help: "The request: one JSON object, which may be in several words.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let service, let endpoint, !service.isEmpty, !endpoint.isEmpty else {
            throw .usage(
                "micro call needs service and endpoint, such as micro call greeter Say.Hello '{\"name\": \"john\"}'")
        }
        let call = DirectoryCall(
            service: service, endpoint: endpoint, body: try Self.body(words),
            address: context.settings.address(.callAddress),
            metadata: try CallMetadata.parse(context.settings.list(.metadata)),
            timeout: context.settings.duration(.clientRequestTimeout) ?? .seconds(5))
        let directory = try await context.directory()
        let answer: [UInt8]
        do throws(DirectoryError) {
            answer = try await directory.call(call)
        } catch {
            // Scripts look for this sentence and parse the object in it.
            if case .reported(let report) = error {
                throw CommandFailure(sentence: "error calling \(service).\(endpoint): \(report.text)")
            }
            throw CommandFailure(error)
        }
        let isRaw = context.settings.text(.output) == "raw"
        context.terminal.write(isRaw ? AnswerText.raw(answer) : AnswerText.indented(answer))
        return ExitCode.success
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

/// Metadata as it is typed: `key=value`.
enum CallMetadata {
    /// Fields that belong to the connection or to the request as a whole.
    private static let reserved: Set<String> = [
        "connection", "content-length", "content-type", "expect", "host", "keep-alive", "te", "timeout", "trailer",
        "transfer-encoding", "upgrade",
    ]

    /// Words without `=` are ignored, as in the original. Keys get a capital letter, as Go Micro's metadata has.
    static func parse(_ words: [String]) throws(CommandFailure) -> [String: String] {
        var metadata: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            guard !parts[0].isEmpty, parts[0].utf8.allSatisfy(\.isTokenByte) else {
                throw .usage("\(word): the key of metadata must be letters, digits and hyphens")
            }
            guard !reserved.contains(parts[0].lowercased()) else {
                throw .usage("\(word): \(parts[0]) cannot be metadata, as HTTP itself uses it")
            }
            guard parts[1].utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                throw .usage("\(parts[0]): a value of metadata must be free of control characters")
            }
            metadata[parts[0].prefix(1).uppercased() + parts[0].dropFirst()] = String(parts[1])
        }
        return metadata
    }
}

extension UInt8 {
    /// A character of a token (RFC 9110, 5.6.2).
    fileprivate var isTokenByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x5e...0x60, 0x7c, 0x7e: true
        default: false
        }
    }
}
