package import Gateway
internal import HTTP

/// Where an event goes and what it is called: both come from the path.
///
/// In namespace `go.micro.api`, `/user/created` is the event `created` on topic `go.micro.api.user`, and
/// `/v1/user/account/created` is `account.created` on `go.micro.api.v1.user`. A path that names the topic alone names the
/// event after it; `/` is `event` on the namespace itself.
package struct EventTopic: Equatable {
    package let topic: String
    package let name: String

    /// - Parameters:
    ///   - path: Percent-encoded. Empty segments do not count.
    ///   - namespace: Of the request; empty for none.
    /// - Throws: `.badRequest` for a path that no topic can be made of, `.notFound` when nothing is left to name one.
    package init(path: String, namespace: String) throws(GatewayError) {
        var segments: [String] = []
        for segment in path.split(separator: "/") { segments.append(try Self.decode(segment)) }
        guard let first = segments.first else {
            guard !namespace.isEmpty else { throw GatewayError(.notFound, "the path names no topic") }
            (topic, name) = (namespace, "event")
            return
        }
        let own = Self.isVersion(first) && segments.count > 1 ? 2 : 1
        let prefix = namespace.isEmpty ? [] : [namespace]
        topic = (prefix + segments[..<own]).joined(separator: ".")
        name = segments.count > own ? segments[own...].joined(separator: ".") : segments[own - 1]
    }

    private static func decode(_ segment: Substring) throws(GatewayError) -> String {
        guard let text = PercentEncoding.decode(String(segment)), text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { throw GatewayError(.badRequest, "the path holds what cannot be in the name of a topic") }
        return text
    }

    /// `v` and digits.
    private static func isVersion(_ segment: String) -> Bool {
        guard segment.utf8.count > 1, segment.utf8.first == 0x76 else { return false }
        return segment.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }
}
