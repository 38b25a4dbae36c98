/// What the program can be told to do: the first word of the command line.
enum CommandName: String, CaseIterable, Sendable {
    case api, web, server, demo, proxy
    case list, get, call, stream, publish, health, explain, register, deregister
    case config, version, help

    /// The commands that serve until they are stopped.
    static let serving: Set<CommandName> = [.api, .web, .server, .demo, .proxy]

    /// The commands that serve what a registry knows.
    static let discovering: Set<CommandName> = [.api, .web, .server, .demo]

    /// The commands that ask something once and end.
    static let asking: Set<CommandName> = [
        .list, .get, .call, .stream, .publish, .health, .explain, .register, .deregister,
    ]

    /// True for a command that serves until it is stopped.
    var isServing: Bool { Self.serving.contains(self) }

    /// Every command's word.
    static let words = allCases.map(\.rawValue)
}
