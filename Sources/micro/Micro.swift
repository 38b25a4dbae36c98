import ArgumentParser

/// The commands by their words. Only the words between the flags are parsed here; flags are read by `Invocation` and judged
/// by `Settings`, which know where else a value may come from.
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro", abstract: "An HTTP gateway and a dashboard for microservices.",
        version: Version.number,
        subcommands: [
            DemoCommand.self, APICommand.self, WebCommand.self, ServerCommand.self, ProxyCommand.self,
            ListCommand.self, GetCommand.self, CallCommand.self, StreamCommand.self, PublishCommand.self,
            HealthCommand.self, ExplainCommand.self, RegisterCommand.self, DeregisterCommand.self,
            APIAddCommand.self, APISetCommand.self, APIListCommand.self, APIDeleteCommand.self,
            ConfigCommand.self, VersionCommand.self, HelpCommand.self,
        ])
}

extension CommandConfiguration {
    /// A command as the help names and explains it.
    init(_ command: CommandName) {
        let summary = command.summary
        // ArgumentParser wants a sentence.
        self.init(commandName: command.rawValue, abstract: summary.prefix(1).uppercased() + summary.dropFirst() + ".")
    }
}

@main
struct Micro {
    static func main() async {
        let code = await Program.run(
            Array(CommandLine.arguments.dropFirst()), environment: ProcessEnvironment.variables(), terminal: .standard,
            outside: LiveOutside())
        ProcessEnvironment.exit(code)
    }
}
