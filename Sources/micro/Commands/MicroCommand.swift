import ArgumentParser
import Gateway

/// A command with its words, parsed. Flags are not among them: those are settings, which `CommandContext` has.
protocol MicroCommand: ParsableCommand {
    /// Does it, and returns the exit code.
    func run(in context: CommandContext) async throws(CommandFailure) -> Int32
}

/// What a command has to work with.
struct CommandContext: Sendable {
    let settings: Settings
    /// What was given and has no effect.
    let warnings: [String]
    let terminal: Terminal
    let outside: any Outside
}

/// Where results and complaints go.
struct Terminal: Sendable {
    /// Takes results.
    let write: @Sendable ([UInt8]) -> Void
    /// Takes complaints, one or more whole lines.
    let complain: @Sendable (String) -> Void

    static let standard = Terminal(
        write: { StandardStream.output.write($0) }, complain: { StandardStream.error.write($0) })

    func print(_ text: String) { write(Array(text.utf8)) }
}

/// Why a command ends with another code than 0.
struct CommandFailure: Error, Equatable {
    let code: Int32
    /// For standard error, without a period.
    let sentence: String

    static func usage(_ sentence: String) -> CommandFailure { CommandFailure(code: ExitCode.usage, sentence: sentence) }

    init(code: Int32 = ExitCode.failure, sentence: String) {
        self.code = code
        self.sentence = sentence
    }

    /// A directory's error as the reason for something that did not work.
    init(_ error: DirectoryError) {
        switch error {
        case .reported(let report): self.init(sentence: report.detail.isEmpty ? report.text : report.detail)
        case .unreachable(let reason): self.init(code: ExitCode.unavailable, sentence: reason)
        case .failed(let reason): self.init(sentence: reason)
        }
    }
}

extension CommandContext {
    /// Whom to ask.
    func directory() async throws(CommandFailure) -> any ServiceDirectory {
        do throws(DirectoryError) {
            return try await DirectoryChoice.directory(for: settings, outside: outside)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Serves what the settings say until a signal comes.
    func serve(_ target: ProxyTarget? = nil) async -> Int32 {
        await outside.serve(ApplianceConfiguration(settings, proxyTarget: target, warnings: warnings))
    }
}
