package import HTTP

/// What a service is told of the HTTP request behind a call: its fields as metadata.
package enum CallMetadata {
    /// Copies the fields that are meant for the service. Those of this hop, those that describe the body, and those that
    /// only a gateway may set are left out; several lines of one name become one, joined by a comma and a space.
    ///
    /// - Parameter forwardedFor: The client's address as the gateway saw it.
    package static func make(from head: borrowing RequestHead, _ context: ForwardingContext) -> HeaderFields {
        var metadata = HeaderFields()
        for index in 0..<head.fields.count {
            let name = head.fields.knownName(at: index)
            guard name.isMetadata else { continue }
            if name == .other {
                copyUnlisted(head.fields, index, to: &metadata)
            } else if head.fields.firstIndex(of: name) == index {
                metadata.append(name, head.fields.values(name).joined(separator: name == .cookie ? "; " : ", "))
            }
        }
        metadata.append(name: "Method", value: head.method.description)
        appendForwardedFor(head.fields, context, to: &metadata)
        return metadata
    }

    private static func copyUnlisted(_ fields: borrowing HeaderFields, _ index: Int, to metadata: inout HeaderFields) {
        let name = fields.name(at: index)
        guard !isReserved(name), !isNamedByConnection(name, fields), metadata[name] == nil else { return }
        metadata.append(name: name, value: fields.values(named: name).joined(separator: ", "))
    }

    /// Names that a service believes because a gateway sets them. Tracing identifiers are the exception: they only tell
    /// what belongs together.
    private static func isReserved(_ name: String) -> Bool {
        let name = name.lowercased()
        if name == "micro-trace-id" || name == "micro-span-id" { return false }
        return name == "method" || name == "remote" || name == "local" || name.contains("_")
            || name.hasPrefix("micro-") || name.hasPrefix("x-micro-") || name.hasPrefix("x-api-")
            || name.hasPrefix("grpc-") || name.hasPrefix(":")
    }

    private static func isNamedByConnection(_ name: String, _ fields: borrowing HeaderFields) -> Bool {
        guard fields.contains(.connection) else { return false }
        return fields.values(.connection).contains { line in
            line.split(separator: ",").contains { item in
                item.filter { $0 != " " && $0 != "\t" }.lowercased() == name.lowercased()
            }
        }
    }

    private static func appendForwardedFor(
        _ fields: borrowing HeaderFields, _ context: ForwardingContext, to metadata: inout HeaderFields
    ) {
        var chain = context.isTrusted ? fields.values(.xForwardedFor) : []
        chain.append(context.clientAddress)
        metadata.append(.xForwardedFor, chain.joined(separator: ", "))
    }
}

extension FieldName {
    /// False for what concerns the connection, the body, or the way that the request has come.
    fileprivate var isMetadata: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .proxyAuthorization, .proxyAuthenticate, .te, .trailer,
            .transferEncoding, .upgrade, .expect, .host, .contentLength, .contentType, .contentEncoding, .accept,
            .acceptEncoding, .timeout, .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto,
            .xForwardedPrefix, .xRealIP, .via:
            false
        default: true
        }
    }
}

/// How long a client lets a call take.
package enum CallTimeout {
    /// The header `Timeout` in whole seconds, at most the longest time; else the configured time. What is no positive
    /// number of seconds is ignored, as Go Micro's gateway does.
    package static func requested(by head: borrowing RequestHead, _ configuration: RPCConfiguration) -> Duration {
        guard let text = head.fields[.timeout], let seconds = Int(text), seconds > 0 else {
            return configuration.timeout
        }
        return min(.seconds(seconds), configuration.maximumTimeout)
    }
}
