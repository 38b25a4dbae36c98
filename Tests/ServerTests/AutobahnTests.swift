import Bytes
import Gateway
import Glibc
import HTTP
import JSON
import Logging
import Reactor
import Server
import TestSupport
import Testing
import Transports

/// Answers each message of a WebSocket with the same message.
private final class WebSocketEchoHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        guard try await exchange.takeWebSocketOffer(), let handshake = exchange.handshake else { return }
        try exchange.switchProtocols(handshake.response())
        var limits = WebSocketLimits()
        limits.message = 64 << 20
        var socket = WebSocketConnection(.server, limits: limits, now: exchange.now)
        var input = ByteBuffer()
        while !socket.isOver {
            switch socket.receive(from: &input, now: exchange.now) {
            case .text: socket.send(socket.message)
            case .binary: socket.send(socket.message, isText: false)
            case .closed: break
            case .nothing: if try await exchange.readBody(into: &input, atMost: 65_536) == 0 { return }
            }
            try await exchange.write(&socket.output)
            try exchange.flush()
        }
    }
}

/// The Autobahn test suite asks an endpoint of ours. It needs Python 2, so it runs only where the variable `WSTEST` holds
/// the command that starts it; `WSTEST_CASES` may name some of its cases between commas.
struct AutobahnTests {
    private static let command = environment("WSTEST")

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    @Test(.enabled(if: command != nil, "WSTEST names no command"))
    func `the Autobahn suite finds nothing wrong with an endpoint`() async throws {
        let loop = try EpollEventLoop(name: "echo")
        loop.start()
        let worker = Worker(loop: loop) { loop in
            WorkerContext(
                loop: loop, configuration: SessionConfiguration(),
                logger: .silent)
        }
        var sockets = try ListeningSockets(.loopback(port: 0), count: 1)
        let port = sockets.address.port
        guard let socket = sockets.take() else { preconditionFailure("one socket was asked for") }
        try await worker.listen(socket, facts: ClientFacts()) { _ in WebSocketEchoHandler() }

        let cases = (Self.environment("WSTEST_CASES") ?? "*").split(separator: ",").map { "\"\($0)\"" }
        let folder = try Self.makeFolder()
        try Self.write(
            """
            {"outdir": "\(folder)", "servers": [{"agent": "micro", "url": "ws://127.0.0.1:\(port)"}],
            "cases": [\(cases.joined(separator: ","))], "exclude-cases": [], "exclude-agent-cases": {}}
            """, to: "\(folder)/spec.json")
        let command = "\(Self.command ?? "") --mode=fuzzingclient --spec=\(folder)/spec.json > \(folder)/log 2>&1"
        #expect(system("cd \(folder) && \(command)") == 0, "see \(folder)/log")

        let index = try #require(Self.read("\(folder)/index.json"))
        let results = try #require(try JSONParser.parse(index).objectValue?["micro"]?.objectValue)
        #expect(results.count > 0)
        let good = ["OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED"]
        for (name, result) in results {
            for member in ["behavior", "behaviorClose"] {
                let verdict = result.objectValue?[member]?.stringValue ?? "none"
                #expect(good.contains(verdict), "case \(name), see \(folder)/index.html")
            }
        }
        _ = await worker.drain(within: .seconds(1))
    }

    private static func makeFolder() throws -> String {
        var template = Array("/tmp/autobahn-XXXXXX".utf8CString)
        return String(cString: try #require(mkdtemp(&template)))
    }

    private static func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        fputs(text, file)
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
