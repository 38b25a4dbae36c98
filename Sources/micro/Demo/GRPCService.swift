import Bytes
import Gateway
import HTTP
import JSON
import Reactor
import Transcoding

/// A small server of gRPC with types of its own and reflection, like one that knows nothing of Go Micro. Its methods are
/// written in JSON; clients see protobuf only.
final class GRPCService: Handler {
    /// What a method does with each message that it gets.
    typealias Method = @Sendable (JSONValue) throws(MicroError) -> MessageSeries

    private let schema: SchemaSet
    /// By path, such as `/helloworld.Greeter/SayHello`.
    private let methods: [String: Method]
    private var transcoder = Transcoder()

    /// - Parameter methods: By path. Those of reflection are there by themselves.
    init(_ schema: SchemaSet, files: [String: [UInt8]], methods: [String: Method]) {
        self.schema = schema
        var all = methods
        for path in ReflectionRequest.paths { all[path] = ReflectionAnswers(schema, files).answer }
        self.methods = all
    }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        guard exchange.request.isGRPC else {
            return try await exchange.respond(
                Status(415) ?? .notFound, contentType: "text/plain", text: "This server speaks gRPC only.\n")
        }
        let path = exchange.request.path
        guard let method = methods[path], let types = schema.method(at: path) else {
            throw GatewayError(.notImplemented, "there is no method \(path)")
        }
        // Whoever opens a stream may take their time, and whoever reads waits for the head.
        exchange.mayBodyPause = types.isClientStreaming
        var fields = HeaderFields()
        fields.append(.contentType, "application/grpc")
        try exchange.begin(ResponseHead(.ok, fields: fields), body: .chunked)
        let outcome: GRPCOutcome
        do throws(MicroError) {
            try await converse(exchange, method, types)
            outcome = GRPCOutcome(.ok)
        } catch {
            outcome = GRPCOutcome(GRPCStatus(microCode: error.code), message: error.detail)
        }
        var trailers = HeaderFields()
        outcome.write(to: &trailers)
        try exchange.end(trailers: trailers)
    }

    /// Answers every message until the client has sent its last.
    nonisolated(nonsending) private func converse(
        _ exchange: Exchange, _ method: Method, _ types: MethodSchema
    ) async throws(MicroError) {
        var reader = GRPCMessageReader()
        var input = ByteBuffer()
        var message = ByteBuffer()
        while try await read(&message, by: &reader, &input, exchange) {
            let series = try method(try json(of: message, types.input))
            message.removeAll()
            for number in 0..<series.count {
                if number > 0 { try await pause(series.pause, exchange) }
                try await write(series.message(number), types.output, exchange)
            }
        }
        guard reader.messageCount > 0 || types.isClientStreaming else {
            throw MicroError(id: "", code: 500, detail: "there is no message in the request")
        }
    }

    // MARK: Messages

    /// Waits for a message. Returns false when none follows.
    nonisolated(nonsending) private func read(
        _ message: inout ByteBuffer, by reader: inout GRPCMessageReader, _ input: inout ByteBuffer, _ exchange: Exchange
    ) async throws(MicroError) -> Bool {
        while true {
            do {
                while case let step = try reader.next(input.span), !step.isIdle {
                    input.consume(step.skip)
                    message.append(step.take, consuming: &input)
                    if step.isEnd { return true }
                }
                if try await exchange.readBody(into: &input, atMost: 65_536) == 0 {
                    try reader.endOfInput(unread: input.count)
                    return false
                }
            } catch {
                throw MicroError(id: "", code: 400, detail: "\(error)")
            }
        }
    }

    private func json(of message: borrowing ByteBuffer, _ type: MessageSchema) throws(MicroError) -> JSONValue {
        var json = ByteBuffer()
        do {
            try transcoder.appendJSON(fromProtobuf: message.span, as: type, to: &json)
            return try JSONParser.parse(json.span)
        } catch {
            throw MicroError(id: "", code: 400, detail: "the message is no \(type.name)")
        }
    }

    nonisolated(nonsending) private func write(
        _ answer: JSONValue, _ type: MessageSchema, _ exchange: Exchange
    ) async throws(MicroError) {
        var json = ByteBuffer()
        JSONWriter.write(answer, to: &json)
        var message = ByteBuffer()
        var framed = ByteBuffer()
        do {
            try transcoder.appendProtobuf(fromJSON: json.span, as: type, to: &message)
            GRPCMessageWriter.write(message.span, to: &framed)
            try await exchange.write(&framed)
            try exchange.flush()
        } catch {
            throw MicroError(id: "", code: 500, detail: "no answer can be sent: \(error)")
        }
    }

    nonisolated(nonsending) private func pause(
        _ length: Duration, _ exchange: Exchange
    ) async throws(MicroError) {
        let deadline = Deadline(on: exchange.loop, firing: exchange.wakeup)
        defer { deadline.cancel() }
        deadline.set(exchange.now + length)
        while !deadline.hasExpired {
            guard !exchange.isClientGone, !exchange.isStopping else {
                throw MicroError(id: "", code: 503, detail: "the stream ends here")
            }
            await exchange.wakeup.wait()
        }
    }
}

/// The method of reflection: what there is, and by which files it is described.
private struct ReflectionAnswers: Sendable {
    private let schema: SchemaSet
    private let files: [String: [UInt8]]

    init(_ schema: SchemaSet, _ files: [String: [UInt8]]) {
        self.schema = schema
        self.files = files
    }

    var answer: GRPCService.Method {
        { request throws(MicroError) in
            var members = content(of: request)
            members["originalRequest"] = request
            let response = JSONValue.object(members)
            return MessageSeries(count: 1, pause: .zero) { _ in response }
        }
    }

    private func content(of request: JSONValue) -> JSONObject {
        if request["listServices"] != nil {
            let names = schema.services.map(\.name).sorted().map { ["name": .string($0)] as JSONValue }
            return ["listServicesResponse": ["service": .array(names)]]
        }
        let name = request["fileByFilename"]?.stringValue ?? file(describing: request["fileContainingSymbol"])
        guard let name, let file = files[name] else {
            return ["errorResponse": ["errorCode": 5, "errorMessage": "there is no such file or symbol"]]
        }
        return ["fileDescriptorResponse": ["fileDescriptorProto": [.string(Base64.encode(file.span))]]]
    }

    private func file(describing symbol: JSONValue?) -> String? {
        guard let symbol = symbol?.stringValue else { return nil }
        let isKnown =
            schema.message(named: symbol) != nil
            || schema.services.contains { service in
                service.name == symbol || service.methods.contains { "\(service.name).\($0.name)" == symbol }
            }
        guard isKnown else { return nil }
        if symbol.hasPrefix("helloworld.") { return "helloworld.proto" }
        return symbol.hasPrefix("grpc.reflection.v1alpha.") ? "reflection_v1alpha.proto" : "reflection.proto"
    }
}
