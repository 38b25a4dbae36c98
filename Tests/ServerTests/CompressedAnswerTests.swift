import Bytes
import Compression
import Gateway
import HTTP
import Handlers
import Server
import TestSupport
import Testing

/// Answers with text, as the path says.
private final class TextHandler: Handler {
    static let text = (0..<20_000).map { "line \($0 &* 7_919 % 10_007)\n" }.joined()

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        switch exchange.request.path {
        case "/long": try await exchange.respond(.ok, contentType: "text/plain", text: Self.text)
        case "/stream":
            try exchange.begin(ResponseHead(.ok, fields: fields), body: .chunked)
            var body = ByteBuffer(Self.text)
            try await exchange.write(&body)
            try exchange.end()
        case "/short": try await exchange.respond(.ok, contentType: "text/plain", text: "short")
        case "/fails": throw GatewayError(.notFound, String(repeating: "nothing ", count: 200))
        case "/broken", "/cut", "/more":
            try begin(exchange, length: 2_000)
            var body = ByteBuffer(String(repeating: "x", count: exchange.request.path == "/more" ? 2_001 : 1_000))
            try await exchange.write(&body)
            if exchange.request.path == "/broken" { throw GatewayError(.fault, "the source broke off") }
            try exchange.end()
        default:
            // A word at a time, each at once, for every byte of the request's body.
            try exchange.begin(ResponseHead(.ok, fields: fields), body: .chunked)
            var body = ByteBuffer()
            while try await exchange.readBody(into: &body, atMost: 1) > 0 {
                var word = ByteBuffer("word ")
                try await exchange.write(&word)
                try exchange.flush()
            }
            try exchange.end()
        }
    }

    private var fields: HeaderFields {
        var fields = HeaderFields()
        fields.append(.contentType, "text/plain")
        return fields
    }

    private func begin(_ exchange: Exchange, length: Int) throws(GatewayError) {
        try exchange.begin(ResponseHead(.ok, fields: fields), body: .length(length))
    }
}

/// What one worker's answers are compressed by, in reach of the test: both run on one thread.
private final class SharedPolicy: Sendable {
    nonisolated(unsafe) let policy = CompressionPolicy()
}

struct CompressedAnswerTests {
    private let shared = SharedPolicy()

    private func rig(outputHighMark: Int = 65_536) -> Rig {
        let shared = shared
        var configuration = SessionConfiguration()
        configuration.outputHighMark = outputHighMark
        return Rig(
            configuration: configuration, makeHandler: { _ in CompressingHandler(TextHandler(), by: shared.policy) })
    }

    private static func get(_ path: String, method: String = "GET", version: String = "1.1") -> String {
        "\(method) \(path) HTTP/\(version)\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"
    }

    /// Head and content of everything that the peer has received, the chunks taken apart.
    private static func parts(_ bytes: [UInt8]) throws -> (head: String, content: [UInt8], isWhole: Bool) {
        var end = 0
        while end + 4 <= bytes.count, Array(bytes[end..<(end + 4)]) != [13, 10, 13, 10] { end += 1 }
        guard end + 4 <= bytes.count else { return ("", [], false) }
        let head = String(decoding: bytes.prefix(end), as: UTF8.self)
        var rest = bytes.dropFirst(end + 4)
        guard head.contains("chunked") else { return (head, Array(rest), true) }
        var content: [UInt8] = []
        while let lineEnd = rest.firstIndex(of: 13) {
            let size = try #require(Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16))
            rest = rest[(lineEnd + 2)...]
            if size == 0 { return (head, content, true) }
            guard rest.count >= size + 2 else { return (head, content, false) }
            content += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return (head, content, false)
    }

    private static func expanded(_ content: [UInt8]) throws -> (text: String, isComplete: Bool) {
        let inflater = try #require(Inflater(.gzip, limit: ExpansionLimit(length: 1 << 20)))
        var input = ByteBuffer(content)
        var output = ByteBuffer()
        try inflater.expand(&input, into: &output)
        return (output.text, inflater.isComplete)
    }

    @Test func `an answer is compressed, and the next one on the connection too`() throws {
        let rig = rig()
        for _ in 0..<3 {
            rig.peer.send(Self.get("/long"))
            rig.loop.drain()
            let (head, content, isWhole) = try Self.parts(rig.peer.received.bytes)
            rig.peer.received.removeAll()
            #expect(head.contains("\r\nContent-Encoding: gzip"))
            #expect(head.contains("\r\nVary: Accept-Encoding"))
            #expect(!head.contains("Content-Length"))
            #expect(isWhole && content.count < TextHandler.text.utf8.count / 2)
            #expect(try Self.expanded(content) == (TextHandler.text, true))
        }
        #expect(shared.policy.encoderCount == 0)
        #expect(rig.loop.drain() == 0)
    }

    @Test("a slow client gets all of it, and the end comes last", arguments: ["/long", "/stream"])
    func slowClient(path: String) throws {
        // So little may wait for the client that the end of the content has to wait for it, too.
        let rig = rig(outputHighMark: 1_000)
        rig.peer.room = 0
        rig.peer.send(Self.get(path) + Self.get("/short"))
        rig.loop.drain()
        var steps = 0
        while rig.peer.received.count == 0 || rig.peer.room == 0, steps < 10_000 {
            rig.peer.room += 100
            rig.loop.drain()
            steps += 1
        }
        let bytes = rig.peer.received.bytes
        let (_, content, isWhole) = try Self.parts(bytes)
        #expect(isWhole)
        #expect(try Self.expanded(content) == (TextHandler.text, true))
        #expect(String(decoding: bytes, as: UTF8.self).hasSuffix("\r\n\r\nshort"))
        #expect(shared.policy.encoderCount == 0)
    }

    @Test func `each message is readable as soon as it is flushed`() throws {
        let rig = rig()
        rig.peer.send("POST /words HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Length: 3\r\n\r\n")
        for count in 1...3 {
            rig.peer.send("x")
            rig.loop.drain()
            let (_, content, _) = try Self.parts(rig.peer.received.bytes)
            #expect(try Self.expanded(content) == (String(repeating: "word ", count: count), count == 3))
        }
    }

    @Test func `HEAD has the head of GET and no content`() throws {
        let rig = rig()
        let answer = rig.exchange(Self.get("/long", method: "HEAD"))
        #expect(answer.contains("\r\nContent-Encoding: gzip"))
        #expect(answer.contains("\r\nVary: Accept-Encoding"))
        #expect(!answer.contains("Content-Length"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        #expect(rig.exchange(Self.get("/short")).hasSuffix("\r\n\r\nshort"))
    }

    @Test func `for HTTP 1.0 the content ends with the connection`() throws {
        let rig = rig()
        rig.peer.send(Self.get("/long", version: "1.0"))
        rig.loop.drain()
        let (head, content, _) = try Self.parts(rig.peer.received.bytes)
        #expect(!head.contains("chunked"))
        #expect(try Self.expanded(content) == (TextHandler.text, true))
        #expect(rig.peer.isClosed)
    }

    @Test func `short answers and clients that do not ask get it as it is`() {
        let rig = rig()
        let short = rig.exchange(Self.get("/short"))
        #expect(short.contains("\r\nContent-Length: 5\r\n"))
        #expect(!short.contains("Vary"))
        let long = rig.exchange("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(long.contains("\r\nContent-Length: \(TextHandler.text.utf8.count)\r\n"))
        #expect(long.contains("\r\nVary: Accept-Encoding\r\n"))
        #expect(long.hasSuffix(TextHandler.text))
    }

    @Test func `errors are compressed as well`() throws {
        let rig = rig()
        rig.peer.send(Self.get("/fails"))
        rig.loop.drain()
        let (head, content, _) = try Self.parts(rig.peer.received.bytes)
        #expect(head.hasPrefix("HTTP/1.1 404 "))
        #expect(try Self.expanded(content).text.contains("nothing nothing"))
    }

    @Test(
        "content that breaks off, or is not as long as announced, is shown to be",
        arguments: ["/broken", "/cut", "/more"])
    func breaksOff(path: String) throws {
        let rig = rig()
        rig.peer.send(Self.get(path))
        rig.loop.drain()
        let (_, content, isWhole) = try Self.parts(rig.peer.received.bytes)
        #expect(!isWhole)
        #expect(try !Self.expanded(content).isComplete)
        #expect(rig.peer.isClosed)
        #expect(shared.policy.encoderCount == 0)
    }

    @Test func `no more answers are compressed at a time than there is memory for`() {
        var rigs: [Rig] = []
        for _ in 0...CompressionPolicy.maximumEncoders {
            let rig = rig()
            rigs.append(rig)
            _ = rig.exchange("POST /words HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Length: 1\r\n\r\n")
        }
        #expect(shared.policy.encoderCount == CompressionPolicy.maximumEncoders)
        #expect(rigs.last?.exchange("x").contains("word ") == true)
        for rig in rigs { rig.peer.reset(); rig.loop.drain() }
        #expect(shared.policy.encoderCount == 0)
    }
}
