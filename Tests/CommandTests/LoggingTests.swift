import Logging
import Testing

@testable import micro

struct LoggingTests {
    @Test(
        "a moment is written in UTC with milliseconds, on either side of leap days and of 1970",
        arguments: [
            (Int64(0), "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_709_164_799_999, "2024-02-28T23:59:59.999Z"), (1_709_251_199_001, "2024-02-29T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (1_795_243_760_123, "2026-11-21T06:49:20.123Z"),
            (-2_208_988_800_000, "1900-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ])
    func timestamps(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
    }

    @Test func `every day follows the one before`() {
        var before = Timestamp(milliseconds: -86_400_000).civilDate
        for day in Int64(0)..<150_000 {
            let date = Timestamp(milliseconds: day * 86_400_000).civilDate
            let isNextDay = date.day == before.day + 1 && date.month == before.month && date.year == before.year
            let isNextMonth = date.day == 1 && date.month == before.month + 1 && date.year == before.year
            let isNextYear = date.day == 1 && date.month == 1 && before.month == 12 && date.year == before.year + 1
            guard isNextDay || isNextMonth || isNextYear else {
                Issue.record("\(before) is followed by \(date)")
                return
            }
            before = date
        }
    }

    private func line(_ style: LineLogHandler.Style, priority: Bool = false, _ body: (Logger) -> Void) -> String {
        let lines = Box("")
        let handler = LineLogHandler(
            style: style, hasPriority: priority, clock: { Timestamp(milliseconds: 24_560_123) },
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
