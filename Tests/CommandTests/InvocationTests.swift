import Testing

@testable import micro

struct InvocationTests {
    @Test(
        "flags stand anywhere, with one dash or two, and their values in either form",
        arguments: [
            "micro --registry=mdns call s e {}", "micro -registry mdns call s e {}",
            "micro call --registry mdns s e {}",
            "micro call s --registry=mdns e {}", "micro call s e {} -registry=mdns",
        ])
    func placesOfFlags(line: String) {
        let invocation = Invocation(line.split(separator: " ").dropFirst().map(String.init))
        #expect(invocation.command == .call)
        #expect(invocation.words == ["s", "e", "{}"])
        #expect(invocation.flags.map(\.name) == ["registry"])
        #expect(invocation.flags.map(\.value) == ["mdns"])
        #expect(invocation.problems == [])
    }

    @Test func `a boolean never takes the next word`() {
        let invocation = Invocation(["--enable_rpc", "api", "--insecure_dashboard=false", "--access_log"])
        #expect(invocation.command == .api)
        #expect(invocation.flags.map(\.value) == [nil, "false", nil])
    }

    @Test func `a value may hold an equals sign, and be empty`() {
        let invocation = Invocation(["call", "--metadata=a=b", "--output="])
        #expect(invocation.flags.map(\.value) == ["a=b", ""])
    }

    @Test func `two dashes end the flags`() {
        let invocation = Invocation(["call", "s", "--", "-e", "--help"])
        #expect(invocation.words == ["s", "-e", "--help"])
        #expect(!invocation.asksForHelp)
    }

    @Test func `the value of an unknown flag is not taken for the command`() {
        let invocation = Invocation(["--regsitry", "memory", "list", "services"])
        #expect(invocation.command == .list)
        #expect(invocation.words == ["services"])
        #expect(invocation.problems == [])  // The flag itself is judged by the settings.
    }

    @Test func `a flag at the end without its value is named`() {
        #expect(Invocation(["api", "--address"]).problems == [.usage("--address needs a value")])
    }

    @Test(
        "an unknown command is named by its first word, with the closest one",
        arguments: [
            ("apy x y", "unknown command apy; did you mean micro api?"),
            ("frobnicate", "unknown command frobnicate; see micro --help"),
            ("Call", "unknown command Call; did you mean micro call?"),
            ("new foobar", "micro new is a command of Micro v2 that is not here; see micro --help"),
            ("login", "micro login is a command of Micro v2 that is not here; see micro --help"),
        ])
    func unknownCommands(line: String, sentence: String) {
        let invocation = Invocation(line.split(separator: " ").map(String.init))
        #expect(invocation.command == nil)
        #expect(invocation.problems == [.usage(sentence)])
    }

    @Test(
        "old spellings of commands work, and say so",
        arguments: [
            ("query s e", CommandName.call, ["s", "e"], "micro query is now micro call"),
            ("services", .list, ["services"], "micro services is now micro list services"),
            ("dashboard --address=:8080", .web, [], "micro dashboard is now micro web"),
        ])
    func oldSpellings(line: String, command: CommandName, words: [String], warning: String) {
        let invocation = Invocation(line.split(separator: " ").map(String.init))
        #expect(invocation.command == command)
        #expect(invocation.words == words)
        #expect(invocation.warnings == [warning])
    }

    @Test("help and version are heard anywhere", arguments: ["--help", "-h", "-help"])
    func help(flag: String) {
        #expect(Invocation(["api", flag]).asksForHelp)
        #expect(Invocation([flag]).asksForHelp)
        #expect(Invocation(["--version", "api"]).asksForVersion)
    }
}
