/// A word that may not stand in code, and what stands there instead.
private struct BannedWord: Sendable {
    let word: String
    let advice: String
    /// Files, or folders with a slash at the end, in which it may stand; each with the reason.
    var allowed: [String: String] = [:]
    var inTests = true
}

private let bannedWords = [
    BannedWord(word: "@concurrent", advice: "runs on the loop's thread all the same; use BlockingPool"),
    BannedWord(word: "Task.sleep", advice: "arms a timer of another thread; use the loop's sleep(for:)"),
    BannedWord(word: "DispatchQueue", advice: "is a second pool of threads; use BlockingPool"),
    BannedWord(word: "try!", advice: "ends the program without a word; handle the error"),
    BannedWord(
        word: "getaddrinfo", advice: "blocks; use HostLookup",
        allowed: ["Sources/Transports/HostLookup.swift": "the one lookup, on the BlockingPool"]),
    BannedWord(
        word: "usleep(", advice: "blocks the thread; wait for an event, or use the loop's sleep(for:)",
        allowed: [
            "Sources/micro/Logging/LogWriter.swift": "the last second of the process, after the loops"
        ]),
    BannedWord(word: "nanosleep(", advice: "blocks the thread; wait for an event, or use the loop's sleep(for:)"),
    BannedWord(word: "sleep(", advice: "blocks the thread; wait for an event, or use the loop's sleep(for:)"),
    BannedWord(word: "Task {", advice: taskAdvice, allowed: taskStarters, inTests: false),
    BannedWord(word: "Task(", advice: taskAdvice, allowed: taskStarters, inTests: false),
    BannedWord(word: "Task.detached", advice: taskAdvice, allowed: taskStarters, inTests: false),
    BannedWord(word: "Task.immediate", advice: taskAdvice, allowed: taskStarters, inTests: false),
    BannedWord(word: "@unchecked Sendable", advice: uncheckedAdvice, allowed: uncheckedFiles, inTests: false),
    BannedWord(word: "nonisolated(unsafe)", advice: uncheckedAdvice, allowed: uncheckedFiles, inTests: false),
]

private let taskAdvice = "starts a task where none may start: the worker starts one per connection"
private let taskStarters = [
    "Sources/Server/Worker.swift": "one task per connection, on its loop",
    "Sources/Registries/": "watching a registry is control plane, apart from the loops",
    "Sources/micro/": "commands and the supervisor are control plane",
]

private let uncheckedAdvice = "takes the proof of safety away from the compiler; make it a value, an actor or a Mutex"
private let uncheckedFiles = [
    "Sources/Reactor/EpollEventLoop.swift": "its fields belong to its thread; what crosses goes through the inbox",
    "Sources/Reactor/DescriptorTable.swift": "its fields belong to the loop's thread",
    "Sources/Transports/TLS/LibraryObject.swift": "OpenSSL's objects have no Swift type that could say who owns them",
]

enum BannedWords {
    static func uses(in file: SourceFile) -> [Violation] {
        let isTest = file.path.hasPrefix("Tests/")
        let words = bannedWords.filter { word in
            (word.inTests || !isTest)
                && !word.allowed.keys.contains { $0.hasSuffix("/") ? file.path.hasPrefix($0) : file.path == $0 }
        }
        var violations: [Violation] = []
        for (offset, line) in file.code.enumerated() {
            for word in words where occurs(word.word, in: line) {
                violations.append(Violation(file.path, offset + 1, "\(word.word) \(word.advice)"))
            }
            for call in ["fatalError(", "preconditionFailure("] where occurs(call, in: line) {
                guard !givesSentence(call, line: offset, file: file) else { continue }
                violations.append(
                    Violation(file.path, offset + 1, "\(call)) without a sentence; say why it cannot happen"))
            }
        }
        return violations
    }

    /// Whether the word stands in the line, and is neither the end of a longer one nor a method, nor being declared.
    private static func occurs(_ word: String, in line: Substring) -> Bool {
        line.ranges(of: word).contains { range in
            let before = line[..<range.lowerBound]
            let isPart = before.last.map { $0.isLetter || $0.isNumber || "._`".contains($0) } ?? false
            return !isPart && !before.hasSuffix("func ")
        }
    }

    /// Whether a literal with at least two words follows, here or on the next line.
    private static func givesSentence(_ call: String, line: Int, file: SourceFile) -> Bool {
        let lines = file.lines[line..<min(line + 2, file.lines.count)].joined(separator: " ")
        guard let range = lines.firstRange(of: call) else { return false }
        let text = lines[range.upperBound...].drop { $0 == " " }
        return text.hasPrefix("\"") && text.dropFirst().prefix { $0 != "\"" }.contains(" ")
    }
}
