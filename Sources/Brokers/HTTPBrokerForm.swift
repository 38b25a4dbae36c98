package import Gateway
internal import HTTP

/// The ways in which the versions of Go Micro's http broker show subscribers in a registry, and deliver to them.
///
/// A publisher looks in one place only, so who wants to be found by all of them stands in several.
package enum HTTPBrokerForm: Sendable, CaseIterable {
    /// Version 2.5 and later.
    case current
    /// 1.18.
    case version1
    /// 1.13 to 1.17: subscribers stand under the name of the topic itself.
    case bareTopic
    /// Before 1.13: with a prefix.
    case prefixedTopic

    /// The version under which those stand who get all messages. Every other version is the name of a queue.
    package static let broadcast = "ff.http.broadcast"

    /// In which forms we are found ourselves. Not as a service named after the topic: with the topic `go.micro.api.foo`
    /// requests for the service of that name would come to the broker.
    package static let announced: [HTTPBrokerForm] = [.current, .version1, .prefixedTopic]

    /// The name of the service under which subscribers of the topic stand.
    package func service(of topic: String) -> String {
        switch self {
        case .current: "micro.http.broker"
        case .version1: "go.micro.http.broker"
        case .bareTopic: topic
        case .prefixedTopic: "topic:\(topic)"
        }
    }

    /// Whether a node that stands there is a subscriber of the topic. The oldest form needs no more than its place.
    func isSubscriber(_ node: Node, of topic: String) -> Bool {
        if self == .prefixedTopic { return true }
        return node.metadata["broker"] == "http" && node.metadata["topic"] == topic
    }

    /// Where messages are posted to.
    package func target(id: String) -> String {
        let path = self == .current ? "/" : "/_sub"
        return "\(path)?id=\(PercentEncoding.encode(id))"
    }

    /// How a subscriber stands in the registry.
    ///
    /// - Parameter address: Where deliveries to it are taken.
    package func record(of subscriber: Subscriber, at address: String, isSecure: Bool = false) -> Service {
        let node = Node(
            id: subscriber.id, address: address,
            metadata: ["broker": "http", "secure": isSecure ? "true" : "false", "topic": subscriber.topic])
        return Service(
            name: service(of: subscriber.topic), version: subscriber.queue ?? Self.broadcast, nodes: [node])
    }
}
