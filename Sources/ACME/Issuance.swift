internal import Bytes
internal import JSON

/// One certificate's way through an ACME server (RFC 8555, 7.1), without input and output: it says what to do next, and is
/// told what came of it.
///
/// It ends with a certificate or an error, whatever the server answers: each kind of waiting and each kind of trying again
/// has a limit.
package struct Issuance {
    /// What to do next.
    package enum Step: Equatable {
        /// Send this and hand the answer to `receive`.
        case send(ACMERequest)
        case wait(Duration)
        /// Show this until the end, and go on.
        case present(ChallengeAnswer)
        /// The certificate and those that lead to the authority, in PEM form.
        case finished(chain: [UInt8])
    }

    /// What is asked for, and by whom.
    package struct Wish: Sendable {
        package let directory: String
        package let host: String
        package let account: SigningKey
        /// Of the certificate.
        package let key: SigningKey
        package let challenge: ChallengeKind
        package var email: String?
        package var external: ExternalAccount?
        package var agreesToTerms = true
        /// The name of the certificate that is being renewed (RFC 9773, 5).
        package var replaces: String?

        package init(
            directory: String, host: String, account: SigningKey, key: SigningKey, challenge: ChallengeKind
        ) {
            self.directory = directory
            self.host = host
            self.account = account
            self.key = key
            self.challenge = challenge
        }
    }

    private enum Stage: Equatable {
        case directory, account, order, authorization, presenting, challenge, checking, readiness, finalizing
        case collecting, download
        case finished([UInt8])
    }

    /// How often in a row a nonce may be bad. One that was good shows that the server takes them (RFC 8555, 6.5).
    static let maximumBadNonces = 10
    /// How much a server may want to be proved. One is what it should want.
    static let maximumAuthorizations = 10
    /// How long the authority may take to look, and to sign.
    static let patience = Duration.seconds(180)

    private var wish: Wish
    private var stage = Stage.directory
    private var directory: Directory?
    private var nonce: String?
    private var isFetchingNonce = false
    private var badNonces = 0
    private var account = ""
    private var order = Order()
    /// Which of the order's authorizations is looked at.
    private var position = 0
    private var answer: ChallengeAnswer?
    private var challengeURL = ""
    private var isTriggered = false
    private var pause: Duration?
    private var waited = Duration.zero
    private var waits = 0

    private struct Order {
        var url = ""
        var authorizations: [String] = []
        var finalize = ""
        var certificate = ""
    }

    package init(_ wish: Wish) { self.wish = wish }

    /// The terms of service that were agreed to. Nil before they are known, or when there are none.
    package var terms: String? { directory?.terms }

    /// - Throws: When there will be no certificate.
    package mutating func next() throws(ACMEFailure) -> Step {
        if let pause {
            self.pause = nil
            return .wait(pause)
        }
        switch stage {
        case .directory: return .send(ACMERequest(kind: .get, url: wish.directory))
        case .finished(let chain): return .finished(chain: chain)
        case .presenting:
            guard let answer else { throw Self.nonsense("it has no challenge") }
            stage = .challenge
            return .present(answer)
        case .account, .order, .authorization, .challenge, .checking, .readiness, .finalizing, .collecting, .download:
            return .send(try post())
        }
    }

    /// Takes the answer to what was sent last.
    package mutating func receive(_ reply: ACMEReply) throws(ACMEFailure) {
        if let fresh = reply.nonce { nonce = fresh }
        if isFetchingNonce {
            isFetchingNonce = false
            guard nonce != nil else { throw Self.nonsense("it gives no nonce (status \(reply.status))") }
            return
        }
        guard reply.isSuccess else { return try refused(reply) }
        badNonces = 0
        switch stage {
        case .directory: try takeDirectory(reply)
        case .account: try takeAccount(reply)
        case .order: try takeOrder(reply)
        case .authorization, .checking: try takeAuthorization(reply)
        case .challenge: beginChecking()
        case .readiness, .finalizing, .collecting: try takeProgress(reply)
        case .download: try takeCertificate(reply)
        case .presenting, .finished: throw Self.nonsense("it answers what nobody has asked")
        }
    }

    // MARK: Asking

    private mutating func post() throws(ACMEFailure) -> ACMERequest {
        guard let directory else { throw Self.nonsense("it has no directory") }
        guard let nonce else {
            isFetchingNonce = true
            return ACMERequest(kind: .head, url: directory.newNonce)
        }
        self.nonce = nil
        let (url, payload) = try content(directory)
        let signer: SignedRequest.Signer = stage == .account ? .key : .account(url: account)
        let body = try SignedRequest.body(payload, to: url, nonce: nonce, key: wish.account, as: signer)
        let accept = stage == .download ? "application/pem-certificate-chain" : nil
        return ACMERequest(kind: .post, url: url, body: body, accept: accept)
    }

    private func content(_ directory: Directory) throws(ACMEFailure) -> (url: String, payload: JSONValue?) {
        switch stage {
        case .account: return (directory.newAccount, registration(directory))
        case .order:
            var members: JSONObject = [
                "identifiers": .array([.object(["type": "dns", "value": .string(wish.host)])])
            ]
            if let replaced = wish.replaces, directory.renewalInfo != nil { members["replaces"] = .string(replaced) }
            return (directory.newOrder, .object(members))
        case .challenge: return (challengeURL, .object([:]))
        case .finalizing:
            let request = try CertificateRequest.der(for: wish.host, key: wish.key)
            return (order.finalize, .object(["csr": .string(Base64.encode(request.span, as: .url))]))
        case .authorization, .checking: return (order.authorizations[position], nil)
        case .readiness, .collecting: return (order.url, nil)
        case .download: return (order.certificate, nil)
        case .directory, .presenting, .finished: throw Self.nonsense("there is nothing to post")
        }
    }

    private func registration(_ directory: Directory) -> JSONValue {
        var members: JSONObject = [:]
        if directory.terms != nil { members["termsOfServiceAgreed"] = true }
        if let email = wish.email { members["contact"] = .array([.string("mailto:\(email)")]) }
        if let external = wish.external {
            members["externalAccountBinding"] = SignedRequest.binding(
                external, of: wish.account, to: directory.newAccount)
        }
        return .object(members)
    }

    // MARK: Answers

    private mutating func refused(_ reply: ACMEReply) throws(ACMEFailure) {
        let problem = ProblemDocument(reply)
        if problem.type == "badNonce", badNonces < Self.maximumBadNonces {
            badNonces += 1
            return  // The same again, with the nonce that came with the refusal.
        }
        if stage == .order, wish.replaces != nil, problem.type == "alreadyReplaced" || problem.type == "malformed" {
            wish.replaces = nil
            return
        }
        if stage == .finalizing, problem.type == "orderNotReady" { return try goOnWaiting(.readiness, reply) }
        throw problem.failure(reply)
    }

    private mutating func takeDirectory(_ reply: ACMEReply) throws(ACMEFailure) {
        let found = try Directory(reply)
        if let terms = found.terms, !wish.agreesToTerms {
            throw ACMEFailure(
                .refused,
                "the ACME server wants its terms of service at \(terms) to be agreed to: read them, and leave"
                    + " --acme_agree_terms=false out")
        }
        if found.needsExternalAccount, wish.external == nil {
            throw ProblemDocument(.object(["type": "urn:ietf:params:acme:error:externalAccountRequired"]))
                .failure(reply)
        }
        directory = found
        stage = .account
    }

    /// A key that the server knows already gets the account that it has (RFC 8555, 7.3.1), so we need not remember its URL.
    private mutating func takeAccount(_ reply: ACMEReply) throws(ACMEFailure) {
        guard let url = reply.location else { throw Self.nonsense("it gives no URL for the account") }
        account = url
        stage = .order
    }

    private mutating func takeOrder(_ reply: ACMEReply) throws(ACMEFailure) {
        let value = try reply.object("order")
        guard let url = reply.location, let finalize = value["finalize"]?.stringValue else {
            throw Self.nonsense("its order has no URL")
        }
        let authorizations = value["authorizations"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard authorizations.count <= Self.maximumAuthorizations else {
            throw Self.nonsense("it wants more than one host to be proved")
        }
        order = Order(url: url, authorizations: authorizations, finalize: finalize)
        chooseAuthorization()
    }

    /// Goes on to the order when there is nothing (more) to prove.
    private mutating func chooseAuthorization() {
        isTriggered = false
        (waited, waits) = (.zero, 0)
        stage = position < order.authorizations.count ? .authorization : .readiness
    }

    private mutating func takeAuthorization(_ reply: ACMEReply) throws(ACMEFailure) {
        let value = try reply.object("authorization")
        switch value["status"]?.stringValue {
        case "valid":
            position += 1
            chooseAuthorization()
        case "pending" where isTriggered: try goOnWaiting(.checking, reply)
        case "pending": try choose(value)
        case let status: throw failure(of: value, status ?? "unknown")
        }
    }

    /// What has become of a challenge stands in the authorization.
    private func failure(of value: JSONValue, _ status: String) -> ACMEFailure {
        let failed = value["challenges"]?.arrayValue?.first { $0["error"] != nil }
        let kind = failed?["type"]?.stringValue.flatMap(ChallengeKind.init) ?? wish.challenge
        guard let error = failed?["error"] else {
            return ACMEFailure(.unproven, "the authorization for \(wish.host) is \(OperatorText.line(status))")
        }
        return ProblemDocument(error).failure(of: wish.host, by: kind)
    }

    private mutating func choose(_ value: JSONValue) throws(ACMEFailure) {
        let offers = value["challenges"]?.arrayValue ?? []
        guard let offer = offers.first(where: { $0["type"]?.stringValue == wish.challenge.rawValue }),
            let url = offer["url"]?.stringValue, let token = offer["token"]?.stringValue
        else {
            let kinds = offers.compactMap { $0["type"]?.stringValue }.map(OperatorText.line)
            throw ACMEFailure(
                .unproven,
                "the ACME server does not offer \(wish.challenge.rawValue) for \(wish.host), but"
                    + " \(kinds.isEmpty ? "nothing" : kinds.joined(separator: ", "))")
        }
        // It stands in a path: digits of the alphabet for URLs and nothing else (RFC 8555, 8.3).
        guard (1...512).contains(token.utf8.count), token.utf8.allSatisfy({ Base64.value(of: $0, in: .url) != nil })
        else { throw Self.nonsense("its token is none") }
        challengeURL = url
        answer = ChallengeAnswer(
            kind: wish.challenge, host: wish.host, token: token,
            keyAuthorization: "\(token).\(wish.account.thumbprint)")
        stage = .presenting
    }

    private mutating func beginChecking() {
        isTriggered = true
        (waited, waits) = (.zero, 0)
        stage = .checking
        pause = .milliseconds(250)
    }

    private mutating func takeProgress(_ reply: ACMEReply) throws(ACMEFailure) {
        let value = try reply.object("order")
        switch value["status"]?.stringValue {
        case "ready" where stage == .finalizing: try goOnWaiting(.collecting, reply)
        case "ready": stage = .finalizing
        case "pending": try goOnWaiting(.readiness, reply)
        case "processing": try goOnWaiting(.collecting, reply)
        case "valid":
            guard let url = value["certificate"]?.stringValue else {
                throw Self.nonsense("its order has no certificate")
            }
            order.certificate = url
            stage = .download
        case let status:
            let problem = ProblemDocument(value["error"])
            guard problem.detail.isEmpty, problem.type.isEmpty else { throw problem.failure(reply) }
            throw ACMEFailure(
                .refused, "the order for \(wish.host) is \(OperatorText.line(status ?? "without status"))")
        }
    }

    private mutating func takeCertificate(_ reply: ACMEReply) throws(ACMEFailure) {
        guard !reply.body.isEmpty else { throw Self.nonsense("its certificate is empty") }
        stage = .finished(reply.body)
    }

    // MARK: Waiting

    /// Looks again after what the server says, or after a while that grows.
    private mutating func goOnWaiting(_ next: Stage, _ reply: ACMEReply) throws(ACMEFailure) {
        let own = Duration.milliseconds(min(500 << min(waits, 8), 5_000))
        let time = reply.retryAfter.map { Duration.seconds(min(max($0, 1), 60)) } ?? own
        guard waited + time <= Self.patience else {
            throw ACMEFailure(
                next == .checking ? .unproven : .refused,
                "the ACME server has not \(next == .checking ? "checked \(wish.host)" : "made the certificate")"
                    + " within \(Self.patience)")
        }
        waited += time
        waits += 1
        stage = next
        pause = time
    }

    private static func nonsense(_ what: String) -> ACMEFailure {
        ACMEFailure(.refused, "the ACME server cannot be understood: \(what)")
    }
}
