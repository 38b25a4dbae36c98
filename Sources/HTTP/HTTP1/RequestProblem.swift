/// Why a request is refused before anyone looks at what it asks. The connection is always closed after the answer,
/// for where the next request would begin is in doubt.
package struct RequestProblem: Error, Equatable {
    /// What to answer with.
    package let status: Status
    /// One sentence for the client. It says what was wrong with the client's bytes and nothing about us.
    package let reason: String

    /// A refusal of one's own, for rules that are not about bytes.
    package init(_ status: Status, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    private static func bad(_ reason: String) -> RequestProblem { RequestProblem(.badRequest, reason) }

    /// The first bytes of TLS.
    package static var secureBytes: Self { bad("This port speaks plain HTTP, and the client began a TLS handshake.") }
    static var emptyLines: Self { bad("There are too many empty lines before the request.") }
    static var strayControl: Self { bad("A line has a control byte in it, or does not end with CR LF.") }
    static var badMethod: Self { bad("The method is not a token.") }
    static var badRequestLine: Self { bad("The first line is not a method, a target and a version.") }
    static var badTarget: Self { bad("The request target is malformed.") }
    static var folded: Self { bad("A field line begins with a blank.") }
    static var badFieldName: Self { bad("A field name is not a token followed by a colon.") }
    static var badStatusLine: Self { bad("The first line is not a version and a status.") }
    static var noHost: Self { bad("The Host field is missing.") }
    static var badHost: Self { bad("The Host field must occur once and name one host.") }
    static var badLength: Self { bad("The Content-Length field must be one number.") }
    static var badCoding: Self { bad("Transfer-Encoding must be exactly \"chunked\", and without Content-Length.") }
    static var codingInHTTP10: Self { bad("Transfer-Encoding does not exist in HTTP/1.0.") }
    static var bodyWithUpgrade: Self { bad("A request to upgrade the connection must not have content.") }

    static var longMethod: Self { Self(.notImplemented, "The method is too long.") }
    static var longTarget: Self { Self(.uriTooLong, "The request target is too long.") }
    static var longFields: Self { Self(.headerFieldsTooLarge, "The fields are too large.") }
    static var manyFields: Self { Self(.headerFieldsTooLarge, "There are too many fields.") }
    static var longOptions: Self { Self(.headerFieldsTooLarge, "The Connection field is too large.") }
    static var unknownVersion: Self { Self(.versionNotSupported, "The version is not HTTP/1.1 or HTTP/1.0.") }
    static var unknownCoding: Self { Self(.notImplemented, "The transfer coding is not known.") }
    static var unknownExpectation: Self { Self(.expectationFailed, "The only expectation known is 100-continue.") }
    static var wrongScheme: Self {
        Self(.misdirectedRequest, "The target's scheme is not the one of this connection.")
    }
}
