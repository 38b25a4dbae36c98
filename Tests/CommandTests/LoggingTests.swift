import Bytes
import Logging
import Testing

@testable import micro

struct LoggingTests {
    private func line(_ style: LineLogHandler.Style, priority: Bool = false, _ body: (Logger) -> Void) -> String {
        let lines = Box("")
        let handler = LineLogHandler(
            style: style, hasPriority: priority, clock: { Moment(seconds: 24_560, nanoseconds: 123_456_789) },
            sink: { line in lines.change { $0 += line } })
        body(Logger(label: "test") { _ in handler })
        return lines.value
    }

    @Test func `text has the time, the level, the message and the metadata, sorted`() {
        let line = line(.text) { $0.warning("slow node", metadata: ["node": "a-1", "after": "5 s", "empty": ""]) }
        #expect(line == "06:49:20.123 warning slow node after=\"5 s\" empty=\"\" node=a-1\n")
    }

    @Test func `JSON has the same on one line, and metadata never replaces what every line has`() {
        let line = line(.json) { logger in
            var logger = logger
            logger[metadataKey: "b"] = ["x", ["y": "z"]]
            logger.info("a\n\"b\"", metadata: ["a": "1", "level": "forged"])
        }
        #expect(
            line == #"""
                {"time":"1970-01-01T06:49:20.123Z","level":"info","message":"a\n\"b\"","a":"1","b":["x",{"y":"z"}]}

                """#)
    }

    @Test func `nobody can forge a line, or command the terminal`() {
        let line = line(.text) { $0.info("a\nb", metadata: ["key": "\u{1b}[2J\n"]) }
        #expect(line == "06:49:20.123 info    a\\nb key=\"\\u001b[2J\\n\"\n")
    }

    @Test(
        "the journal reads the priority",
        arguments: [
            (Logger.Level.info, "<6>"), (.notice, "<5>"), (.warning, "<4>"), (.error, "<3>"), (.critical, "<2>"),
        ])
    func priorities(level: Logger.Level, prefix: String) {
        #expect(line(.json, priority: true) { $0.log(level: level, "m") }.hasPrefix("\(prefix){"))
        #expect(line(.text, priority: true) { $0.log(level: level, "m") }.hasPrefix("\(prefix)06:"))
    }

    @Test func `what is less important than the level is not written`() {
        #expect(line(.text) { $0.debug("m") } == "")
    }

    @Test(
        "auto is text for a terminal only",
        arguments: [
            (LogFormat.auto, true, true), (.auto, false, false), (.text, false, true), (.json, true, false),
        ])
    func formats(format: LogFormat, onTerminal: Bool, isText: Bool) {
        #expect(format.isText(onTerminal: onTerminal) == isText)
    }
}
