package import Gateway
package import HTTP

/// What a service is told of the HTTP request behind a call: its fields as metadata.
package enum CallMetadata {
    /// What becomes of the request, which decides what else is told.
    package enum Purpose: Sendable {
        /// An endpoint is called that the request means: told is its method too.
        case call
        /// The same with the whole request in one message, which has the rest.
        case wholeRequest
        /// It is published.
        case event
        /// It is a call by itself (`/rpc`), for which the client speaks and not the gateway.
        case namedCall

        /// Whether the gateway is named as the caller.
        fileprivate var namesCaller: Bool { self != .namedCall }
        /// Whether the call belongs to a trace.
        fileprivate var isTraced: Bool { self == .call || self == .wholeRequest }
    }

    /// The fields of the request that are meant for the service, and what the gateway says about it.
    ///
    /// - Parameters:
    ///   - context: The client's address as the gateway saw it, and whether the peer may speak for others.
    ///   - numbers: For identifiers.
    package static func fill(
        _ metadata: inout HeaderFields, from head: borrowing RequestHead, _ context: ForwardingContext,
        _ configuration: RPCConfiguration, for purpose: Purpose, numbers: inout QuickNumbers
    ) {
        metadata.removeAll(keepingCapacity: true)
        metadata.appendMetadata(of: head, keepsEmpty: purpose != .call)
        if purpose.isTraced { trace(&metadata, &numbers) }
        if purpose == .call { metadata.append(unlisted: "Method", head.method.description.utf8.span) }
        if let name = configuration.namespace?.name(for: head), !name.isEmpty {
            metadata.append(unlisted: "Micro-Namespace", name.utf8.span)
        }
        if purpose.namesCaller { metadata.append(unlisted: "Micro-From-Service", configuration.serviceName.utf8.span) }
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

    /// Goes on with the trace that the client has begun, or begins one, so that what services call because of this call is
    /// known to belong together.
    private static func trace(_ metadata: inout HeaderFields, _ numbers: inout QuickNumbers) {
        let hasTrace = metadata.contains(unlisted: "Micro-Trace-Id")
        let hasSpan = metadata.contains(unlisted: "Micro-Span-Id")
        if !hasTrace { metadata.append(unlisted: "Micro-Trace-Id", RandomUUID.make(using: &numbers).span) }
        if !hasSpan { metadata.append(unlisted: "Micro-Span-Id", RandomUUID.make(using: &numbers).span) }
    }
}

/// How long a client lets a call take.
package enum CallTimeout {
    /// The header `Timeout` in whole seconds, or `Micro-Timeout` such as `500ms` or `1.5s`, at most the longest time; else
    /// the configured time. What is no positive time is ignored, as Go Micro's gateway does with `Timeout`.
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
        if let text = head.fields[.timeout], let seconds = Int(text), seconds > 0 { return .seconds(seconds) }
        guard let index = head.fields.firstIndex(named: "micro-timeout".utf8.span),
            let duration = GoDuration.parse(head.fields.value(at: index)), duration > .zero
        else { return nil }
        return duration
    }
}
