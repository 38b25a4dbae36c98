import ArgumentParser

/// `micro proxy URL`.
struct ProxyCommand: MicroCommand {
    static let configuration = CommandConfiguration(.proxy)

    @Argument(help: "The server to pass requests on to.")
    var url: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let text = url ?? context.settings.text(.proxyEndpoint) else {
            throw .usage("micro proxy needs the server behind it, such as micro proxy http://localhost:9000")
        }
        let target: ProxyTarget
        do throws(Problem) { target = try ProxyTarget(text) } catch {
            throw CommandFailure(code: ExitCode.configuration, sentence: error.sentence)
        }
        return await context.serve(target)
    }
}
