import HTTP
import JSON
import TestSupport
import Testing

/// Statuses, messages, details and timeouts of gRPC; K12, K14 and K15 of the hardening cases.
struct GRPCFieldTests {
    @Test func `codes of go-micro and statuses are mapped as recorded, both ways`() throws {
        let vector = GRPCGolden.vector("status-map")
        let (micro, back) = (try #require(vector["decoded"]), try #require(vector["encoded"]))
        for code in [200, 400, 401, 403, 404, 405, 408, 409, 412, 429, 500, 501, 503] {
            #expect(GRPCStatus(microCode: code).rawValue == micro["\(code)"]?.intValue.map { Int($0) }, "code \(code)")
        }
        for status in GRPCStatus.allCases {
            let code = back["\(status.rawValue)"]?.intValue.map { Int($0) } ?? 500
            #expect(status.microCode == code, "status \(status)")
        }
        #expect(back["8"]?.intValue == 500)
        #expect(GRPCStatus(microCode: 0) == .unknown)
        #expect(GRPCStatus(microCode: -1) == .unknown)
    }

    @Test(
        "each status has its HTTP status and its name",
        arguments: [
            (0, 200, "OK"), (1, 499, "CANCELLED"), (2, 500, "UNKNOWN"), (3, 400, "INVALID_ARGUMENT"),
            (4, 504, "DEADLINE_EXCEEDED"), (5, 404, "NOT_FOUND"), (6, 409, "ALREADY_EXISTS"),
            (7, 403, "PERMISSION_DENIED"), (8, 429, "RESOURCE_EXHAUSTED"), (9, 400, "FAILED_PRECONDITION"),
            (10, 409, "ABORTED"), (11, 400, "OUT_OF_RANGE"), (12, 501, "UNIMPLEMENTED"), (13, 500, "INTERNAL"),
            (14, 503, "UNAVAILABLE"), (15, 500, "DATA_LOSS"), (16, 401, "UNAUTHENTICATED"),
        ])
    func statuses(number: Int, http: Int, name: String) {
        let status = GRPCStatus("\(number)".utf8.span)
        #expect(status.rawValue == number)
        #expect(status.httpStatus.code == http)
        #expect(status.name == name)
    }

    @Test("what is no status is unknown", arguments: ["", "17", "99", "100", "-1", "01", "00", "1x", " 1", "OK"])
    func unknown(text: String) {
        #expect(GRPCStatus(text.utf8.span) == .unknown)
    }

    @Test(
        "an answer that is not from gRPC has a status all the same",
        arguments: [
            (200, GRPCStatus.unknown), (302, .unknown), (400, .internal), (401, .unauthenticated),
            (403, .permissionDenied), (404, .unimplemented), (418, .unknown), (429, .unavailable), (500, .unknown),
            (502, .unavailable), (503, .unavailable), (504, .unavailable),
        ])
    func fromHTTP(code: Int, status: GRPCStatus) throws {
        #expect(GRPCStatus(http: try #require(Status(code))) == status)
    }

    @Test func `a message is written and read as recorded`() throws {
        let vector = GRPCGolden.vector("grpc-message-escape")
        let (text, value) = (vector["decoded"]?.stringValue ?? "", vector["encoded"]?.stringValue ?? "")
        #expect(!text.isEmpty)
        #expect(GRPCStatusMessage.encode(text) == value)
        #expect(GRPCStatusMessage.decode(value.utf8.span) == text)
        let error = try #require(GRPCGolden.field("grpc-message", of: "grpc-error-trailers"))
        #expect(GRPCStatusMessage.encode(error) == error)
        #expect(GRPCGolden.field("grpc-message", of: "grpc-error-plain") == GRPCStatusMessage.encode("plain failure"))
    }

    @Test(
        "no line ends inside a message, and reading one never fails",
        arguments: [
            ("a\r\nb: c", "a%0D%0Ab: c"), ("\u{0}\u{7f}~ ", "%00%7F~ "), ("100%", "100%25"), ("ä", "%C3%A4"), ("", ""),
        ])
    func messages(text: String, value: String) {
        #expect(GRPCStatusMessage.encode(text) == value)
        #expect(GRPCStatusMessage.decode(value.utf8.span) == text)
    }

    @Test(
        "a malformed message is read as far as it goes",
        arguments: [
            ("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("%c3%a4", "ä"), ("%FFx", "\u{fffd}x"), ("%%41", "%A"),
        ])
    func malformed(value: String, text: String) {
        #expect(GRPCStatusMessage.decode(value.utf8.span) == text)
    }

    @Test func `details are read as recorded, with padding and without`() throws {
        let value = try #require(GRPCGolden.field("grpc-status-details-bin", of: "grpc-error-trailers"))
        let decoded = GRPCStatusDetails.decode(value.utf8.span)
        let details = try #require(decoded)
        #expect(Array(details.suffix(56)) == GRPCGolden.message("grpc-error-message"))
        #expect(GRPCStatusDetails.encode(details.span) == value)
        #expect(GRPCStatusDetails.encode([0x61].span) == "YQ")
        #expect(GRPCStatusDetails.decode("YQ==".utf8.span) == [0x61])
        #expect(GRPCStatusDetails.decode("Y*".utf8.span) == nil)
    }

    @Test(
        "a timeout is one to eight digits and a unit",
        arguments: [
            ("1H", .seconds(3_600)), ("2M", .seconds(120)), ("3S", .seconds(3)), ("4m", .milliseconds(4)),
            ("5u", .microseconds(5)), ("6n", .nanoseconds(6)), ("4996306u", .microseconds(4_996_306)),
            ("99999999n", .nanoseconds(99_999_999)), ("99999999H", .seconds(359_999_996_400)), ("0m", .zero),
            ("00000001S", .seconds(1)),
            ("", nil), ("S", nil), ("1", nil), ("1s", nil), ("1h", nil), ("-1S", nil), ("+1S", nil), ("1.5S", nil),
            ("123456789n", nil), ("000000001S", nil), (" 1S", nil), ("1 S", nil), ("1SS", nil), ("S1", nil),
        ] as [(String, Duration?)])
    func timeouts(value: String, time: Duration?) {
        #expect(GRPCTimeout.decode(value.utf8.span) == time)
    }

    @Test(
        "a timeout is written in the finest unit that fits, and never rounded up",
        arguments: [
            (Duration.zero, "0n"), (.seconds(-1), "0n"),
            (Duration(secondsComponent: 0, attosecondsComponent: 999), "0n"),
            (.nanoseconds(1), "1n"), (.nanoseconds(99_999_999), "99999999n"), (.nanoseconds(100_000_000), "100000u"),
            (.nanoseconds(100_000_999), "100000u"), (.microseconds(4_996_306), "4996306u"),
            (.microseconds(99_999_999), "99999999u"), (.seconds(100), "100000m"),
            (.seconds(99_999) + .nanoseconds(999_999_999), "99999999m"), (.seconds(100_000), "100000S"),
            (.seconds(99_999_999), "99999999S"), (.seconds(100_000_000), "1666666M"),
            (.seconds(6_000_000_000), "1666666H"), (.seconds(359_999_996_400), "99999999H"),
            (.seconds(Int64.max), "99999999H"),
        ])
    func writesTimeouts(time: Duration, value: String) throws {
        #expect(GRPCTimeout.encode(time) == value)
        let read = GRPCTimeout.decode(value.utf8.span)
        #expect(try #require(read) <= max(time, .zero))
    }

    @Test func `a timeout that is read and written again does not grow`() throws {
        var random = SeededNumbers(seed: 12)
        for _ in 0..<5_000 {
            let bits = Int64.random(in: 0...60, using: &random)
            let time = Duration.nanoseconds(Int64.random(in: 0...(1 << bits), using: &random))
            let read = GRPCTimeout.decode(GRPCTimeout.encode(time).utf8.span)
            let once = try #require(read)
            #expect(once <= time)
            #expect(GRPCTimeout.decode(GRPCTimeout.encode(once).utf8.span) == once)
        }
    }
}
