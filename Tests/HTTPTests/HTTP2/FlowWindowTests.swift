import HTTP
import Testing

struct FlowWindowTests {
    private static func code(of body: () throws(HTTP2Error) -> Void) -> HTTP2Error? {
        do throws(HTTP2Error) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "a window grows by 1 up to the largest window, and not above it",
        arguments: [
            (65_535, 1, nil), (65_535, 0x7fff_ffff - 65_535, nil), (65_535, 0x7fff_ffff - 65_534, .flowControlError),
            (0, 0x7fff_ffff, nil), (1, 0x7fff_ffff, .flowControlError), (0x7fff_ffff, 1, .flowControlError),
            (10, 0, .protocolError), (10, -1, .protocolError),
        ] as [(Int, Int, HTTP2ErrorCode?)])
    func growth(available: Int, increment: Int, code: HTTP2ErrorCode?) {
        for stream: UInt32 in [0, 7] {
            var window = FlowWindow(stream: stream, available: available)
            let error = Self.code { () throws(HTTP2Error) in try window.grow(by: increment) }
            #expect(error?.code == code)
            #expect(window.available == (code == nil ? available + increment : available))
            if let error { #expect(error.scope == (stream == 0 ? .connection : .stream(7))) }
        }
    }

    @Test(
        "content is received up to the window, and no byte more",
        arguments: [(10, 0, true), (10, 10, true), (10, 11, false), (0, 0, true), (0, 1, false)])
    func receiving(available: Int, length: Int, isAllowed: Bool) {
        for stream: UInt32 in [0, 7] {
            var window = FlowWindow(stream: stream, available: available)
            let error = Self.code { () throws(HTTP2Error) in try window.receive(length) }
            #expect(error?.code == (isAllowed ? nil : .flowControlError))
            if let error { #expect(error.scope == (stream == 0 ? .connection : .stream(7))) }
        }
    }

    @Test func `smaller settings make a window negative, and it sends again when it is above nothing`() throws {
        var window = FlowWindow(stream: 1, available: 65_535)
        window.send(60_000)
        try window.changeInitial(from: 65_535, to: 16_384)
        #expect(window.available == -43_616)
        #expect(window.sendable == 0)
        try window.receive(0)
        try window.grow(by: 43_616)
        #expect(window.sendable == 0)
        try window.grow(by: 1)
        #expect(window.sendable == 1)
        try window.changeInitial(from: 16_384, to: 65_535)
        #expect(window.sendable == 49_152)
    }

    @Test func `settings that make a window too large end the connection`() throws {
        var window = FlowWindow(stream: 1, available: 65_535)
        try window.grow(by: 1)
        let error = Self.code { () throws(HTTP2Error) in try window.changeInitial(from: 65_535, to: 0x7fff_ffff) }
        #expect(error?.code == .flowControlError)
        #expect(error?.scope == .connection)
        #expect(window.available == 65_536)
    }
}
