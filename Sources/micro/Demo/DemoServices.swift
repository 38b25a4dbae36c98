import Bytes
import Gateway
import HTTP
import JSON
import Reactor
import Server
import Transcoding
import Transports

/// The services of `micro demo`: real ones, on sockets of the loopback interface, registered like any other.
enum DemoServices {
    /// Starts the services on the worker's loop. Returns what is to be registered.
    static func start(on worker: Worker) async throws(SystemError) -> [Service] {
        [
            try await startGreeter(named: "go.micro.srv.greeter", on: worker),
            try await startGreeter(named: "go.micro.api.greeter", on: worker),
            try await start(DemoExample.example, on: worker), try await start(DemoExample.helloworld, on: worker),
            try await startPage(named: "go.micro.web.hello", on: worker),
        ] + (try await startGRPC(on: worker))
    }

    /// One server under two names: that of its package, by which clients of gRPC ask for it, and one that paths lead to.
    private static func startGRPC(on worker: Worker) async throws(SystemError) -> [Service] {
        let schema: SchemaSet
        do throws(SchemaProblem) {
            schema = try DemoProtocols.schema()
        } catch {
            preconditionFailure("the demo describes its own types wrongly: \(error)")
        }
        let address = try await listen(on: worker) { _ in
            GRPCService(
                schema, files: DemoProtocols.files,
                methods: [
                    "/helloworld.Greeter/SayHello": greetings(1),
                    "/helloworld.Greeter/SayHelloStreamReply": greetings(3),
                ])
        }
        return ["helloworld", "go.micro.api.helloworld"].map { name in
            let node = Node(
                id: "\(name)-\(identifier())", address: address.description, metadata: ["protocol": "grpc"])
            return Service(name: name, endpoints: helloworldEndpoints, nodes: [node])
        }
    }

    /// The same greeting, that many times.
    private static func greetings(_ count: Int) -> GRPCService.Method {
        { request throws(MicroError) in
            let name = request["name"]?.stringValue ?? ""
            return MessageSeries(count: count, pause: .milliseconds(200)) { number in
                ["message": .string(count == 1 ? "Hello \(name)" : "Hello \(name) #\(number)")]
            }
        }
    }

    private static let helloworldEndpoints = ["SayHello", "SayHelloStreamReply"].map { name in
        Endpoint(
            name: "Greeter.\(name)",
            request: FieldDescription(
                name: "HelloRequest", type: "HelloRequest", fields: [FieldDescription(name: "name", type: "string")]),
            response: FieldDescription(
                name: "HelloReply", type: "HelloReply", fields: [FieldDescription(name: "message", type: "string")]),
            metadata: name == "SayHello" ? [:] : ["stream": "true"])
    }

    private static func startGreeter(named name: String, on worker: Worker) async throws(SystemError) -> Service {
        try await start(
            DemoExample(
                name: name, endpoints: greeterEndpoints, methods: ["Say.Hello": sayHello, "Say.Fail": sayFail],
                streams: ["Say.Stream": sayStream]),
            on: worker)
    }

    private static func start(_ service: DemoExample, on worker: Worker) async throws(SystemError) -> Service {
        let name = service.name
        let address = try await listen(on: worker) { _ in
            MUCPService(name: name, methods: service.methods, streams: service.streams)
        }
        let metadata = [
            "protocol": "mucp", "server": "mucp", "transport": "http", "broker": "http", "registry": "memory",
        ]
        return Service(
            name: name, endpoints: service.endpoints,
            nodes: [Node(id: "\(name)-\(identifier())", address: address.description, metadata: metadata)])
    }

    /// The service of the manual's first walkthrough.
    private static let sayHello: MUCPService.Method = { request throws(MicroError) in
        guard let name = request["name"] ?? .string("") as JSONValue?, let text = name.stringValue else {
            throw MicroError(id: "greeter.Say.Hello", code: 400, detail: "name must be a string")
        }
        return ["msg": .string("Hello \(text)")]
    }

    /// Fails on purpose, so that one can see what an error looks like.
    private static let sayFail: MUCPService.Method = { _ throws(MicroError) in
        throw MicroError(id: "greeter.Say.Fail", code: 409, detail: "this endpoint always fails")
    }

    /// Counts, twice a second.
    private static let sayStream: MUCPConversation.Method = { request throws(MicroError) in
        let name = request["name"]?.stringValue ?? ""
        let count = request["count"].map { $0.intValue ?? -1 } ?? 1
        guard (0...86_400).contains(count) else {
            throw MicroError(id: "greeter.Say.Stream", code: 400, detail: "count must be a number from 0 to 86400")
        }
        return MessageSeries(count: max(count, 1), pause: .milliseconds(500)) { number in
            ["msg": .string("Hello \(name) #\(number)"), "seq": .integer(number)]
        }
    }

    private static let greeterEndpoints = [
        Endpoint(name: "Say.Fail", request: FieldDescription(name: "Request", type: "Request")),
        Endpoint(
            name: "Say.Hello",
            request: FieldDescription(
                name: "Request", type: "Request", fields: [FieldDescription(name: "name", type: "string")]),
            response: FieldDescription(
                name: "Response", type: "Response", fields: [FieldDescription(name: "msg", type: "string")])),
        Endpoint(
            name: "Say.Stream",
            request: FieldDescription(
                name: "StreamRequest", type: "StreamRequest",
                fields: [
                    FieldDescription(name: "name", type: "string"), FieldDescription(name: "count", type: "int64"),
                ]),
            response: FieldDescription(
                name: "StreamResponse", type: "StreamResponse",
                fields: [
                    FieldDescription(name: "msg", type: "string"), FieldDescription(name: "seq", type: "int64"),
                ]),
            metadata: ["stream": "true"]),
    ]

    private static func startPage(named name: String, on worker: Worker) async throws(SystemError) -> Service {
        let address = try await listen(on: worker) { _ in PageHandler() }
        return Service(
            name: name, nodes: [Node(id: "\(name)-\(identifier())", address: address.description)])
    }

    private static func listen(
        on worker: Worker, makeHandler: @Sendable (WorkerContext) -> any Handler
    ) async throws(SystemError) -> Address {
        var sockets = try ListeningSockets(.loopback(port: 0), count: 1)
        let address = sockets.address
        guard let socket = sockets.take() else { return address }
        try await worker.listen(socket, facts: ClientFacts(), makeHandler: makeHandler)
        return address
    }

    /// 16 random hexadecimal digits.
    private static func identifier() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A plain HTTP service: says which request it has seen.
private final class PageHandler: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        let head = exchange.request
        try await exchange.respond(
            .ok, contentType: "text/plain; charset=utf-8",
            text: "Hello from plain HTTP. You asked for \(head.method) \(head.target) at \(head.authority).\n")
    }
}
