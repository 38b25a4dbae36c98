package import Bytes
package import Gateway
package import Reactor

/// How one endpoint is called on nodes that speak gRPC. Made once for many calls.
package final class GRPCMethod {
    /// Such as `/helloworld.Greeter/SayHello`.
    package let path: String
    /// Such as `application/grpc+json`.
    package let contentType: String
    /// What goes with every call, with names in lower case.
    package let extras: [(name: String, value: String)]
    /// Whether requests or answers are more than one message. False as well when nobody knows.
    package let isStream: Bool
    /// Makes messages of JSON, and JSON of messages. Nil when the node reads and writes JSON itself.
    package let translator: (any GRPCTranslator)?

    package init(
        path: String, contentType: String, extras: [(name: String, value: String)] = [],
        isStream: Bool = false, translator: (any GRPCTranslator)? = nil
    ) {
        self.path = path
        self.contentType = contentType
        self.extras = extras
        self.isStream = isStream
        self.translator = translator
    }
}

/// Translates the messages of one endpoint between JSON and what its nodes read and write.
package protocol GRPCTranslator: AnyObject {
    /// Appends the message for a request in JSON.
    ///
    /// - Throws: `.badRequest`, with a sentence that says where the JSON is not what the endpoint takes.
    func encodeRequest(_ json: borrowing ByteBuffer, to message: inout ByteBuffer) throws(GatewayError)

    /// Appends the JSON for a message of the service.
    ///
    /// - Throws: `.upstreamBroken` for a message that is none of its type.
    func decodeAnswer(_ message: borrowing ByteBuffer, to json: inout ByteBuffer) throws(GatewayError)
}

/// Knows how endpoints are called. One for each loop.
package protocol GRPCMethods: AnyObject {
    /// - Parameters:
    ///   - wakeup: Of the calling task.
    ///   - deadline: What the caller waits for at most; it fires that wake-up.
    /// - Throws: `.notFound` for what can be no endpoint; what went wrong when the node had to be asked.
    nonisolated(nonsending) func method(
        for destination: Destination, on node: Node, wakeup: Wakeup, until deadline: Deadline
    ) async throws(GatewayError) -> GRPCMethod
}

/// The endpoints of Go Micro's services, which read and write JSON themselves.
package final class GoMicroMethods: GRPCMethods {
    /// More are forgotten all at once, so that clients cannot make the table grow by inventing names.
    private static let maximumKnown = 1_024
    /// What tells a service that its caller thinks in JSON, as Go Micro's own client does.
    private static let extras = [(name: "x-content-type", value: "application/json")]

    private struct Name: Hashable {
        let service: String
        let endpoint: String
    }
    private var known: [Name: GRPCMethod] = [:]

    package init() {}

    nonisolated(nonsending) package func method(
        for destination: Destination, on node: Node, wakeup: Wakeup, until deadline: Deadline
    ) async throws(GatewayError) -> GRPCMethod {
        try method(for: destination)
    }

    /// The method, without any wait.
    package func method(for destination: Destination) throws(GatewayError) -> GRPCMethod {
        let name = Name(service: destination.service, endpoint: destination.endpoint)
        if let method = known[name] { return method }
        guard let path = GRPCPath.of(destination) else {
            throw GatewayError(
                .notFound,
                "service \(destination.service) has no endpoint \(destination.endpoint): it would be like Say.Hello")
        }
        let method = GRPCMethod(path: path, contentType: "application/grpc+json", extras: Self.extras)
        if known.count >= Self.maximumKnown { known.removeAll() }
        known[name] = method
        return method
    }
}

/// The path of a call.
package enum GRPCPath {
    /// `/go.micro.srv.greeter.Say/Hello` for the endpoint `Say.Hello` of the service `go.micro.srv.greeter`. An endpoint
    /// that begins with a slash is a path already.
    ///
    /// - Returns: Nil for what is no type with a method, or has bytes that a path cannot have.
    package static func of(_ destination: Destination) -> String? {
        let endpoint = destination.endpoint
        guard endpoint.utf8.allSatisfy(isPathByte), destination.service.utf8.allSatisfy(isPathByte) else { return nil }
        if endpoint.hasPrefix("/") {
            let parts = endpoint.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } ? endpoint : nil
        }
        let parts = endpoint.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !endpoint.contains("/") else { return nil }
        let package = destination.service.isEmpty ? "" : "\(destination.service)."
        return "/\(package)\(parts[0])/\(parts[1])"
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "?") && byte != UInt8(ascii: "#")
            && byte != UInt8(ascii: "%")
    }
}
