/// What went wrong in HTTP/2, and how far it reaches (RFC 9113, 5.4).
package struct HTTP2Error: Error, Equatable, Sendable {
    /// What an error ends.
    package enum Scope: Equatable, Sendable {
        /// GOAWAY, and the connection is closed.
        case connection
        /// RST_STREAM for this one; the others go on.
        case stream(UInt32)
    }

    package let scope: Scope
    package let code: HTTP2ErrorCode
    /// One sentence for the operator. It may be sent in GOAWAY, for it says nothing about us.
    package let reason: String

    /// - Parameter reason: A literal, so that nothing is allocated.
    package static func connection(_ code: HTTP2ErrorCode, _ reason: StaticString) -> HTTP2Error {
        HTTP2Error(scope: .connection, code: code, reason: "\(reason)")
    }

    /// The same error, when no stream is there to suffer for it (RFC 9113, 5.4).
    package var ofConnection: HTTP2Error { HTTP2Error(scope: .connection, code: code, reason: reason) }

    /// An error of one stream.
    package static func stream(_ stream: UInt32, _ code: HTTP2ErrorCode, _ reason: StaticString) -> HTTP2Error {
        HTTP2Error(scope: .stream(stream), code: code, reason: "\(reason)")
    }
}

/// The codes that RST_STREAM and GOAWAY carry (RFC 9113, 7).
package enum HTTP2ErrorCode: UInt32, CaseIterable, Sendable {
    case noError = 0x0
    case protocolError = 0x1
    case internalError = 0x2
    case flowControlError = 0x3
    case settingsTimeout = 0x4
    case streamClosed = 0x5
    case frameSizeError = 0x6
    case refusedStream = 0x7
    case cancel = 0x8
    case compressionError = 0x9
    case connectError = 0xa
    case enhanceYourCalm = 0xb
    case inadequateSecurity = 0xc
    case http11Required = 0xd

    /// The code with this number; unknown ones mean no more than that something failed.
    package static func received(_ number: UInt32) -> HTTP2ErrorCode {
        HTTP2ErrorCode(rawValue: number) ?? .internalError
    }
}

extension HPACKProblem {
    /// What the connection ends with.
    package var connectionError: HTTP2Error {
        switch self {
        case .listTooLarge: .connection(.enhanceYourCalm, "The fields are far over the limit.")
        case .truncated, .integerTooLarge, .badHuffman, .badIndex, .misplacedSizeUpdate, .sizeUpdateTooLarge,
            .missingSizeUpdate:
            .connection(.compressionError, "The compressed fields cannot be read.")
        }
    }
}
