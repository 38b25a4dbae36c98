package import Bytes
package import Gateway

/// A message as the http broker delivers it: with its topic in the header, where this version looks for it.
package enum HTTPBrokerMessage {
    /// Where version 1 looks for the topic. It is the broker's own, and no part of the message.
    static let oldTopicKey = ":topic"

    /// The message in JSON, for subscribers of this form.
    package static func encode(_ message: Message, topic: String, as form: HTTPBrokerForm) -> ByteBuffer {
        var message = message
        message.header[form == .current ? Message.topicKey : oldTopicKey] = topic
        var buffer = ByteBuffer()
        message.write(to: &buffer)
        return buffer
    }

    /// Reads a delivery of any version.
    ///
    /// - Throws: What is wrong, for whoever delivered it.
    package static func decode(_ bytes: Span<UInt8>) throws(BrokerError) -> (message: Message, topic: String) {
        var message = try Message(json: bytes)
        let old = message.header.removeValue(forKey: oldTopicKey)
        guard let topic = message.header[Message.topicKey] ?? old, !topic.isEmpty else {
            throw BrokerError("the message names no topic in \(Message.topicKey)")
        }
        message.header[Message.topicKey] = topic
        return (message, topic)
    }
}
