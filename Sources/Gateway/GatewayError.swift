package import HTTP

/// Why a request was not answered as hoped: what the client is told, what the operator reads, and whether another node
/// may be asked.
package struct GatewayError: Error, Equatable {
    /// What went wrong, as far as client, operator and the next attempt must tell it apart.
    package enum Code: String, Sendable, CaseIterable {
        case badRequest, unauthorized, forbidden, methodNotAllowed, contentTooLarge, unsupportedMediaType
        case requestTimeout
        case headerFieldsTooLarge, uriTooLong, expectationFailed, versionNotSupported, misdirected, notImplemented
        case loopDetected, notAcceptable, tooManyRequests
        /// The body is encoded in a way that we cannot undo.
        case unsupportedEncoding
        /// No service or endpoint of that name.
        case notFound
        /// The service is known, but no node can be asked.
        case noNodes
        /// No connection came about: the node did nothing with the request.
        case upstreamRefused
        /// The node closed, or answered something that is no valid answer.
        case upstreamBroken
        case upstreamTimedOut
        /// The client left; nobody reads the answer.
        case clientGone
        /// The service itself answered with an error.
        case application
        /// A fault of ours.
        case fault
    }

    package let code: Code
    /// What the client is told.
    package private(set) var report: MicroError
    /// One sentence for the operator's log. It may name hosts, so no client ever sees it.
    package let detail: String
    /// The service that was asked for, when it was derived before this went wrong. For the access log.
    package private(set) var service = ""
    /// True when the node may have seen any part of the request.
    package var mayHaveBeenSent: Bool
    /// What may be asked for with other methods, for 405: the value of `Allow` (RFC 9110, 15.5.6).
    package private(set) var allow = ""
    /// How to become known, or as whom one would be let in: the value of `WWW-Authenticate` (RFC 6750, 3). Empty for
    /// other errors.
    package private(set) var challenge = ""
    /// The limit that was exceeded, for 429.
    package private(set) var excess: RateLimit.Excess?
    /// True for the error object of a service that forgot its code.
    private var hasNoCode = false
    /// The status to answer with when it is not the one of the code.
    private let statusOverride: Status?

    /// - Parameters:
    ///   - sentence: For the client: it says what is wrong and, where possible, what to do. No addresses.
    ///   - id: Where it arose, for clients of Go Micro; when nil, the part that errors of this code come from.
    ///   - detail: For the operator; the same sentence when nil.
    package init(
        _ code: Code, _ sentence: String, id: String? = nil, detail: String? = nil, mayHaveBeenSent: Bool = false
    ) {
        self.code = code
        self.report = MicroError(id: id ?? code.origin, code: code.status.code, detail: sentence)
        self.detail = detail ?? sentence
        self.mayHaveBeenSent = mayHaveBeenSent
        statusOverride = nil
    }

    /// The error of a service, handed on to the client as it is.
    ///
    /// A code that is no HTTP status, 0 among them, becomes 500.
    package init(reportedBy service: String, _ error: MicroError) {
        code = .application
        hasNoCode = error.code == 0 && !error.id.isEmpty
        var report = error
        let status = Status(error.code).flatMap { (400...599).contains($0.code) ? $0 : nil } ?? .internalServerError
        if !(100...999).contains(error.code) { report.code = status.code }
        if report.id.isEmpty { report.id = service }
        self.report = report
        detail = "\(service) answered: \(error.detail)"
        mayHaveBeenSent = true
        statusOverride = status
    }

    package var status: Status { statusOverride ?? code.status }

    /// The same error, which concerns this service.
    package func concerning(_ service: String) -> GatewayError {
        var error = self
        error.service = service
        return error
    }

    /// The same error under the name of that part of the gateway, if it arose in the gateway itself and the name is one.
    package func reported(by id: String) -> GatewayError {
        guard report.id == Self.ownID, !id.isEmpty else { return self }
        var error = self
        error.report.id = id
        return error
    }

    /// What the gateway calls itself where nothing else is known.
    fileprivate static let ownID = "go.micro.api"

    /// The same error, unless it is the object of a service without a code: that is then reported by whoever has this id.
    package func completed(by id: String) -> GatewayError {
        guard hasNoCode else { return self }
        var error = self
        error.report.id = id
        error.report.detail = "error during request: \(report.detail)"
        return error
    }

    /// The path is for other methods than the one it was asked for with.
    package static func methodNotAllowed(_ method: Method, allowed: [String]) -> GatewayError {
        let list = allowed.joined(separator: ", ")
        var error = GatewayError(.methodNotAllowed, "the path takes \(list), and not \(method)")
        error.allow = list
        return error
    }

    /// The request needs an account, and has none that is good.
    ///
    /// - Parameters:
    ///   - reason: What is wrong or missing, as a sentence for the client.
    ///   - challenge: The same for programs, as parameters of the challenge. Default nothing.
    package static func unauthorized(_ reason: String, challenge: String = "") -> GatewayError {
        var error = GatewayError(.unauthorized, "unauthorized request: \(reason)")
        error.challenge = challenge.isEmpty ? realm : "\(realm), \(challenge)"
        return error
    }

    /// The account may not do what it asks for.
    package static func forbidden(_ account: Account, because verdict: AccessVerdict) -> GatewayError {
        var error = GatewayError(
            .forbidden, "forbidden request: the account \(account.id) may not do this",
            detail: "the account \(account.id) of \(account.issuer) was refused: \(verdict.sentence)")
        error.challenge = "\(realm), error=\"insufficient_scope\""
        return error
    }

    private static let realm = "Bearer realm=\"micro\""

    /// The path has had all the requests that an operator allows for now.
    package static func tooManyRequests(_ excess: RateLimit.Excess) -> GatewayError {
        let limit = excess.limit
        var error = GatewayError(
            .tooManyRequests,
            "this path takes \(limit.requests) requests in \(limit.window) s; ask again in \(excess.wait) s",
            detail: "refused by the limit of \(limit.requests) requests in \(limit.window) s for \(limit.name)")
        error.report.word = "too many requests"
        error.excess = excess
        return error
    }

    /// True only when the node provably did nothing with the request.
    package var isRetryable: Bool {
        switch code {
        case .upstreamRefused: true
        case .upstreamBroken: !mayHaveBeenSent
        default: false
        }
    }

    /// True when it is the node that failed, and not the request.
    package var blamesNode: Bool {
        switch code {
        case .upstreamRefused, .upstreamBroken, .upstreamTimedOut: true
        default: false
        }
    }
}

extension GatewayError.Code {
    /// The part of Go Micro that reports such errors.
    fileprivate var origin: String {
        switch self {
        case .noNodes, .upstreamRefused, .upstreamBroken, .upstreamTimedOut: "go.micro.client"
        default: GatewayError.ownID
        }
    }

    package var status: Status {
        switch self {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .methodNotAllowed: .methodNotAllowed
        case .contentTooLarge: .contentTooLarge
        case .unsupportedMediaType, .unsupportedEncoding: .unsupportedMediaType
        case .requestTimeout, .clientGone: .requestTimeout
        case .headerFieldsTooLarge: .headerFieldsTooLarge
        case .uriTooLong: .uriTooLong
        case .expectationFailed: .expectationFailed
        case .versionNotSupported: .versionNotSupported
        case .misdirected: .misdirectedRequest
        case .notImplemented: .notImplemented
        case .loopDetected: .loopDetected
        case .tooManyRequests: .tooManyRequests
        case .notAcceptable: .notAcceptable
        case .notFound: .notFound
        case .noNodes: .serviceUnavailable
        case .upstreamRefused, .upstreamBroken: .badGateway
        case .upstreamTimedOut: .gatewayTimeout
        case .application, .fault: .internalServerError
        }
    }
}
