/// What a shell must know to complete command lines: commands, their words, flags and values, from the table of settings.
enum CompletionScript {
    /// The shells that there are scripts for.
    enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    static func text(for shell: Shell) -> String {
        switch shell {
        case .bash: bash
        case .zsh: zsh
        case .fish: fish
        }
    }

    /// What `--help` and `--version` are to all commands.
    private static let general = ["--help", "--version"]

    // MARK: bash and zsh

    // Both decide by `$command` and `$flag` what `$choices` are, in words between blanks. The flag is the one whose value
    // is wanted, with its equals sign if it has one: a boolean's value must not be a word of its own.

    private static let bash = """
        # Completion of micro for bash: source this file.
        _micro() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
            local command= flag= word choices=
            # The equals sign is a word of its own here.
            if [[ $current == "=" ]]; then
                flag=$previous= current=
            elif [[ $previous == "=" ]]; then
                flag=${COMP_WORDS[COMP_CWORD - 2]}=
            elif [[ $previous == --* ]]; then
                flag=$previous
            fi
            for word in "${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
        \(commandCase)
            done
        \(choiceCases)
            COMPREPLY=($(compgen -W "$choices" -- "$current"))
            if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2> /dev/null; fi
        }
        complete -o default -F _micro micro

        """

    private static let zsh = """
        #compdef micro
        # Completion of micro for zsh: save this file as _micro in a directory of $fpath, or source it.
        _micro() {
            local command= flag= word choices=
            if [[ ${words[CURRENT]} == --*=* ]]; then
                flag=${words[CURRENT]%%=*}=
                compset -P '*='
            elif [[ ${words[CURRENT - 1]} == --* ]]; then
                flag=${words[CURRENT - 1]}
            fi
            for word in ${words[2,CURRENT - 1]}; do
        \(commandCase)
            done
        \(choiceCases)
            local -a all=(${=choices})
            if (( ${#all} == 0 )); then
                _files
                return
            fi
            compadd -S '' -- ${(M)all:#*=}
            compadd -- ${all:#*=}
        }
        if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _micro "$@"; else compdef _micro micro; fi

        """

    private static var commandCase: String {
        """
                case "$command $word" in
                    \(CommandName.words.map { "\" \($0)\"" }.joined(separator: "|"))) command=$word ;;
                    \(CommandName.afterAPI.map { "\"api \($0.word)\"" }.joined(separator: "|"))) command="api $word" ;;
                esac
        """
    }

    private static var choiceCases: String {
        var lines = ["    case \"$command $flag\" in"]
        for command in [nil] + CommandName.allCases.map(Optional.some) {
            for row in Row.rows(of: command) where !row.values.isEmpty {
                let before = "\"\(command?.rawValue ?? "") --"
                let patterns = row.names.flatMap { row.isBoolean ? [$0 + "="] : [$0, $0 + "="] }
                let pattern = patterns.map { "\(before)\($0)\"" }.joined(separator: "|")
                lines.append("        \(pattern)) choices=\"\(row.values.joined(separator: " "))\" ;;")
            }
        }
        let free = Set(Setting.all.filter { $0.kind != .boolean }.flatMap(\.allFlags)).sorted()
        lines.append("        *=|\(free.map { "*\" --\($0)\"" }.joined(separator: "|"))) ;;")
        // Those of two words go first, as the first of them alone would do too.
        let commands = CommandName.afterAPI.map(\.command) + CommandName.allCases.filter { !$0.rawValue.contains(" ") }
        for command in [nil] + commands.map(Optional.some) {
            let words = (command?.objects ?? CommandName.words) + Row.rows(of: command).map(\.offer) + general
            lines.append("        \"\(command?.rawValue ?? "") \"*) choices=\"\(words.joined(separator: " "))\" ;;")
        }
        lines.append("    esac")
        return lines.joined(separator: "\n")
    }

    // MARK: fish

    private static var fish: String {
        var lines = ["# Completion of micro for fish: source this file.", "complete -c micro -f"]
        let before = "-n 'not __fish_seen_subcommand_from \(CommandName.words.joined(separator: " "))'"
        for command in CommandName.allCases where !command.rawValue.contains(" ") {
            lines.append("complete -c micro \(before) -a \(command.rawValue) -d '\(command.summary.quoted)'")
        }
        lines += Row.rows(of: nil).map { "complete -c micro \(before) \($0.fish)" }
        for command in CommandName.allCases {
            let condition = "-n '\(command.fishCondition)'"
            if !command.objects.isEmpty {
                lines.append("complete -c micro \(condition) -a '\(command.objects.joined(separator: " "))'")
            }
            lines += Row.rows(of: command).map { "complete -c micro \(condition) \($0.fish)" }
        }
        lines += [
            "complete -c micro -l help -d 'explain the command'", "complete -c micro -l version -d 'print the version'",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: What there is

    /// A setting as a flag of one command, or before any command is given.
    private struct Row {
        /// The name that is offered.
        let flag: String
        /// Every name that is understood.
        let names: [String]
        let isBoolean: Bool
        let values: [String]
        let help: String

        var offer: String { isBoolean ? "--\(flag)" : "--\(flag)=" }

        /// The flag, what it takes and what it is for, in fish's words.
        var fish: String {
            let choice = values.isEmpty ? " -r -F" : " -x -a '\(values.joined(separator: " "))'"
            return "-l \(flag)\(isBoolean ? "" : choice) -d '\(help.quoted)'"
        }

        /// - Parameter command: Nil for flags before the command, which may be those of any.
        static func rows(of command: CommandName?) -> [Row] {
            Setting.all.filter { command.map($0.isShown) ?? true }.map { setting in
                let names = command.map(setting.flags) ?? [setting.key.rawValue]
                return Row(
                    flag: command.map(setting.shownFlag) ?? setting.key.rawValue, names: names,
                    isBoolean: setting.kind == .boolean, values: setting.kind.words, help: setting.help)
            }
        }
    }
}

extension SettingKind {
    /// The values to choose from; empty when there are too many.
    fileprivate var words: [String] {
        switch self {
        case .word(let valid, _, _): valid
        case .boolean: ["true", "false"]
        case .text, .duration, .size, .integer, .list, .addressRanges, .origins, .staticNodes, .address: []
        }
    }
}

extension CommandName {
    /// How fish knows that this is the command: `micro api list` is not `micro list`.
    fileprivate var fishCondition: String {
        let (seen, words) = ("__fish_seen_subcommand_from", Self.afterAPI.map(\.word))
        if let word = Self.afterAPI.first(where: { $0.command == self })?.word {
            return "\(seen) api; and \(seen) \(word)"
        }
        if self == .api { return "\(seen) api; and not \(seen) \(words.joined(separator: " "))" }
        return "\(seen) \(rawValue)\(words.contains(rawValue) ? "; and not \(seen) api" : "")"
    }

    /// The words that may follow the command, where there are only a few.
    fileprivate var objects: [String] {
        switch self {
        case .list: ["services"]
        case .get, .register, .deregister: ["service"]
        case .config: ["check", "show"]
        case .help: CommandName.words + ["settings"]
        case .api: Self.afterAPI.map(\.word)
        case .apiAdd: ["route"]
        case .apiSet: ["limit"]
        case .apiList: ["routes", "limits"]
        case .apiDelete: ["route", "limit"]
        case .web, .server, .demo, .proxy, .call, .stream, .publish, .health, .explain, .version: []
        }
    }
}

extension String {
    /// For text between single quotes.
    fileprivate var quoted: String { split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'") }
}
