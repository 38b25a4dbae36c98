import ArgumentParser
import Gateway

/// `micro api`.
struct APICommand: MicroCommand {
    static let configuration = CommandConfiguration(.api)

    @Argument(help: "Nothing: with another word it is another command.")
    var words: [String] = []

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let word = words.first else { return await context.serve() }
        let known = CommandName.afterAPI.map(\.word)
        let near = NearestWord.one(to: word, in: known).map { "did you mean micro api \($0)?" }
        throw .usage("micro api \(word) is no command; \(near ?? "what may follow is \(known.joinedAsChoice)")")
    }
}
