import Bytes
import JSON

@testable import ACME

/// An ACME server in memory: it answers as a good one does, except where the test has written something else.
final class ScriptedAuthority {
    static let directory = "https://ca.example/directory"

    let account: SigningKey
    let key: SigningKey
    /// What was asked, such as `post order`.
    private(set) var asked: [String] = []
    /// The payloads of what was asked, by the last part of the URL.
    private(set) var payloads: [String: JSONValue] = [:]
    /// What went wrong with a request that was sent; the server then answers all the same.
    private(set) var complaints: [String] = []
    /// Answers instead of the usual one, by the last part of the URL; each is used once, the first one first.
    var replies: [String: [ACMEReply]] = [:]
    /// The state of the authorization after the challenge was answered.
    var provenStatus = "valid"
    var meta: JSONObject = ["termsOfService": "https://ca.example/terms"]
    var hasRenewalInfo = false
    private var nonces: Set<String> = []
    private var nonceCount = 0
    private var isProven = false

    init() throws {
        account = try SigningKey.generate()
        key = try SigningKey.generate()
    }

    func wish(_ challenge: ChallengeKind = .tlsALPN) -> Issuance.Wish {
        Issuance.Wish(
            directory: Self.directory, host: "a.example", account: account, key: key, challenge: challenge)
    }

    /// What came of a wish.
    struct Outcome {
        var chain: String?
        var failure: ACMEFailure?
        var presented: [ChallengeAnswer] = []
        var waits: [Duration] = []
        var steps = 0
    }

    /// Carries a wish out to its end.
    func carryOut(_ wish: Issuance.Wish) -> Outcome {
        var issuance = Issuance(wish)
        var outcome = Outcome()
        do throws(ACMEFailure) {
            while outcome.steps < 1_000 {
                outcome.steps += 1
                switch try issuance.next() {
                case .send(let request): try issuance.receive(answer(request))
                case .wait(let duration): outcome.waits.append(duration)
                case .present(let answer): outcome.presented.append(answer)
                case .finished(let chain):
                    outcome.chain = String(decoding: chain, as: UTF8.self)
                    return outcome
                }
            }
        } catch {
            outcome.failure = error
        }
        return outcome
    }

    static func problem(_ type: String, _ detail: String = "words", status: Int = 400, retryAfter: Int? = nil)
        -> ACMEReply
    {
        ACMEReply(
            status: status, nonce: "from-a-problem", retryAfter: retryAfter,
            body: Array(#"{"type":"urn:ietf:params:acme:error:\#(type)","detail":"\#(detail)"}"#.utf8))
    }

    static func object(_ members: JSONObject, status: Int = 200, retryAfter: Int? = nil) -> ACMEReply {
        ACMEReply(
            status: status, nonce: "from-a-script", retryAfter: retryAfter,
            body: Array(JSONValue.object(members).text().utf8))
    }

    // MARK: The server

    private func answer(_ request: ACMERequest) -> ACMEReply {
        let name = request.url.split(separator: "/").last.map(String.init) ?? ""
        asked.append("\(request.kind) \(name)")
        if request.kind == .post { check(request, name) }
        if var scripted = replies[name], !scripted.isEmpty {
            let reply = scripted.removeFirst()
            replies[name] = scripted
            if let nonce = reply.nonce { nonces.insert(nonce) }
            return reply
        }
        var reply = usual(name)
        reply.nonce = makeNonce()
        return reply
    }

    private func makeNonce() -> String {
        nonceCount += 1
        nonces.insert("nonce\(nonceCount)")
        return "nonce\(nonceCount)"
    }

    private func usual(_ name: String) -> ACMEReply {
        let base = "https://ca.example"
        switch name {
        case "directory":
            var members: JSONObject = [
                "newNonce": "\(base)/nonce", "newAccount": "\(base)/account", "newOrder": "\(base)/order",
                "meta": .object(meta),
            ]
            if hasRenewalInfo { members["renewalInfo"] = "\(base)/renewal" }
            return Self.object(members)
        case "account": return ACMEReply(status: 201, location: "\(base)/accounts/7", body: Array("{}".utf8))
        case "order":
            var reply = Self.object(order("pending"), status: 201)
            reply = ACMEReply(status: 201, location: "\(base)/orders/1", body: reply.body)
            return reply
        case "authorization": return Self.object(authorization(isProven ? provenStatus : "pending"))
        case "prove-tls", "prove-http":
            isProven = true
            return Self.object([:])
        case "1": return Self.object(order("ready"))
        case "finalize": return Self.object(order("valid"))
        case "certificate": return ACMEReply(status: 200, body: Array("CHAIN".utf8))
        default: return ACMEReply(status: 200)
        }
    }

    func order(_ status: String) -> JSONObject {
        [
            "status": .string(status), "authorizations": ["https://ca.example/authorization"],
            "finalize": "https://ca.example/finalize", "certificate": "https://ca.example/certificate",
        ]
    }

    private func authorization(_ status: String) -> JSONObject {
        [
            "status": .string(status),
            "challenges": [
                ["type": "dns-01", "url": "https://ca.example/prove-dns", "token": "tok"],
                ["type": "http-01", "url": "https://ca.example/prove-http", "token": "tok"],
                ["type": "tls-alpn-01", "url": "https://ca.example/prove-tls", "token": "tok"],
            ],
        ]
    }

    // MARK: What every POST must have

    private func check(_ request: ACMERequest, _ name: String) {
        guard let body = try? JSONParser.parse(request.body.span), let protected = body["protected"]?.stringValue,
            let payload = body["payload"]?.stringValue, let signature = body["signature"]?.stringValue,
            let header = decode(protected)
        else { return complaints.append("\(name): no JWS") }
        if !payload.isEmpty { payloads[name] = decode(payload) }
        if header["alg"]?.stringValue != "ES256" { complaints.append("\(name): algorithm") }
        if header["url"]?.stringValue != request.url { complaints.append("\(name): URL") }
        let nonce = header["nonce"]?.stringValue ?? ""
        if nonces.remove(nonce) == nil { complaints.append("\(name): nonce \(nonce) was not given out, or is used") }
        let isByKey = header["jwk"] == .object(account.jwk) && header["kid"] == nil
        let isByAccount = header["kid"]?.stringValue == "https://ca.example/accounts/7" && header["jwk"] == nil
        if name == "account" ? !isByKey : !isByAccount { complaints.append("\(name): signer") }
        let isGood = try? verifies(
            Base64.decode(signature.utf8.span, as: .url) ?? [], of: "\(protected).\(payload)", by: account)
        if isGood != true { complaints.append("\(name): signature") }
    }

    private func decode(_ encoded: String) -> JSONValue? {
        Base64.decode(encoded.utf8.span, as: .url).flatMap { try? JSONParser.parse($0.span) }
    }
}
