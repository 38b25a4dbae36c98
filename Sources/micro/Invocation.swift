import Gateway

/// A flag as it was typed.
struct GivenFlag: Sendable, Equatable {
    /// Without dashes.
    let name: String
    /// Nil when none was given, as is usual for a boolean.
    let value: String?
    /// With its dashes, for sentences about it.
    let spelling: String
}

/// The command line, taken apart: which command, which flags, and the words between them.
///
/// Flags may stand before or after the command and between its words, with one dash or two, and their values after an
/// equals sign or as the next word. `--` ends the flags.
struct Invocation: Sendable, Equatable {
    /// Nil when there is none, or it is unknown; then `problems` says so.
    private(set) var command: CommandName?
    private(set) var flags: [GivenFlag] = []
    /// What follows the command, in order.
    private(set) var words: [String] = []
    /// `--help` or `-h` anywhere.
    private(set) var asksForHelp = false
    /// `--version` anywhere.
    private(set) var asksForVersion = false
    private(set) var problems: [Problem] = []
    /// Sentences about old spellings that still work.
    private(set) var warnings: [String] = []

    /// - Parameter arguments: Without the name of the program.
    init(_ arguments: [String]) {
        var rest = arguments[...]
        var sawCommand = false
        while let argument = rest.popFirst() {
            if argument == "--" {
                for word in rest { take(word, &sawCommand) }
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                take(argument, &sawCommand)
                continue
            }
            takeFlag(argument, &rest, sawCommand)
        }
    }

    private mutating func take(_ word: String, _ sawCommand: inout Bool) {
        guard !sawCommand else { return takeNext(word) }
        sawCommand = true
        if let known = CommandName(rawValue: word) {
            command = known
        } else if let old = Self.oldSpellings[word] {
            (command, words) = (old.command, old.words)
            warnings.append("micro \(word) is now micro \(([old.command.rawValue] + old.words).joined(separator: " "))")
        } else if Self.missingCommands.contains(word) {
            problems.append(.usage("micro \(word) is a command of Micro v2 that is not here; see micro --help"))
        } else {
            let near = NearestWord.one(to: word, in: CommandName.words)
            let hint = near.map { "did you mean micro \($0)?" } ?? "see micro --help"
            problems.append(.usage("unknown command \(word); \(hint)"))
        }
    }

    /// What follows the command. After `api` it makes another command of it.
    private mutating func takeNext(_ word: String) {
        if command == .api, words.isEmpty, let next = CommandName.afterAPI.first(where: { $0.word == word }) {
            return command = next.command
        }
        words.append(word)
    }

    private mutating func takeFlag(_ argument: String, _ rest: inout ArraySlice<String>, _ sawCommand: Bool) {
        let body = argument.dropFirst(argument.hasPrefix("--") ? 2 : 1)
        let parts = body.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts.first ?? "")
        let spelling = String(argument.prefix(argument.utf8.count - body.utf8.count)) + name
        if name == "help" || name == "h" { return asksForHelp = true }
        if name == "version" { return asksForVersion = true }

        var value = parts.count == 2 ? String(parts[1]) : nil
        if value == nil {
            switch Self.takesValue(name) {
            case true?:
                value = rest.popFirst()
                if value == nil { return problems.append(.usage("\(spelling) needs a value")) }
            case false?: break
            case nil:
                // Unknown: what follows is probably its value, unless it is the command.
                let next = rest.first ?? "-"
                if !sawCommand, !next.hasPrefix("-"), CommandName(rawValue: next) == nil { value = rest.popFirst() }
            }
        }
        flags.append(GivenFlag(name: name, value: value, spelling: spelling))
    }

    /// Whether the flag of that name has a value, in whichever command; nil when there is no such flag.
    private static func takesValue(_ name: String) -> Bool? {
        if let setting = Setting.all.first(where: { $0.allFlags.contains(name) }) { return setting.kind != .boolean }
        return ForeignSetting.named(name).map { !$0.isBoolean }
    }

    /// Commands of Micro v2 that are something else than a misspelling of one here.
    private static let missingCommands: Set<String> = [
        "auth", "bot", "broker", "cli", "debug", "env", "file", "init", "kill", "login", "logs", "network", "new",
        "plugin", "registry", "router", "run", "runtime", "service", "stats", "status", "store", "trace", "tunnel",
        "update", "whoami",
    ]

    /// Commands under names that older manuals print.
    private static let oldSpellings: [String: (command: CommandName, words: [String])] = [
        "query": (.call, []), "services": (.list, ["services"]), "dashboard": (.web, []),
    ]
}
