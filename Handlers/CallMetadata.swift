package import Gateway
package import HTTP

/// What a service is told of the HTTP request behind a call: its fields as metadata.
package enum CallMetadata {
    /// The fields of the request that are meant for the service, its method, and where it comes from.
    ///
    /// - Parameters:
    ///   - context: The client's address as the gateway saw it, and whether the peer may speak for others.
    ///   - namespace: In which services are looked for, without type. Left out when nil or empty.
    ///   - hasMethod: False when the method of the request says nothing about the call.
    package static func fill(
        _ metadata: inout HeaderFields, from head: borrowing RequestHead, _ context: ForwardingContext,
        namespace: Namespace? = nil, hasMethod: Bool = true
    ) {
        metadata.removeAll(keepingCapacity: true)
        metadata.appendMetadata(of: head)
        if hasMethod { metadata.append(name: "Method", value: head.method.description) }
        if let name = namespace?.name(for: head), !name.isEmpty {
            metadata.append(name: "Micro-Namespace", value: name)
        }
        if context.isTrusted, head.fields.contains(.xForwardedFor) {
            let chain = head.fields.values(.xForwardedFor) + [context.clientAddress]
            metadata.append(.xForwardedFor, chain.joined(separator: ", "))
        } else {
            metadata.append(.xForwardedFor, context.clientAddress)
        }
        if let certificate = context.clientCertificate {
            metadata.append(name: ForwardingContext.certificateField, value: certificate)
        }
    }
}

/// How long a client lets a call take.
package enum CallTimeout {
    /// The header `Timeout` in whole seconds, at most the longest time; else the configured time. What is no positive
    /// number of seconds is ignored, as Go Micro's gateway does.
    package static func requested(by head: borrowing RequestHead, _ configuration: RPCConfiguration) -> Duration {
        named(by: head).map { min($0, configuration.maximumTimeout) } ?? configuration.timeout
    }

    /// The same for a stream, whose length says nothing about the health of the service.
    package static func requestedForStream(
        by head: borrowing RequestHead, _ configuration: RPCConfiguration
    ) -> Duration {
        named(by: head).map { min($0, configuration.streamTimeout) } ?? configuration.streamTimeout
    }

    private static func named(by head: borrowing RequestHead) -> Duration? {
        guard let text = head.fields[.timeout], let seconds = Int(text), seconds > 0 else { return nil }
        return .seconds(seconds)
    }
}
