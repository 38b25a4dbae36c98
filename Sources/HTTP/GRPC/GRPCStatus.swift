/// How a gRPC call ended: the number in `grpc-status`.
package enum GRPCStatus: Int, Sendable, CaseIterable {
    case ok = 0
    case cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
    case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable, dataLoss
    case unauthenticated

    /// The status in a field's value: one or two digits. Unknown for a number that is none of ours, and for what is no
    /// number.
    package init(_ value: Span<UInt8>) {
        self = .unknown
        guard value.count == 1 || value.count == 2, value.count == 1 || value[0] != 0x30 else { return }
        var number = 0
        for index in value.indices {
            guard value[index].isDigit else { return }
            number = number * 10 + Int(value[index] &- 0x30)
        }
        self = Self(rawValue: number) ?? .unknown
    }

    /// The status of a call whose answer has no `grpc-status`, because it came from something that is no gRPC server
    /// (gRPC, "HTTP to gRPC Status Code Mapping").
    package init(http status: Status) {
        switch status.code {
        case 400: self = .internal
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404: self = .unimplemented
        case 429, 502, 503, 504: self = .unavailable
        default: self = .unknown
        }
    }

    /// What a client of HTTP is told (google.rpc.Code). For an error of go-micro, see `microCode`.
    package var httpStatus: Status {
        switch self {
        case .ok: .ok
        case .cancelled: .clientClosedRequest
        case .unknown, .internal, .dataLoss: .internalServerError
        case .invalidArgument, .failedPrecondition, .outOfRange: .badRequest
        case .deadlineExceeded: .gatewayTimeout
        case .notFound: .notFound
        case .alreadyExists, .aborted: .conflict
        case .permissionDenied: .forbidden
        case .resourceExhausted: .tooManyRequests
        case .unimplemented: .notImplemented
        case .unavailable: .serviceUnavailable
        case .unauthenticated: .unauthorized
        }
    }

    /// The status that go-micro's servers send for the code of a micro error.
    package init(microCode: Int) {
        switch microCode {
        case 200: self = .ok
        case 400: self = .invalidArgument
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404: self = .notFound
        case 408: self = .deadlineExceeded
        case 409: self = .alreadyExists
        case 412: self = .failedPrecondition
        case 500: self = .internal
        case 501: self = .unimplemented
        case 503: self = .unavailable
        default: self = .unknown
        }
    }

    /// The code of the micro error that go-micro's clients, from v3 on, make of a status without details. It is not
    /// always the code of `httpStatus`: a deadline is 408 here.
    package var microCode: Int {
        switch self {
        case .ok: 200
        case .invalidArgument: 400
        case .unauthenticated: 401
        case .permissionDenied: 403
        case .notFound: 404
        case .deadlineExceeded: 408
        case .alreadyExists: 409
        case .failedPrecondition: 412
        case .unimplemented: 501
        case .unavailable: 503
        case .internal, .cancelled, .unknown, .resourceExhausted, .aborted, .outOfRange, .dataLoss: 500
        }
    }

    /// The standard's name, such as `NOT_FOUND`.
    package var name: String {
        switch self {
        case .ok: "OK"
        case .cancelled: "CANCELLED"
        case .unknown: "UNKNOWN"
        case .invalidArgument: "INVALID_ARGUMENT"
        case .deadlineExceeded: "DEADLINE_EXCEEDED"
        case .notFound: "NOT_FOUND"
        case .alreadyExists: "ALREADY_EXISTS"
        case .permissionDenied: "PERMISSION_DENIED"
        case .resourceExhausted: "RESOURCE_EXHAUSTED"
        case .failedPrecondition: "FAILED_PRECONDITION"
        case .aborted: "ABORTED"
        case .outOfRange: "OUT_OF_RANGE"
        case .unimplemented: "UNIMPLEMENTED"
        case .internal: "INTERNAL"
        case .unavailable: "UNAVAILABLE"
        case .dataLoss: "DATA_LOSS"
        case .unauthenticated: "UNAUTHENTICATED"
        }
    }
}
