import ArgumentParser
import Bytes
import Gateway
import JSON

/// `micro explain METHOD PATH`.
struct ExplainCommand: MicroCommand {
    static let configuration = CommandConfiguration(.explain)

    @Argument(help: "The method of the request, such as POST.")
    var method: String?

    @Argument(help: "Its path, with a query if it has one.")
    var path: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let method, let path, path.hasPrefix("/") else {
            throw .usage("micro explain needs a method and a path, such as micro explain GET /greeter/say/hello")
        }
        var query = [("method", method), ("path", path)]
        if let host = context.settings.text(.explainHost) { query.append(("host", host)) }
        if let body = context.settings.text(.explainData) { query.append(("body", body)) }
        if let gateway = context.settings.text(.explainGateway) { query.append(("gateway", gateway)) }
        for header in context.settings.list(.explainHeader) { query.append(("header", header)) }
        let answer: [UInt8]
        do throws(DirectoryError) {
            let appliance = try await DirectoryChoice.appliance(for: context.settings, outside: context.outside)
            answer = try await appliance.explain(query)
        } catch {
            throw CommandFailure(error)
        }
        guard let json = try? JSONParser.parse(ByteBuffer(answer).span), let data = json["data"] else {
            throw CommandFailure(sentence: "the answer is not what a running micro sends")
        }
        if context.settings.text(.explainOutput) == "json" {
            context.terminal.write(AnswerText.indented(Array(data.text().utf8)))
        } else {
            context.terminal.print(ExplanationText(data).text)
        }
        return data["problem"] == nil ? ExitCode.success : ExitCode.failure
    }
}
