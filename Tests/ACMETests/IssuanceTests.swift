import Bytes
import JSON
import Testing

@testable import ACME

struct IssuanceTests {
    private static let posts = [
        "account", "order", "authorization", "prove-tls", "1", "finalize", "certificate",
    ]

    @Test func `a certificate is got in the order of the standard, and every request is signed properly`() throws {
        let authority = try ScriptedAuthority()
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.failure == nil)
        #expect(outcome.chain == "CHAIN")
        #expect(authority.complaints == [])
        #expect(
            authority.asked == [
                "get directory", "post account", "post order", "post authorization", "post prove-tls",
                "post authorization", "post 1", "post finalize", "post certificate",
            ])
        #expect(
            outcome.presented == [
                ChallengeAnswer(
                    kind: .tlsALPN, host: "a.example", token: "tok",
                    keyAuthorization: "tok.\(authority.account.thumbprint)")
            ])
    }

    @Test func `what is sent says what is wanted`() throws {
        let authority = try ScriptedAuthority()
        var wish = authority.wish(.http)
        wish.email = "me@a.example"
        _ = authority.carryOut(wish)
        #expect(
            authority.payloads["account"]?.text() == #"{"termsOfServiceAgreed":true,"contact":["mailto:me@a.example"]}"#
        )
        #expect(authority.payloads["order"]?.text() == #"{"identifiers":[{"type":"dns","value":"a.example"}]}"#)
        #expect(authority.payloads["prove-http"]?.text() == "{}")
        #expect(
            authority.payloads["finalize"]?["csr"]?.stringValue.flatMap { Base64.decode($0.utf8.span, as: .url) }?.first
                == 0x30)
        #expect(authority.payloads["certificate"] == nil)
    }

    @Test func `a nonce is fetched when none has come by itself`() throws {
        let authority = try ScriptedAuthority()
        let directory = authority.carryOut(authority.wish())  // Only to know how the directory looks.
        #expect(directory.chain != nil)
        let bare = try ScriptedAuthority()
        bare.replies["directory"] = [
            ACMEReply(
                status: 200,
                body: Array(
                    #"{"newNonce":"https://ca.example/nonce","newAccount":"https://ca.example/account","newOrder":"https://ca.example/order"}"#
                        .utf8))
        ]
        #expect(bare.carryOut(bare.wish()).chain == "CHAIN")
        #expect(bare.asked.prefix(3) == ["get directory", "head nonce", "post account"])
        #expect(bare.payloads["account"]?.text() == "{}")
    }

    @Test("a bad nonce is no reason to give up, at any place", arguments: posts)
    func badNonce(place: String) throws {
        let authority = try ScriptedAuthority()
        authority.replies[place] = Array(repeating: ScriptedAuthority.problem("badNonce"), count: 3)
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.chain == "CHAIN")
        #expect(authority.complaints == [])
    }

    @Test func `a server that refuses nonces now and then gets as many tries at each place as at one`() throws {
        let authority = try ScriptedAuthority()
        for place in Self.posts {
            authority.replies[place] = Array(
                repeating: ScriptedAuthority.problem("badNonce"), count: Issuance.maximumBadNonces)
        }
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.chain == "CHAIN")
        #expect(authority.complaints == [])
    }

    @Test("a server that takes no nonce ends it, and a refusal does at any place", arguments: posts)
    func refusals(place: String) throws {
        for problem in ["badNonce", "serverInternal", "malformed", "unheardOf"] {
            let authority = try ScriptedAuthority()
            authority.replies[place] = Array(repeating: ScriptedAuthority.problem(problem), count: 100)
            let outcome = authority.carryOut(authority.wish())
            #expect(outcome.failure?.kind == .refused)
            #expect(outcome.failure?.sentence.contains("words") == true)
            #expect(outcome.steps < 60)
        }
    }

    @Test("an answer that makes no sense ends it, at any place", arguments: ["directory"] + posts.dropLast())
    func nonsense(place: String) throws {
        // The answer to a challenge is not looked at, since what came of it stands elsewhere.
        guard place != "prove-tls" else { return }
        for body in ["", "[]", "nonsense", "{}", #"{"status":7}"#] {
            let authority = try ScriptedAuthority()
            authority.replies[place] = Array(
                repeating: ACMEReply(status: 200, nonce: "n", body: Array(body.utf8)), count: 1_000)
            let outcome = authority.carryOut(authority.wish())
            #expect(outcome.failure != nil, "\(place) \(body)")
            #expect(outcome.chain == nil)
        }
    }

    @Test func `what is proved already is not proved again`() throws {
        let authority = try ScriptedAuthority()
        authority.replies["authorization"] = [ScriptedAuthority.object(["status": "valid"])]
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.chain == "CHAIN")
        #expect(outcome.presented == [])
    }

    @Test func `waiting is as long as the server says, and ends`() throws {
        let authority = try ScriptedAuthority()
        authority.provenStatus = "pending"
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.failure?.kind == .unproven)
        #expect(outcome.waits.reduce(.zero, +) <= Issuance.patience + .seconds(1))
        #expect(outcome.waits.allSatisfy { $0 <= .seconds(5) })

        let slow = try ScriptedAuthority()
        slow.replies["finalize"] = [ScriptedAuthority.object(slow.order("processing"), retryAfter: 7)]
        slow.replies["1"] = [
            ScriptedAuthority.object(slow.order("ready")),
            ScriptedAuthority.object(slow.order("processing"), retryAfter: 100_000),
            ScriptedAuthority.object(slow.order("valid")),
        ]
        let other = slow.carryOut(slow.wish())
        #expect(other.chain == "CHAIN")
        #expect(other.waits.suffix(2) == [.seconds(7), .seconds(60)])
    }

    @Test func `an order that is not ready after all is waited for`() throws {
        let authority = try ScriptedAuthority()
        authority.replies["finalize"] = [ScriptedAuthority.problem("orderNotReady", status: 403)]
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.chain == "CHAIN")
        #expect(authority.asked.filter { $0 == "post finalize" }.count == 2)
    }

    @Test(
        "a proof that failed says what to look at",
        arguments: [
            ("dns", "check its A and AAAA records"), ("connection", "cannot connect to port 443"),
            ("tls", "something else than this program answers"),
            ("unauthorized", "or something else than this program"),
            ("caa", "a CAA record"), ("somethingNew", "does not believe that a.example is ours"),
        ])
    func proofs(type: String, words: String) throws {
        let authority = try ScriptedAuthority()
        let challenges: JSONValue = [
            [
                "type": "tls-alpn-01",
                "error": ["type": .string("urn:ietf:params:acme:error:\(type)"), "detail": "own\u{1b}[31m words\n"],
            ]
        ]
        authority.replies["authorization"] = [
            ScriptedAuthority.object(["status": "invalid", "challenges": challenges])
        ]
        let failure = try #require(authority.carryOut(authority.wish()).failure)
        #expect(failure.kind == .unproven)
        #expect(failure.sentence.contains(words))
        #expect(failure.sentence.hasPrefix("tls-alpn-01: "))
        #expect(failure.sentence.hasSuffix("own [31m words "))
    }

    @Test func `a way that the server does not offer is said, with those that it does`() throws {
        let authority = try ScriptedAuthority()
        authority.replies["authorization"] = [
            ScriptedAuthority.object(["status": "pending", "challenges": [["type": "dns-01"]]])
        ]
        let failure = authority.carryOut(authority.wish(.http)).failure
        #expect(failure?.kind == .unproven)
        #expect(failure?.sentence == "the ACME server does not offer http-01 for a.example, but dns-01")
    }

    @Test func `how long the server wants to be left alone is kept`() throws {
        let authority = try ScriptedAuthority()
        authority.replies["order"] = [ScriptedAuthority.problem("rateLimited", status: 429, retryAfter: 3_600)]
        let failure = authority.carryOut(authority.wish()).failure
        #expect(failure?.retryAfter == 3_600)
        #expect(failure?.sentence.contains("asked too often") == true)
    }

    @Test func `terms that are not agreed to end it before there is an account`() throws {
        let authority = try ScriptedAuthority()
        var wish = authority.wish()
        wish.agreesToTerms = false
        #expect(authority.carryOut(wish).failure?.sentence.contains("https://ca.example/terms") == true)
        #expect(authority.asked == ["get directory"])
    }

    @Test func `an account from elsewhere is asked for, and sent`() throws {
        let authority = try ScriptedAuthority()
        authority.meta["externalAccountRequired"] = true
        #expect(authority.carryOut(authority.wish()).failure?.sentence.contains("--acme_eab_kid") == true)
        var wish = authority.wish()
        wish.external = ExternalAccount(identifier: "kid-1", encodedKey: "c2VjcmV0")
        #expect(authority.carryOut(wish).chain == "CHAIN")
        #expect(authority.payloads["account"]?["externalAccountBinding"]?["signature"] != nil)
    }

    @Test func `a renewal names the certificate that it replaces, and goes on if that is not wanted`() throws {
        let authority = try ScriptedAuthority()
        var wish = authority.wish()
        wish.replaces = "id.serial"
        #expect(authority.carryOut(wish).chain == "CHAIN")
        #expect(authority.payloads["order"]?["replaces"] == nil)

        let modern = try ScriptedAuthority()
        modern.hasRenewalInfo = true
        #expect(modern.carryOut(wish.signed(by: modern)).chain == "CHAIN")
        #expect(modern.payloads["order"]?["replaces"]?.stringValue == "id.serial")
        modern.replies["order"] = [ScriptedAuthority.problem("alreadyReplaced", status: 409)]
        #expect(modern.carryOut(wish.signed(by: modern)).chain == "CHAIN")
        #expect(modern.payloads["order"]?["replaces"] == nil)
    }

    @Test func `an order with more to prove than was asked for is refused`() throws {
        let authority = try ScriptedAuthority()
        let reply = ScriptedAuthority.object([
            "finalize": "https://ca.example/finalize",
            "authorizations": .array(Array(repeating: "https://ca.example/authorization", count: 11)),
        ])
        authority.replies["order"] = [
            ACMEReply(status: 201, nonce: "n", location: "https://ca.example/orders/1", body: reply.body)
        ]
        #expect(authority.carryOut(authority.wish()).failure?.kind == .refused)
    }

    @Test(
        "a token that is no token is refused",
        arguments: ["", "../x", "a/b", "a b", String(repeating: "a", count: 513)])
    func tokens(token: String) throws {
        let authority = try ScriptedAuthority()
        authority.replies["authorization"] = [
            ScriptedAuthority.object([
                "status": "pending",
                "challenges": [
                    ["type": "tls-alpn-01", "url": "https://ca.example/prove-tls", "token": .string(token)]
                ],
            ])
        ]
        let outcome = authority.carryOut(authority.wish())
        #expect(outcome.failure?.kind == .refused)
        #expect(outcome.presented == [])
    }
}

extension Issuance.Wish {
    /// The same, by the account of another server.
    fileprivate func signed(by authority: ScriptedAuthority) -> Issuance.Wish {
        var wish = authority.wish()
        wish.replaces = replaces
        return wish
    }
}
