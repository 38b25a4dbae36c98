import Bytes
import Gateway
import HTTP
import Server
import Synchronization
import TestSupport
import Testing

struct AccessLogTests {
    @Test func `every answer is in the access log, errors that end the connection too`() {
        let lines = Lines()
        let rig = Rig(accessLog: { AccessLog(format: .text, clock: { Moment(seconds: 0) }, sink: lines.append) }) { _ in
            PathHandler()
        }
        _ = rig.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = rig.exchange("POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")
        rig.flushLog()
        #expect(lines.text.contains("GET /a 200 7 bytes in 0.000 ms, from 127.0.0.1\n"))
        #expect(lines.text.contains("POST /long 413 "))
    }

    @Test func `the access log tells no query, and why a request was refused`() {
        for (format, line) in [
            (AccessLog.Format.text, "GET /fails 404 80 bytes in 0.000 ms, notFound, from 127.0.0.1\n"),
            (.json, "\"path\":\"/fails\",\"status\":404,\"bytes\":80,\"milliseconds\":0.000,\"service\":\"\","),
            (.json, "\"code\":\"notFound\",\"client\":\"127.0.0.1\"}\n"),
        ] {
            let lines = Lines()
            let rig = Rig(accessLog: { AccessLog(format: format, clock: { Moment(seconds: 0) }, sink: lines.append) }) {
                _ in
                PathHandler()
            }
            _ = rig.exchange("GET /fails?token=secret HTTP/1.1\r\nHost: a\r\n\r\n")
            rig.flushLog()
            #expect(lines.text.contains(line))
            #expect(!lines.text.contains("secret"))
        }
    }

    @Test(
        "a request whose head is malformed is in the access log, and what was asked before is not in its line",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", "400", "badRequest", "The Host field is missing."),
            ("GET / HTTP/9.9\r\n", "505", "versionNotSupported", "The version is not HTTP/1.1 or HTTP/1.0."),
            ("\u{16}\u{3}", "400", "badRequest", "This port speaks plain HTTP"),
        ])
    func malformed(bytes: String, status: String, code: String, reason: String) {
        for format in [AccessLog.Format.text, .json] {
            let lines = Lines()
            let rig = Rig(accessLog: { AccessLog(format: format, clock: { Moment(seconds: 0) }, sink: lines.append) })
            _ = rig.exchange(SessionTests.canary)
            _ = rig.exchange(bytes)
            rig.flushLog()
            let written = lines.text.split(separator: "\n")
            #expect(written.count == 2)
            let line = written.last ?? ""
            for part in ["malformed request", status, code, reason, "127.0.0.1"] { #expect(line.contains(part)) }
            #expect(!line.contains("canary"))
        }
    }

    @Test func `each line tells its time, within a second and after it`() {
        let lines = Lines()
        let clock = ScriptedClock([
            Moment(seconds: 60, nanoseconds: 7_000_000), Moment(seconds: 60, nanoseconds: 999_999_999),
            Moment(seconds: 61), Moment(seconds: 59, nanoseconds: 123_000_000),
        ])
        let rig = Rig(accessLog: { AccessLog(format: .json, clock: clock.next, sink: lines.append) }) { _ in
            PathHandler()
        }
        for _ in 0..<4 { _ = rig.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n") }
        rig.flushLog()
        let times = lines.text.split(separator: "\n").map { String($0.dropFirst(9).prefix(24)) }
        #expect(times == ["00:01:00.007", "00:01:00.999", "00:01:01.000", "00:00:59.123"].map { "1970-01-01T\($0)Z" })
    }

    @Test func `what a client sends cannot end a string of a line`() {
        for (path, written) in [("/a\"b", #"/a\"b"#), ("/\"", #"/\""#), ("/a\"\"b\"c", #"/a\"\"b\"c"#)] {
            let lines = Lines()
            let rig = Rig(accessLog: { AccessLog(format: .json, sink: lines.append) }) { _ in PathHandler() }
            _ = rig.exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            rig.flushLog()
            #expect(lines.text.contains("\"path\":\"\(written)\",\"status\""))
        }
    }
}

final class Lines: Sendable {
    private let content = Mutex("")

    var text: String { content.withLock { $0 } }
    func append(_ buffer: ByteBuffer) { content.withLock { $0 += buffer.text } }
}

/// Tells what it was told to, one after the other.
final class ScriptedClock: Sendable {
    private let moments: Mutex<[Moment]>

    init(_ moments: [Moment]) { self.moments = Mutex(moments.reversed()) }

    func next() -> Moment { moments.withLock { $0.popLast() } ?? Moment(seconds: 0) }
}
