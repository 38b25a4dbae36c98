package import Gateway
package import HTTP

/// The default: the path names the service and, for RPC, its endpoint.
///
/// `/greeter/say/hello` is `Say.Hello` of `go.micro.api.greeter` in mode `.rpc`, and `GET` of the same service in mode
/// `.proxy`.
package struct MicroResolver: Resolver {
    /// What the handler behind needs.
    package enum Mode: Sendable, CaseIterable {
        /// The last two segments are the endpoint, those before them the service. With one or two, the first is both
        /// the service and the first half of the endpoint.
        case rpc
        /// The first segment is the service, or the first two if it is a version; the endpoint is the HTTP method.
        case proxy
    }

    private let namespace: Namespace
    private let mode: Mode

    package init(namespace: Namespace, mode: Mode) {
        self.namespace = namespace
        self.mode = mode
    }

    package var name: String { "micro" }

    package func resolve(_ head: RequestHead) throws(GatewayError) -> Destination {
        let segments = try PathSegments(of: head)
        switch mode {
        case .rpc: return try call(segments, head)
        case .proxy:
            let service = try proxied(segments)
            return Destination(service: namespace.qualified(service, for: head), endpoint: head.method.description)
        }
    }

    private func call(_ segments: PathSegments, _ head: RequestHead) throws(GatewayError) -> Destination {
        let count = segments.count
        var service = try segments.name(at: 0)
        let endpoint = try segments.endpoint()
        // Unlike in the proxy mode, `/v1/greeter` is the service `v1`: clients depend on both.
        let length = count == 3 && service.isVersion ? 2 : max(count - 2, 1)
        for index in 1..<length {
            service.append(".")
            service.append(try segments.name(at: index))
        }
        return Destination(service: namespace.qualified(service, for: head), endpoint: endpoint)
    }

    /// - Throws: `.notFound` for a name that no service behind a proxy can have.
    private func proxied(_ segments: PathSegments) throws(GatewayError) -> String {
        let first = try segments.name(at: 0)
        let isVersioned = first.isVersion && segments.count > 1
        let checked = isVersioned ? try segments.name(at: 1) : first
        guard checked.isProxyName else {
            throw GatewayError(
                .notFound,
                "\(checked) names no service: names are letters and digits, with single hyphens between them.")
        }
        return isVersioned ? "\(first).\(checked)" : first
    }
}

extension String {
    /// Words of ASCII letters and digits, with one hyphen between two of them.
    fileprivate var isProxyName: Bool {
        var previous = UInt8(ascii: "-")
        for byte in utf8 {
            guard byte.isLetter || byte.isDigit || (byte == UInt8(ascii: "-") && previous != byte) else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: "-")
    }
}
