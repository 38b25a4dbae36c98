package import HTTP

extension GatewayError {
    /// What a client that speaks gRPC is told.
    package var grpcOutcome: GRPCOutcome { GRPCOutcome(grpcStatus, message: report.detail) }

    private var grpcStatus: GRPCStatus {
        switch code {
        case .badRequest, .unsupportedMediaType, .unsupportedEncoding, .notAcceptable, .uriTooLong, .expectationFailed,
            .misdirected:
            .invalidArgument
        case .unauthorized: .unauthenticated
        case .forbidden: .permissionDenied
        case .contentTooLarge, .headerFieldsTooLarge, .tooManyRequests: .resourceExhausted
        case .requestTimeout, .upstreamTimedOut: .deadlineExceeded
        // As a server says it of a service or a method that it does not have.
        case .notFound, .methodNotAllowed, .versionNotSupported, .notImplemented: .unimplemented
        case .noNodes, .upstreamRefused, .upstreamBroken: .unavailable
        case .clientGone: .cancelled
        case .application: GRPCStatus(microCode: report.code)
        case .loopDetected, .fault: .internal
        }
    }
}
