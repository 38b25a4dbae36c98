import Testing

@testable import micro

struct HelpTests {
    private static let screen = 44

    @Test(arguments: CommandName.allCases)
    func `the help of a command fits one screen`(command: CommandName) {
        let lines = HelpText.command(command).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= Self.screen)
        #expect(lines.allSatisfy { $0.count <= HelpText.width })
    }

    @Test func `the help of the program names every command`() {
        let text = HelpText.program()
        for command in CommandName.allCases { #expect(text.contains("\n  \(command.synopsis)")) }
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).allSatisfy { $0.count <= HelpText.width })
    }

    @Test func `the help of all settings names every flag and variable`() {
        let text = HelpText.settings()
        for setting in Setting.all {
            #expect(text.contains("--\(setting.key.rawValue)"))
            for variable in setting.environment { #expect(text.contains(variable)) }
        }
    }

    @Test("every example is a command line without a mistake", arguments: CommandName.allCases)
    func examples(command: CommandName) async {
        for example in command.examples where example.hasPrefix("micro ") && !example.contains("'") {
            let words = example.split(separator: " ").dropFirst().map { $0.filter { $0 != "\"" } }
            let invocation = Invocation(words)
            #expect(invocation.command == command || command == .version)
            #expect(invocation.problems == [])
            let outcome = Settings.resolve(command, flags: invocation.flags, environment: [:], read: { _ in [] })
            #expect(outcome.problems == [], "\(example)")
        }
    }
}
