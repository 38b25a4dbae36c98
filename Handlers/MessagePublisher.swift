package import Bytes
package import Gateway
internal import HTTP
internal import JSON
internal import Reactor

/// Publishes requests as messages: what the handlers of events, of CloudEvents and of the broker have in common.
package final class MessagePublisher {
    let broker: any Broker
    let configuration: RPCConfiguration
    private let namespace: Namespace
    private let clock: () -> Moment
    private let identify: () -> String

    /// - Parameters:
    ///   - namespace: What the names of topics begin with.
    ///   - configuration: The longest body and how long publishing may take are those of calls.
    ///   - clock: Tells when it is. Default: the system's.
    ///   - identify: Makes identifiers. Default: random UUIDs.
    package init(
        broker: any Broker, namespace: Namespace, configuration: RPCConfiguration = RPCConfiguration(),
        clock: @escaping () -> Moment = Moment.now, identify: @escaping () -> String = RandomUUID.text
    ) {
        self.broker = broker
        self.namespace = namespace
        self.configuration = configuration
        self.clock = clock
        self.identify = identify
    }

    var now: Moment { clock() }

    func makeID() -> String { identify() }

    /// Topic and event that the path names, in the namespace of the request.
    func place(of head: borrowing RequestHead) throws(GatewayError) -> EventTopic {
        try EventTopic(path: head.path, namespace: namespace.name(for: head))
    }

    /// The fields of the request that an event shows to those who get it.
    func fields(of exchange: Exchange) -> [(name: String, values: [String])] {
        let fields = exchange.request.fieldsForMessage(exchange.forwarding).filter { $0.name != "Host" }
        guard let name = configuration.namespace?.name(for: exchange.request), !name.isEmpty else { return fields }
        return fields + [("Micro-Namespace", [name])]
    }

    /// Publishes, and answers 202 with the identifier and the topic.
    ///
    /// - Parameters:
    ///   - type: What the body is; nil when nobody has said.
    ///   - id: What the client is told.
    nonisolated(nonsending) func publish(
        _ body: [UInt8], type: String?, to topic: String, id: String, for exchange: Exchange
    ) async throws(GatewayError) {
        exchange.service = topic
        let message = Message(header: header(of: exchange, type: type, topic: topic), body: body)
        let deadline = exchange.now + CallTimeout.requested(by: exchange.request, configuration)
        do throws(BrokerError) {
            try await broker.publish(message, to: topic, before: deadline, wakeup: exchange.wakeup)
        } catch {
            throw GatewayError(error)
        }
        var answer = ByteBuffer()
        JSONWriter.write(.object(["id": .string(id), "topic": .string(topic)]), to: &answer)
        var fields = HeaderFields()
        fields.append(.contentType, "application/json")
        try await exchange.respond(.accepted, fields, body: &answer)
    }

    /// What goes along with a message that this request publishes: its own fields, as far as they are for services.
    func header(of exchange: Exchange, type: String?, topic: String) -> [String: String] {
        CallMetadata.fill(
            &exchange.metadata, from: exchange.request, exchange.forwarding, configuration, for: .event,
            numbers: &exchange.numbers)
        var header: [String: String] = [:]
        for index in 0..<exchange.metadata.count {
            header[exchange.metadata.goSpelling(at: index)] = exchange.metadata.value(at: index)
        }
        header["Content-Type"] = type
        header["Micro-Id"] = makeID()
        header[Message.topicKey] = topic
        return header
    }
}

extension GatewayError {
    /// There are subscribers, and none took the message: 503, since it may be sent again later.
    init(_ error: BrokerError) { self.init(.noNodes, error.reason, detail: error.detail) }
}

extension Method {
    /// Whether a request with it is published by handlers that publish whatever comes.
    private var isPublished: Bool { self != .options && self != .trace && self != .connect }

    /// For explanations.
    ///
    /// - Throws: What is answered where nothing is published.
    func checkIsPublished() throws(GatewayError) {
        guard !isPublished else { return }
        throw .methodNotAllowed(self, allowed: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    }
}

extension Exchange {
    /// Refuses what no message can be made of. OPTIONS is answered, for browsers send it before they ask.
    ///
    /// - Returns: True when the request has been answered.
    nonisolated(nonsending) func hasRefusedToPublish() async throws(GatewayError) -> Bool {
        switch request.method {
        case .options, .trace, .connect:
            try await refuseMethod(allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS", id: "go.micro.api")
            return true
        default: return false
        }
    }
}
