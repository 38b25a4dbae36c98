import Bytes
import Gateway
import HTTP
import Server
import TestSupport
import Testing

/// Answers at once and reads nothing, as the gateway answers what it answers itself.
private final class HastyHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        try await exchange.respond(.ok, contentType: "text/plain", text: "hasty answer")
    }
}

/// What a client does, and what must come of it.
struct Conduct: Sendable, CustomTestStringConvertible {
    enum Consequence: Sendable {
        /// RST_STREAM or GOAWAY with one of these codes: an error of a stream may be taken for one of the connection.
        case stream([HTTP2ErrorCode])
        /// RST_STREAM with this code, and nothing else will do.
        case reset(HTTP2ErrorCode)
        /// GOAWAY with one of these codes, and the end of the connection.
        case connection([HTTP2ErrorCode])
        /// The PING behind it is answered.
        case pong
        /// The request on stream 1 is answered.
        case answer
        /// The first DATA frame has so many bytes.
        case data(Int)
        case close
    }

    let testDescription: String
    let steps: [[UInt8]]
    let consequence: Consequence

    init(_ name: String, _ steps: [[UInt8]], _ consequence: Consequence) {
        (testDescription, self.steps, self.consequence) = (name, steps, consequence)
    }
}

/// The cases of h2spec, section by section, each with its own bytes: what RFC 7540 and 9113 say about a misbehaving client.
struct HTTP2ConformanceTests {
    @Test("a client gets what it deserves, however its bytes are cut", arguments: conducts)
    func conduct(_ conduct: Conduct) {
        let handlers: [@Sendable (WorkerContext) -> any Handler] = [{ _ in HastyHandler() }, { _ in EchoHandler() }]
        for (index, handler) in handlers.enumerated() {
            for cut in Cut.allCases {
                let client = HTTP2Client(Rig(makeHandler: handler))
                for piece in cut.pieces(of: conduct.steps) { client.send(piece) }
                if case .pong = conduct.consequence { client.send(Wire.ping) }
                #expect(isMet(conduct.consequence, client), "handler \(index), \(cut): \(client.answers)")
                if case .connection = conduct.consequence {
                    #expect(client.rig.peer.sawFinish)
                    client.rig.peer.finish()
                    client.rig.loop.drain()
                    #expect(client.rig.peer.isClosed)
                }
            }
        }
    }

    private enum Cut: CaseIterable {
        case whole, steps, bytes

        func pieces(of steps: [[UInt8]]) -> [[UInt8]] {
            switch self {
            case .whole: [steps.flatMap { $0 }]
            case .steps: steps
            // Of long ones the middle is not looked at byte by byte.
            case .bytes:
                steps.flatMap { step in
                    step.count > 4_000 ? [Array(step.prefix(20)), Array(step.dropFirst(20))] : step.map { [$0] }
                }
            }
        }
    }

    private func isMet(_ consequence: Conduct.Consequence, _ client: HTTP2Client) -> Bool {
        let reset = client.resetCode(of: 1)
        switch consequence {
        case .stream(let codes): return (client.goAway ?? reset).map(codes.contains) ?? false
        case .reset(let code): return reset == code && client.goAway == nil
        case .connection(let codes): return client.goAway.map(codes.contains) ?? false
        case .pong: return client.answers.last?.type == .ping && client.goAway == nil
        case .answer: return client.status(of: 1) == "200" && client.hasEnded(1) && client.goAway == nil
        case .data(let length): return client.answers.first { $0.type == .data }?.payload.count == length
        case .close: return client.rig.peer.sawFinish
        }
    }

    private static let conducts: [Conduct] = frames + streams + errors + windows + messages + compression

    private static let large = (0..<5).map { ("x-\($0)", String(repeating: "v", count: 4_000)) }

    private static let frames: [Conduct] = [
        Conduct("generic 2: PRIORITY on an idle stream", [Wire.priority(1)], .pong),
        Conduct("generic 2: PRIORITY on a closed stream", [Wire.headers(1), Wire.priority(1)], .pong),
        Conduct("generic 2: RST_STREAM of an answered request", [Wire.headers(1), Wire.reset(1)], .pong),
        Conduct(
            "generic 3.1: several DATA frames",
            [Wire.headers(1, Wire.post, ends: false), Wire.data(1, "a", ends: false), Wire.data(1)], .answer),
        Conduct(
            "generic 3.1: padded DATA",
            [
                Wire.headers(1, Wire.post, ends: false),
                Wire.frame(0, flags: 0x9, stream: 1, [2] + Array("test".utf8) + [0, 0]),
            ], .answer),
        Conduct("generic 3.2: padded HEADERS", [Wire.headers(1, extra: 8, before: [2], after: [0, 0])], .answer),
        Conduct(
            "generic 3.2: HEADERS with a priority", [Wire.headers(1, extra: 0x20, before: [0, 0, 0, 0, 9])], .answer),
        Conduct(
            "generic 3.3: PRIORITY of weight 1, exclusive, on an unknown stream", [Wire.priority(3, on: 0x8000_0005)],
            .pong),
        Conduct(
            "generic 3.5: SETTINGS", [Wire.settings((1, 4_096), (3, 100), (4, 65_535), (5, 16_384), (6, 100))], .pong),
        Conduct("generic 3.8: GOAWAY", [Wire.frame(7, stream: 0, [UInt8](repeating: 0, count: 8))], .close),
        Conduct(
            "generic 3.9: WINDOW_UPDATE of both", [Wire.windowUpdate(0, 1), Wire.headers(1), Wire.windowUpdate(1, 1)],
            .answer),
        Conduct(
            "generic 3.10: CONTINUATION",
            [Wire.headers(1, whole: false), Wire.continuation(1, whole: false), Wire.continuation(1)], .answer),
        Conduct(
            "4.1: a frame of an unknown type", [Wire.frame(0x16, stream: 0, [UInt8](repeating: 0, count: 8))], .pong),
        Conduct(
            "4.1: a frame with undefined flags",
            [Wire.frame(6, flags: 0x16, stream: 0, [UInt8](repeating: 0, count: 8))], .pong),
        Conduct(
            "4.1: a frame with the reserved bit", [Wire.frame(6, stream: 0x8000_0000, [UInt8](repeating: 0, count: 8))],
            .pong),
        Conduct(
            "4.2: DATA of 2^14 bytes",
            [Wire.headers(1, Wire.post, ends: false), Wire.data(1, String(repeating: "x", count: 16_384))], .answer),
        Conduct(
            "4.2: DATA of more",
            [Wire.headers(1, Wire.post, ends: false), Wire.data(1, String(repeating: "x", count: 16_385))],
            .connection([.frameSizeError])),
        Conduct("4.2: HEADERS of more", [Wire.headers(1, Wire.get + large)], .connection([.frameSizeError])),
        Conduct(
            "4.3: a block that cannot be decoded",
            [Wire.frame(1, flags: 5, stream: 1, [0x00, 0x85, 0xf2, 0xb2, 0x4a])], .connection([.compressionError])),
        Conduct(
            "4.3: PRIORITY within a block", [Wire.headers(1, whole: false), Wire.priority(1), Wire.continuation(1)],
            .connection([.protocolError])),
        Conduct(
            "4.3: another stream's HEADERS within a block", [Wire.headers(1, whole: false), Wire.headers(3)],
            .connection([.protocolError])),
        Conduct("6.1: DATA without a stream", [Wire.data(0)], .connection([.protocolError])),
        Conduct(
            "6.1: DATA with too much padding",
            [Wire.headers(1, Wire.post, ends: false), Wire.frame(0, flags: 9, stream: 1, [5] + Array("test".utf8))],
            .connection([.protocolError])),
        Conduct(
            "6.2: HEADERS without CONTINUATION", [Wire.headers(1, whole: false), Wire.priority(1)],
            .connection([.protocolError])),
        Conduct("6.2: HEADERS without a stream", [Wire.headers(0)], .connection([.protocolError])),
        Conduct(
            "6.2: HEADERS with too much padding", [Wire.frame(1, flags: 0xd, stream: 1, [200] + Wire.block(Wire.get))],
            .connection([.protocolError])),
        Conduct("6.3: PRIORITY without a stream", [Wire.priority(0)], .connection([.protocolError])),
        Conduct(
            "6.3: PRIORITY of four bytes", [Wire.headers(1), Wire.frame(2, stream: 1, [0, 0, 0, 1])],
            .stream([.frameSizeError])),
        Conduct("6.3: PRIORITY on a later stream first", [Wire.priority(3), Wire.headers(1)], .answer),
        Conduct("6.4: RST_STREAM without a stream", [Wire.reset(0)], .connection([.protocolError])),
        Conduct("6.4: RST_STREAM on an idle stream", [Wire.reset(1)], .connection([.protocolError])),
        Conduct(
            "6.4: RST_STREAM of three bytes", [Wire.headers(1), Wire.frame(3, stream: 1, [0, 0, 0])],
            .connection([.frameSizeError])),
        Conduct(
            "6.5: an acknowledgement with content", [Wire.frame(4, flags: 1, stream: 0, [0])],
            .connection([.frameSizeError])),
        Conduct(
            "6.5: SETTINGS on a stream", [Wire.frame(4, stream: 1, [0, 3, 0, 0, 0, 100])], .connection([.protocolError])
        ),
        Conduct("6.5: SETTINGS of three bytes", [Wire.frame(4, stream: 0, [0, 3, 0])], .connection([.frameSizeError])),
        Conduct("6.5.2: ENABLE_PUSH of 2", [Wire.settings((2, 2))], .connection([.protocolError])),
        Conduct(
            "6.5.2: a window above the largest", [Wire.settings((4, 0x8000_0000))], .connection([.flowControlError])),
        Conduct("6.5.2: a frame size below the least", [Wire.settings((5, 16_383))], .connection([.protocolError])),
        Conduct(
            "6.5.2: a frame size above the largest", [Wire.settings((5, 16_777_216))], .connection([.protocolError])),
        Conduct("6.5.2: an unknown setting", [Wire.settings((0xff, 1))], .pong),
        Conduct(
            "6.5.3: the last of several values holds", [Wire.settings((4, 100), (4, 1)), Wire.headers(1)], .data(1)),
        Conduct(
            "6.7: an unasked-for answer to PING", [Wire.frame(6, flags: 1, stream: 0, Array("whatever".utf8))], .pong),
        Conduct(
            "6.7: PING on a stream", [Wire.frame(6, stream: 1, [UInt8](repeating: 0, count: 8))],
            .connection([.protocolError])),
        Conduct(
            "6.7: PING of six bytes", [Wire.frame(6, stream: 0, [UInt8](repeating: 0, count: 6))],
            .connection([.frameSizeError])),
        Conduct(
            "6.8: GOAWAY on a stream", [Wire.frame(7, stream: 1, [UInt8](repeating: 0, count: 8))],
            .connection([.protocolError])),
        Conduct(
            "6.10: CONTINUATION follows CONTINUATION",
            [Wire.headers(1, whole: false), Wire.continuation(1, whole: false), Wire.data(1)],
            .connection([.protocolError])),
        Conduct(
            "6.10: CONTINUATION without a stream", [Wire.headers(1, whole: false), Wire.continuation(0)],
            .connection([.protocolError])),
        Conduct(
            "6.10: CONTINUATION after the end of a block", [Wire.headers(1), Wire.continuation(1)],
            .connection([.protocolError])),
        Conduct(
            "6.10: CONTINUATION after the last CONTINUATION",
            [Wire.headers(1, whole: false), Wire.continuation(1), Wire.continuation(1)], .connection([.protocolError])),
        Conduct(
            "6.10: CONTINUATION after DATA",
            [Wire.headers(1, Wire.post, ends: false, whole: false), Wire.data(1), Wire.continuation(1)],
            .connection([.protocolError])),
        Conduct(
            "8.2: PUSH_PROMISE", [Wire.frame(5, flags: 4, stream: 1, Wire.number(2) + Wire.block(Wire.get))],
            .connection([.protocolError])),
    ]

    private static let streams: [Conduct] = [
        Conduct("5.1: DATA on an idle stream", [Wire.data(1)], .connection([.protocolError])),
        Conduct("5.1: WINDOW_UPDATE on an idle stream", [Wire.windowUpdate(1, 100)], .connection([.protocolError])),
        Conduct("5.1: CONTINUATION on an idle stream", [Wire.continuation(1)], .connection([.protocolError])),
        Conduct("5.1: DATA after the end of the request", [Wire.headers(1), Wire.data(1)], .stream([.streamClosed])),
        Conduct(
            "5.1, I19: HEADERS after the end of the request", [Wire.headers(1), Wire.headers(1)],
            .stream([.streamClosed])),
        Conduct(
            "5.1: DATA after RST_STREAM", [Wire.headers(1, ends: false), Wire.reset(1), Wire.data(1)],
            .stream([.streamClosed])),
        Conduct(
            "5.1: HEADERS after RST_STREAM", [Wire.headers(1, ends: false), Wire.reset(1), Wire.headers(1)],
            .stream([.streamClosed])),
        Conduct(
            "5.1: CONTINUATION after RST_STREAM", [Wire.headers(1, ends: false), Wire.reset(1), Wire.continuation(1)],
            .connection([.protocolError])),
        Conduct("5.1: DATA when all is over", [Wire.headers(1) + Wire.ping, Wire.data(1)], .stream([.streamClosed])),
        Conduct("5.1.1: a stream of the server's", [Wire.headers(2)], .connection([.protocolError])),
        Conduct(
            "5.1.1, I22: a stream below the last", [Wire.headers(5), Wire.headers(3)], .connection([.protocolError])),
        Conduct(
            "5.3.1: HEADERS that depend on themselves", [Wire.headers(1, extra: 0x20, before: [0, 0, 0, 1, 9])],
            .reset(.protocolError)),
        Conduct("5.3.1: PRIORITY that depends on itself", [Wire.priority(1, on: 1)], .stream([.protocolError])),
    ]

    private static let errors: [Conduct] = [
        Conduct(
            "5.4.1: an invalid PING ends the connection", [Wire.headers(1), Wire.frame(6, stream: 0, [0])],
            .connection([.frameSizeError])),
        Conduct(
            "5.5: an unknown frame within a block", [Wire.headers(1, whole: false), Wire.frame(0x16, stream: 0, [0])],
            .connection([.protocolError])),
        Conduct("7: GOAWAY with an unknown code", [Wire.frame(7, stream: 0, [0, 0, 0, 0, 0, 0, 0, 0xff])], .close),
        Conduct(
            "7: RST_STREAM with an unknown code", [Wire.headers(1, Wire.post, ends: false), Wire.reset(1, 0xff)], .pong),
    ]

    private static let windows: [Conduct] = [
        Conduct(
            "6.9: WINDOW_UPDATE of the connection by nothing", [Wire.windowUpdate(0, 0)], .connection([.protocolError])),
        Conduct(
            "6.9: WINDOW_UPDATE of a stream by nothing", [Wire.headers(1, ends: false), Wire.windowUpdate(1, 0)],
            .reset(.protocolError)),
        Conduct(
            "6.9: WINDOW_UPDATE of three bytes", [Wire.frame(8, stream: 0, [0, 0, 1])], .connection([.frameSizeError])),
        Conduct("6.9.1: a window of one byte", [Wire.settings((4, 1)), Wire.headers(1)], .data(1)),
        Conduct(
            "6.9.1: a connection's window above the largest",
            [Wire.windowUpdate(0, 0x7fff_ffff), Wire.windowUpdate(0, 0x7fff_ffff)], .connection([.flowControlError])),
        Conduct(
            "6.9.1: a stream's window above the largest",
            [Wire.headers(1, ends: false), Wire.windowUpdate(1, 0x7fff_ffff), Wire.windowUpdate(1, 0x7fff_ffff)],
            .reset(.flowControlError)),
        Conduct(
            "6.9.2: a window that opens after HEADERS",
            [Wire.settings((4, 0)), Wire.headers(1), Wire.settings((4, 1))], .data(1)),
        Conduct(
            "generic 2: a window of a half-closed stream that opens",
            [Wire.settings((4, 0)), Wire.headers(1), Wire.windowUpdate(1, 1)], .data(1)),
    ]

    private static func malformed(_ name: String, _ fields: Wire.Fields) -> Conduct {
        Conduct(name, [Wire.headers(1, fields)], .reset(.protocolError))
    }

    private static func request(_ fields: (String, String)...) -> Wire.Fields { fields }

    private static let messages: [Conduct] = [
        Conduct("generic 4: HEAD", [Wire.headers(1, Wire.fields("HEAD"))], .answer),
        Conduct("generic 4: POST", [Wire.headers(1, Wire.post, ends: false), Wire.data(1)], .answer),
        Conduct(
            "generic 4: POST with trailers",
            [
                Wire.headers(1, Wire.post + [("trailer", "x")], ends: false), Wire.data(1, ends: false),
                Wire.headers(1, [("x", "y")]),
            ], .answer),
        Conduct(
            "8.1, I19: a second HEADERS frame that does not end",
            [
                Wire.headers(1, Wire.post, ends: false), Wire.data(1, ends: false),
                Wire.headers(1, [("x", "y")], ends: false),
            ], .reset(.protocolError)),
        malformed("8.1.2: a name in upper case", Wire.get + [("X-TEST", "ok")]),
        malformed("8.1.2.1: an unknown pseudo field", Wire.get + [(":test", "ok")]),
        malformed("8.1.2.1: the pseudo field of an answer", Wire.get + [(":status", "200")]),
        Conduct(
            "8.1.2.1: a pseudo field in trailers",
            [
                Wire.headers(1, Wire.post, ends: false), Wire.data(1, ends: false),
                Wire.headers(1, [(":method", "200")]),
            ], .reset(.protocolError)),
        malformed(
            "8.1.2.1: a pseudo field after others",
            request((":method", "GET"), (":scheme", "http"), (":authority", "a"), ("x", "y"), (":path", "/"))),
        malformed("8.1.2.2: a field of the connection", Wire.get + [("connection", "keep-alive")]),
        malformed(
            "8.1.2.2: TE with more than trailers", Wire.get + [("trailers", "test"), ("te", "trailers, deflate")]),
        malformed("8.1.2.3: an empty path", Wire.fields("GET", "")),
        malformed("8.1.2.3: no method", Array(Wire.get.dropFirst())),
        malformed("8.1.2.3: no scheme", [Wire.get[0]] + Wire.get[2...]),
        malformed("8.1.2.3: no path", Wire.get[..<2] + [Wire.get[3]]),
        malformed("8.1.2.3: two methods", [Wire.get[0]] + Wire.get),
        malformed("8.1.2.3: two schemes", [Wire.get[1]] + Wire.get),
        malformed("8.1.2.3: two paths", [Wire.get[2]] + Wire.get),
        Conduct(
            "8.1.2.6: more content than announced",
            [Wire.headers(1, Wire.post + [("content-length", "1")], ends: false), Wire.data(1)], .reset(.protocolError)),
        Conduct(
            "8.1.2.6: more content in two frames",
            [
                Wire.headers(1, Wire.post + [("content-length", "1")], ends: false), Wire.data(1, ends: false),
                Wire.data(1),
            ], .reset(.protocolError)),
        Conduct(
            "I16: less content than announced",
            [Wire.headers(1, Wire.post + [("content-length", "5")], ends: false), Wire.data(1)], .reset(.protocolError)),
        malformed("I16: no content where some was announced", Wire.post + [("content-length", "5")]),
        malformed("I18: CONNECT with a scheme and a path", Wire.fields("CONNECT", "/")),
        malformed("RFC 8441: a protocol without CONNECT", request((":protocol", "websocket")) + Wire.get),
    ]

    private static func ending(_ name: String, _ after: [UInt8], _ consequence: Conduct.Consequence) -> Conduct {
        Conduct(name, [Wire.headers(1, after: after)], consequence)
    }

    private static let compression: [Conduct] = [
        ending("generic 5: an indexed field", [0x90], .answer),
        ending(
            "generic 5: a literal that enters the table, with Huffman's code",
            [0x40, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x84, 0x9c, 0x48, 0xac, 0xa4], .answer),
        ending(
            "generic 5: a literal that never may",
            [0x10, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x84, 0x9c, 0x48, 0xac, 0xa4], .answer),
        Conduct("generic 5: a size of the table", [Wire.headers(1, before: [0x20])], .answer),
        Conduct("generic 5: two sizes of the table", [Wire.headers(1, before: [0x20, 0x30])], .answer),
        ending("2.3.3: an index beyond both tables", [0xc6], .connection([.compressionError])),
        ending("2.3.3: a name beyond both tables", [0x7f, 0x1f, 0x01, 0x61], .connection([.compressionError])),
        ending("4.2: a size at the end of a block", [0x21], .connection([.compressionError])),
        ending(
            "5.2: padding of more than seven bits",
            [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x85, 0x9c, 0x48, 0xac, 0xa4, 0xff],
            .connection([.compressionError])),
        ending(
            "5.2: padding of zeros", [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x83, 0x9c, 0x48, 0xa8],
            .connection([.compressionError])),
        ending(
            "5.2: the code of the end",
            [0x00, 0x85, 0xf2, 0xb2, 0x4a, 0x84, 0xff, 0x87, 0x9c, 0x48, 0xac, 0xff, 0xff, 0xff, 0xff],
            .connection([.compressionError])),
        ending("6.1: index 0", [0x80], .connection([.compressionError])),
        Conduct(
            "6.3: a size above the setting", [Wire.headers(1, before: [0x3f, 0xe2, 0x1f])],
            .connection([.compressionError])),
        ending(
            "I08: a number of 62 bits", [0xff, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
            .connection([.compressionError])),
    ]
}
