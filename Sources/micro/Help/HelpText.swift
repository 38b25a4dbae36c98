/// The help of the program and of each command. Made from the table of settings, so it cannot lie about flags.
enum HelpText {
    /// Lines are no longer than a terminal is wide.
    static let width = 80

    /// The help of the program itself.
    static func program() -> String {
        var lines = ["micro - an HTTP gateway and a dashboard for microservices", ""]
        lines += ["Usage: micro COMMAND [flags] [words]"]
        let left = Columns.width(of: CommandName.allCases.map(\.synopsis))
        for (heading, commands) in CommandName.sections {
            lines += ["", heading]
            lines += Columns.lines(commands.map { ($0.synopsis, $0.summary) }, left: left, width: width)
        }
        lines += ["", "Examples"]
        lines += ["  micro demo", "  micro call go.micro.srv.greeter Say.Hello '{\"name\":\"John\"}'"]
        lines += ["", "More: micro COMMAND --help, micro help settings"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// The help of one command: its common flags by group, and two examples.
    static func command(_ command: CommandName) -> String {
        var lines = ["micro \(command.rawValue) - \(command.summary)", ""]
        lines.append("Usage: micro \(command.synopsis)\(Setting.flags(of: command).isEmpty ? "" : " [flags]")")
        let shown = Setting.all.filter { $0.isCommon && $0.isShown(in: command) }
        let left = Columns.width(of: shown.map { $0.flagText(in: command) })
        for group in Setting.Group.allCases {
            let settings = shown.filter { $0.group == group }
            guard !settings.isEmpty else { continue }
            lines += ["", group.rawValue]
            lines += Columns.lines(
                settings.map { ($0.flagText(in: command), $0.sentence(withVariables: false)) }, left: left,
                width: width)
        }
        lines += ["", "Examples"]
        lines += command.examples.map { "  \($0)" }
        if !Setting.flags(of: command).isEmpty { lines += ["", "All settings, their variables: micro help settings"] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Every setting with its variables, default and commands.
    static func settings() -> String {
        var lines = ["Settings: a flag wins over its variable, that over the file, that over the default."]
        for group in Setting.Group.allCases {
            lines += ["", group.rawValue]
            for setting in Setting.all where setting.group == group {
                let names = ([setting.key.rawValue] + setting.shortNames.map(\.name)).map { "--\($0)" }
                lines.append("  \(names.joined(separator: ", "))")
                lines += Columns.wrapped(setting.sentence(withVariables: true), width: width - 6).map { "      \($0)" }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Setting {
    /// `--registry=mdns|memory`.
    fileprivate func flagText(in command: CommandName) -> String {
        "--\(shownFlag(in: command))" + (kind.placeholder.isEmpty ? "" : "=\(kind.placeholder)")
    }

    /// The flag by which a command's help calls it, without dashes.
    func shownFlag(in command: CommandName) -> String { flags(in: command).first { $0.count > 1 } ?? key.rawValue }

    /// The dashboard's address is a setting of the commands that ask, but they have a better flag for it.
    func isShown(in command: CommandName) -> Bool {
        commands.contains(command) && (key != .webAddress || command.isServing)
    }

    fileprivate func sentence(withVariables: Bool) -> String {
        var text = help
        if !withVariables, case .word(let valid, _, _) = kind, kind.placeholder == "word" {
            text += ": \(valid.joinedAsChoice)"
        }
        if let fallback { text += "; default \(fallback)" }
        guard withVariables else { return text }
        text += ". \(environment.joined(separator: " or "))"
        switch kind {
        case .word, .integer, .size, .duration, .staticNodes: text += ". Values: \(kind.expectation)"
        case .text, .boolean, .list, .addressRanges, .origins, .address: break
        }
        let users = CommandName.allCases.filter { commands.contains($0) }.map(\.rawValue)
        return text + ". For " + users.joined(separator: ", ") + "."
    }
}
