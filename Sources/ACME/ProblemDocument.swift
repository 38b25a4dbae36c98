internal import JSON

/// Why an ACME server said no (RFC 8555, 6.7; RFC 7807).
struct ProblemDocument: Sendable, Equatable {
    /// The type without what all types begin with, such as `rateLimited`.
    let type: String
    /// The server's own words.
    let detail: String

    private static let prefix = "urn:ietf:params:acme:error:"

    init(_ value: JSONValue?) {
        let type = value?["type"]?.stringValue ?? ""
        self.type = type.hasPrefix(Self.prefix) ? String(type.dropFirst(Self.prefix.count)) : OperatorText.line(type)
        // The parts say more than the whole (RFC 8555, 6.7.1).
        let parts = value?["subproblems"]?.arrayValue?.compactMap { $0["detail"]?.stringValue } ?? []
        let texts = (value?["detail"]?.stringValue.map { [$0] } ?? []) + parts
        detail = OperatorText.line(texts.joined(separator: "; "))
    }

    /// Out of a reply that is no success.
    init(_ reply: ACMEReply) {
        self.init(try? JSONParser.parse(reply.body.span))
    }

    /// What has happened and what to do.
    func failure(_ reply: ACMEReply) -> ACMEFailure {
        let words = detail.isEmpty ? "status \(reply.status)" : detail
        guard let advice else {
            let name = type.isEmpty || type == "about:blank" ? "" : " (\(type))"
            let says = reply.status >= 500 ? "has a fault of its own" : "refuses"
            return ACMEFailure(.refused, "the ACME server \(says)\(name): \(words)", retryAfter: reply.retryAfter)
        }
        return ACMEFailure(.refused, "\(advice): \(words)", retryAfter: reply.retryAfter)
    }

    private var advice: String? {
        switch type {
        case "rateLimited": "the ACME server has been asked too often and wants to be left alone for a while"
        case "rejectedIdentifier": "the ACME server gives no certificates for this name"
        case "unsupportedIdentifier": "the ACME server gives no certificates for names of this kind"
        case "caa": "a CAA record of the domain forbids this authority; change the record, or the authority"
        case "externalAccountRequired":
            "the ACME server wants an account that was made elsewhere: get one from the authority, and give it with"
                + " --acme_eab_kid and MICRO_ACME_EAB_KEY"
        case "invalidContact", "unsupportedContact": "the ACME server does not take --acme_email"
        case "userActionRequired": "the ACME server wants something done by hand first"
        case "badCSR", "badPublicKey", "badSignatureAlgorithm": "the ACME server does not take our kind of request"
        case "unauthorized": "the ACME server does not allow it"
        default: nil
        }
    }
}

/// Why the authority did not believe that a host is ours.
extension ProblemDocument {
    /// - Parameter kind: How it was to be proved.
    func failure(of host: String, by kind: ChallengeKind) -> ACMEFailure {
        let reason =
            switch type {
            case "dns": "\(host) does not resolve as it should; check its A and AAAA records"
            case "connection":
                "the authority cannot connect to port \(kind.port) of \(host), or got no answer; check the records of the"
                    + " name, the firewall, and what forwards that port to here"
            case "tls":
                "something else than this program answers on port \(kind.port) of \(host), or it ends TLS in between;"
                    + " forward the port as it is"
            case "unauthorized", "incorrectResponse":
                "the authority finds nobody on port \(kind.port) of \(host), or something else than this program; check the"
                    + " records of the name (AAAA too), the firewall, and what forwards that port"
            case "caa": "a CAA record of the domain forbids this authority; change the record, or the authority"
            case "rateLimited": "the authority has checked this name too often"
            default: "the authority does not believe that \(host) is ours"
            }
        let words = detail.isEmpty ? type : detail
        return ACMEFailure(.unproven, "\(kind.rawValue): \(reason)\(words.isEmpty ? "" : ": \(words)")")
    }
}
