/// Carries messages to whoever subscribed to their topic.
package protocol Broker: Sendable {
    /// The name in the configuration.
    var name: String { get }

    func publish(_ message: Message, to topic: String) async throws(BrokerError)

    /// What is published from now on. A subscriber that falls behind loses the oldest messages; with a queue name, each
    /// message goes to one subscriber of that queue.
    func subscribe(to topic: String, queue: String?) async throws(BrokerError) -> AsyncStream<Message>
}

/// A message: a flat header and a body.
package struct Message: Sendable, Equatable {
    package var header: [String: String]
    package var body: [UInt8]

    package init(header: [String: String] = [:], body: [UInt8]) {
        self.header = header
        self.body = body
    }
}

/// Why a message was not published, or nobody could subscribe.
package struct BrokerError: Error, Equatable {
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}
