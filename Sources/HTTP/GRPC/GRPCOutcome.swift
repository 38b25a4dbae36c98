/// How a call ended, as the fields at its end tell: the status, and what explains it.
package struct GRPCOutcome: Equatable, Sendable {
    package var status: GRPCStatus
    /// The text in `grpc-message`, decoded. It may have line ends in it.
    package var message: String
    /// The bytes in `grpc-status-details-bin`; empty without it.
    package var details: [UInt8]

    package init(_ status: GRPCStatus, message: String = "", details: [UInt8] = []) {
        self.status = status
        self.message = message
        self.details = details
    }

    /// Reads trailers, or the head of an answer that is nothing but trailers.
    ///
    /// - Returns: Nil when they have no `grpc-status`.
    package init?(_ fields: borrowing HeaderFields) {
        guard let place = fields.firstIndex(named: "grpc-status".utf8.span) else { return nil }
        status = GRPCStatus(fields.valueSpan(at: place))
        message = ""
        details = []
        if status == .ok { return }
        if let place = fields.firstIndex(named: "grpc-message".utf8.span) {
            message = GRPCStatusMessage.decode(fields.valueSpan(at: place))
        }
        if let place = fields.firstIndex(named: "grpc-status-details-bin".utf8.span) {
            details = GRPCStatusDetails.decode(fields.valueSpan(at: place)) ?? []
        }
    }

    /// The fields of an answer that is nothing but this.
    package func write(to fields: inout HeaderFields) {
        fields.append(name: "grpc-status", value: "\(status.rawValue)")
        if !message.isEmpty { fields.append(name: "grpc-message", value: GRPCStatusMessage.encode(message)) }
        if !details.isEmpty {
            fields.append(name: "grpc-status-details-bin", value: GRPCStatusDetails.encode(details.span))
        }
    }
}

extension GRPCStatus {
    /// The status of a call whose stream the node has reset (gRPC over HTTP2, "Errors").
    package init(reset code: HTTP2ErrorCode) {
        switch code {
        case .refusedStream: self = .unavailable
        case .cancel: self = .cancelled
        case .enhanceYourCalm: self = .resourceExhausted
        case .inadequateSecurity: self = .permissionDenied
        default: self = .internal
        }
    }
}

extension ResponseHead {
    /// Whether the answer is one of gRPC, by its type.
    package var isGRPC: Bool {
        guard let place = fields.firstIndex(of: .contentType) else { return false }
        return fields.valueSpan(at: place).hasPrefixIgnoringCase("application/grpc")
    }
}
