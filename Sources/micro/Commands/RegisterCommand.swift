import ArgumentParser
import Bytes
import Gateway
import JSON

/// `micro register service JSON`.
struct RegisterCommand: MicroCommand {
    static let configuration = CommandConfiguration(.register)

    @Argument(help: "What to register: service.")
    var kind: String?

    @Argument(help: "The record: one JSON object, which may be in several words.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        let service = try ServiceArgument.parse(kind, words, command: .register)
        guard !service.nodes.isEmpty else { throw .usage("the record needs at least one node with id and address") }
        // A record stays until it is taken out, unless someone asks otherwise.
        let lifetime = context.settings.isGiven(.registerTTL) ? context.settings.duration(.registerTTL) : nil
        let directory = try await context.directory()
        do throws(DirectoryError) {
            try await directory.register(service, lifetime: lifetime)
        } catch {
            throw CommandFailure(error)
        }
        context.terminal.print("ok\n")
        return ExitCode.success
    }
}

/// The record that `register` and `deregister` take.
enum ServiceArgument {
    static func parse(
        _ kind: String?, _ words: [String], command: CommandName
    ) throws(CommandFailure) -> Service {
        guard kind == "service", !words.isEmpty else {
            throw .usage(
                "micro \(command.rawValue) needs a record, such as micro \(command.rawValue) service '{\"name\":\"foo\",...}'"
            )
        }
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONParser.parse(ByteBuffer(words.joined(separator: " ")).span)
        } catch {
            throw .usage("the record is no JSON: \(error); put it between single quotes")
        }
        do throws(MalformedRecord) { return try Service(json: json) } catch { throw .usage(error.reason) }
    }
}
