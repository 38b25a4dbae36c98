import Bytes
import HTTP
import Testing

/// The parts of a server's connection that its sessions are built of.
struct HTTP2ConnectionTests {
    @Test func `the preface is known by its first byte that differs`() {
        var preface = ByteBuffer()
        HTTP2Preface.write(to: &preface)
        #expect(preface.count == HTTP2Preface.length)
        for length in 0...preface.count {
            let bytes = Array(preface.bytes[..<length])
            #expect(HTTP2Preface.match(bytes.span) == (length == 24 ? .whole : .partial))
            guard length > 0 else { continue }
            let other = Array(bytes.dropLast()) + [0]
            #expect(HTTP2Preface.match(other.span) == .no, "\(length)")
        }
        #expect(HTTP2Preface.match((preface.bytes + [1]).span) == .whole)
    }

    @Test func `a window is opened again when half of it was consumed`() throws {
        var window = ReceiveWindow(stream: 3, size: 100)
        try window.receive(100)
        #expect(throws: HTTP2Error.self) { try window.receive(1) }
        #expect(try window.consume(49) == nil)
        #expect(try window.consume(0) == nil)
        #expect(try window.consume(1) == 50)
        try window.receive(50)
        #expect(throws: HTTP2Error.self) { try window.receive(1) }
        #expect(try window.consume(100) == 100)
    }

    @Test func `time and answers forgive resets`() throws {
        let start = ContinuousClock.now
        var floods = FloodGuard(now: start)
        for _ in 0..<400 { try floods.chargeReset(at: start) }
        #expect(throws: HTTP2Error.self) { try floods.chargeReset(at: start) }
        var answered = FloodGuard(now: start)
        for _ in 0..<10_000 {
            try answered.chargeReset(at: start)
            answered.creditAnswer()
        }
        var slow = FloodGuard(now: start)
        for second in 0..<1_000 {
            for _ in 0..<40 { try slow.chargeReset(at: start + .seconds(second)) }
        }
    }

    @Test(
        "the settings of an upgrade are one field with whole values that are permitted",
        arguments: [
            (["AAMAAABkAAQCAAAAAAIAAAAA"], 33_554_432), ([""], 65_535), (["AAQAAAAD"], 3), ([], nil),
            (["AAQAAAAD", "AAQAAAAD"], nil), (["AAQAAAA"], nil), (["AAIAAAAC"], nil), (["AAT_____"], nil),
            (["A+QAAAAD!"], nil),
        ] as [([String], Int?)])
    func upgrades(values: [String], initialWindow: Int?) {
        var fields = HeaderFields()
        for value in values { fields.append(.http2Settings, value) }
        let head = RequestHead(authority: "a", fields: fields)
        #expect(HTTP2Settings(upgrading: head)?.initialWindow == initialWindow)
    }

    @Test func `the first frame is SETTINGS, and an acknowledgement is none`() throws {
        for first in [bytes("000008 06 00 00000000 0000000000000000"), bytes("000000 04 01 00000000")] {
            var connection = HTTP2ServerConnection(listLimit: 65_536, now: .now)
            var output = ByteBuffer()
            #expect(throws: HTTP2Error.self) { try connection.next(first.span, now: .now, output: &output) }
        }
    }

    @Test func `settings are acknowledged, and tell what changes for the streams`() throws {
        var connection = HTTP2ServerConnection(listLimit: 65_536, now: .now)
        var output = ByteBuffer()
        let frame = bytes("00000c 04 00 00000000 0004 0000000a 0001 00000000")
        for length in 0..<frame.count {
            #expect(try connection.next(Array(frame[..<length]).span, now: .now, output: &output) == nil)
        }
        let taken = try connection.next(frame.span, now: .now, output: &output)
        #expect(taken?.event == .initialWindowChanged(from: 65_535, to: 10))
        #expect(taken?.length == frame.count)
        #expect(output.bytes == bytes("000000 04 01 00000000"))
        #expect(connection.peer.headerTableSize == 0)
    }

    @Test func `names are spelled as in HTTP 1.1, and upper case is refused`() throws {
        var decoder = HPACKDecoder()
        var list = HPACKFieldList()
        try decoder.decode(bytes("00 0a 782d61622d635f642d65 01 76").span, into: &list)
        var fields = HeaderFields()
        try HTTP2Header.readTrailers(list, stream: 1, into: &fields)
        #expect(fields.description == "X-Ab-C_d-E: v")
        try decoder.decode(bytes("00 01 58 01 76").span, into: &list)
        #expect(throws: HTTP2Error.self) { try HTTP2Header.readTrailers(list, stream: 1, into: &fields) }
    }
}
