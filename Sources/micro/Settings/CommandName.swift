/// What the program can be told to do: the first word of the command line, and for what is changed in a running gateway the
/// second too.
enum CommandName: String, CaseIterable, Sendable {
    case api, web, server, demo, proxy
    case list, get, call, stream, publish, health, explain, register, deregister
    case apiAdd = "api add"
    case apiSet = "api set"
    case apiList = "api list"
    case apiDelete = "api delete"
    case config, version, help

    /// The commands that serve until they are stopped.
    static let serving: Set<CommandName> = [.api, .web, .server, .demo, .proxy]

    /// The commands that serve what a registry knows.
    static let discovering: Set<CommandName> = [.api, .web, .server, .demo]

    /// The commands that ask something once and end.
    static let asking: Set<CommandName> = [
        .list, .get, .call, .stream, .publish, .health, .explain, .register, .deregister,
        .apiAdd, .apiSet, .apiList, .apiDelete,
    ]

    /// The commands that only a running program can answer.
    static let askingTheRunning: Set<CommandName> = [.explain, .apiAdd, .apiSet, .apiList, .apiDelete]

    /// True for a command that serves until it is stopped.
    var isServing: Bool { Self.serving.contains(self) }

    /// Every command's first word.
    static let words = allCases.map(\.rawValue).filter { !$0.contains(" ") }

    /// The words that may follow `api`, and the commands that they make of it.
    static let afterAPI: [(word: String, command: CommandName)] = [
        ("add", .apiAdd), ("set", .apiSet), ("list", .apiList), ("delete", .apiDelete),
    ]
}
