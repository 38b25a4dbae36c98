import ArgumentParser

/// The whole of one run, from the words of the command line to the exit code. What it touches comes in by parameters.
enum Program {
    /// - Parameter arguments: Without the name of the program.
    static func run(
        _ arguments: [String], environment: [String: String], terminal: Terminal, outside: any Outside
    ) async -> Int32 {
        if let first = arguments.first, first.hasPrefix("--generate-completion-script") {
            return generateCompletions(arguments, terminal)
        }
        let invocation = Invocation(arguments)
        if invocation.asksForVersion {
            terminal.print(Version.text)
            return ExitCode.success
        }
        guard let command = invocation.command else { return runNothing(invocation, terminal) }
        if invocation.asksForHelp {
            terminal.print(HelpText.command(command))
            return ExitCode.success
        }
        // The settings that are asked about are those of another command.
        let subject = command == .config ? ConfigCommand.subject(of: invocation) : (command, invocation.flags)
        let outcome = Settings.resolve(
            subject.0, flags: subject.1, environment: environment, read: outside.content(of:))
        let warnings = invocation.warnings + outcome.warnings
        var problems = invocation.problems + outcome.problems
        let parsed = parse(command, invocation.words)
        // Words are judged only when no flag is unknown: a value of such a flag may be among them.
        if case .failure(let problem) = parsed, !problems.contains(where: { $0.kind == .usage }) {
            problems.append(problem)
        }
        guard problems.isEmpty, case .success(let runnable) = parsed else {
            for problem in problems { terminal.complain(problem.text) }
            return ExitCode.code(for: problems)
        }
        // What serves tells its warnings in the startup report.
        if !command.isServing {
            for warning in warnings { terminal.complain("micro: warning: \(warning)\n") }
        }
        let context = CommandContext(
            settings: outcome.settings, warnings: warnings, terminal: terminal, outside: outside)
        do throws(CommandFailure) {
            return try await runnable.run(in: context)
        } catch {
            terminal.complain("micro: \(error.sentence.asOneLine)\n")
            return error.code
        }
    }

    /// Without a command there is at most help to give.
    private static func runNothing(_ invocation: Invocation, _ terminal: Terminal) -> Int32 {
        if invocation.asksForHelp, invocation.problems.isEmpty {
            terminal.print(HelpText.program())
            return ExitCode.success
        }
        let problems =
            invocation.problems.isEmpty
            ? [.usage("no command given; try micro demo, or see micro --help")] : invocation.problems
        for problem in problems { terminal.complain("micro: \(problem.sentence)\n") }
        return ExitCode.code(for: problems)
    }

    private static func parse(_ command: CommandName, _ words: [String]) -> Result<any MicroCommand, Problem> {
        do {
            // After the two dashes nothing is taken for a flag.
            let parsed = try RootCommand.parseAsRoot([command.rawValue, "--"] + words)
            guard let runnable = parsed as? any MicroCommand else {
                return .failure(.usage("micro \(command.rawValue) cannot be run"))
            }
            return .success(runnable)
        } catch {
            let message = RootCommand.message(for: error)
            let sentence = message.prefix(1).lowercased() + message.dropFirst()
            return .failure(.usage("micro \(command.rawValue): \(sentence)"))
        }
    }

    private static func generateCompletions(_ arguments: [String], _ terminal: Terminal) -> Int32 {
        let word = arguments[0].split(separator: "=").dropFirst().first.map(String.init) ?? arguments.dropFirst().first
        guard let shell = CompletionScript.Shell(rawValue: word ?? "") else {
            let shells = CompletionScript.Shell.allCases.map(\.rawValue).joinedAsChoice
            terminal.complain("micro: --generate-completion-script needs the name of a shell: \(shells)\n")
            return ExitCode.usage
        }
        terminal.print(CompletionScript.text(for: shell))
        return ExitCode.success
    }
}
