import ArgumentParser
import Gateway

/// `micro get service NAME`.
struct GetCommand: MicroCommand {
    static let configuration = CommandConfiguration(.get)

    @Argument(help: "What to show: service.")
    var kind: String?

    @Argument(help: "The service's name.")
    var name: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard kind == "service", let name else {
            throw .usage("micro get needs a service, such as micro get service go.micro.srv.greeter")
        }
        let versions = try await context.versions(of: name, from: try await context.directory())
        context.terminal.print(ServiceText.details(versions))
        return ExitCode.success
    }
}

extension CommandContext {
    /// Every version of a service that is there.
    func versions(of name: String, from directory: any ServiceDirectory) async throws(CommandFailure) -> [Service] {
        let versions: [Service]
        do throws(DirectoryError) { versions = try await directory.services(named: name) } catch {
            throw CommandFailure(error)
        }
        guard versions.isEmpty else { return versions }
        // Only a hint, so its failure is nobody's business.
        let names = (try? await directory.services().map(\.name)) ?? []
        let hint =
            NearestWord.services(to: name, in: names, limit: 1).first.map { "; did you mean \($0.asOneLine)?" } ?? ""
        throw CommandFailure(sentence: "service not found: \(name.asOneLine)\(hint)")
    }
}
