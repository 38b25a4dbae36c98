import Bytes
import COpenSSL
import Gateway
import Testing

@testable import AuthProviders

@Suite("JSON web tokens")
struct JSONWebTokenTests {
    private static let claims = #"{"sub":"joe","iss":"go.micro","scopes":["user","ops"],"exp":2000}"#

    private func read(_ token: String, key: TestKey = .shared) throws -> JSONWebToken {
        try JSONWebToken(token, signedBy: #require(OpenSSLKey(key.pem)))
    }

    private func problem(_ token: String, key: TestKey = .shared) throws -> String? {
        let key = try #require(OpenSSLKey(key.pem))
        do throws(BadToken) {
            _ = try JSONWebToken(token, signedBy: key)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("A token says whose it is")
    func tellsTheAccount() throws {
        let token = try read(TestKey.shared.token(Self.claims))
        #expect(token.account == Account(id: "joe", issuer: "go.micro", scopes: ["user", "ops"]))
    }

    @Test("Scopes may also be one text, as OAuth writes them")
    func readsOAuthScopes() throws {
        let token = try read(TestKey.shared.token(#"{"sub":"joe","iss":"a","scope":"user ops"}"#))
        #expect(token.account.scopes == ["user", "ops"])
    }

    @Test(
        "A token holds from its beginning to its end",
        arguments: [
            (#"{"sub":"a","exp":1000}"#, 999, nil), (#"{"sub":"a","exp":1000}"#, 1_000, "has expired"),
            (#"{"sub":"a","exp":1000.5}"#, 999, nil), (#"{"sub":"a","exp":1e3}"#, 1_000, "has expired"),
            (#"{"sub":"a","exp":0}"#, 0, "has expired"), (#"{"sub":"a","exp":-5}"#, 0, "has expired"),
            (#"{"sub":"a"}"#, 1_000_000, nil), (#"{"sub":"a","exp":null}"#, 5, nil),
            (#"{"sub":"a","nbf":1000}"#, 969, "is not good yet"), (#"{"sub":"a","nbf":1000}"#, 970, nil),
        ] as [(String, Int, String?)])
    func holdsForATime(claims: String, now: Int, problem: String?) throws {
        #expect(try read(TestKey.shared.token(claims)).problem(at: now)?.reason == problem)
    }

    @Test(
        "Claims that make no sense are no claims",
        arguments: [
            (#"{}"#, "names no account (sub)"), (#"{"sub":""}"#, "names no account (sub)"),
            (#"{"sub":5}"#, "names no account (sub)"), (#"{"sub":"a\nb"}"#, "names no account (sub)"),
            (#"{"sub":"a","exp":"soon"}"#, "has a moment that is none (exp)"),
            (#"{"sub":"a","exp":1e300}"#, "has a moment that is none (exp)"),
            (#"{"sub":"a","nbf":{}}"#, "has a moment that is none (nbf)"),
            (#"["sub"]"#, "is no JWT"), (#"{"sub":"a""#, "is no JWT"), ("", "is no JWT"),
        ])
    func refusesClaims(claims: String, reason: String) throws {
        #expect(try problem(TestKey.shared.token(claims)) == reason)
    }

    @Test(
        "A token does not choose how it is checked",
        arguments: [
            (#"{"alg":"none"}"#, "is not signed with RS256"), (#"{"alg":"HS256"}"#, "is not signed with RS256"),
            (#"{"alg":"RS512"}"#, "is not signed with RS256"), (#"{"alg":"rs256"}"#, "is not signed with RS256"),
            (#"{"alg":["RS256"]}"#, "is not signed with RS256"), (#"{}"#, "is not signed with RS256"),
            (#"{"alg":"RS256","crit":["exp"]}"#, "needs extensions that nobody here knows"), ("nonsense", "is no JWT"),
        ])
    func refusesAlgorithms(head: String, reason: String) throws {
        #expect(try problem(TestKey.shared.token(Self.claims, head: head)) == reason)
    }

    @Test("The public key is no secret, so what is signed with it as one is worth nothing")
    func refusesConfusedAlgorithms() throws {
        let head = TestKey.encode(Array(#"{"alg":"HS256"}"#.utf8))
        let signed = "\(head).\(TestKey.encode(Array(Self.claims.utf8)))"
        let key = TestKey.shared.pem
        let text = Array(signed.utf8)
        var code = [UInt8](repeating: 0, count: 32)
        var length: CUnsignedInt = 32
        HMAC(EVP_sha256(), key, CInt(key.count), text, text.count, &code, &length)
        #expect(try problem("\(signed).\(TestKey.encode(code))") == "is not signed with RS256")
    }

    @Test("Somebody else's signature is none")
    func refusesOtherKeys() throws {
        #expect(try problem(TestKey.other.token(Self.claims)) == "has a signature of somebody else")
    }

    @Test("A token that ends early is none, wherever it ends")
    func refusesCutTokens() throws {
        let token = TestKey.shared.token(Self.claims)
        let key = try #require(OpenSSLKey(TestKey.shared.pem))
        for length in 0..<token.utf8.count {
            #expect(throws: BadToken.self) { try JSONWebToken(String(token.prefix(length)), signedBy: key) }
        }
    }

    @Test("A token of which one character is another is none")
    func refusesChangedTokens() throws {
        let token = Array(TestKey.shared.token(Self.claims).utf8)
        let key = try #require(OpenSSLKey(TestKey.shared.pem))
        for place in token.indices {
            var other = token
            other[place] = other[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: BadToken.self) { try JSONWebToken(String(decoding: other, as: UTF8.self), signedBy: key) }
        }
    }

    @Test("A signature has one form", arguments: ["=", "\n", "==", ".", " "])
    func refusesOtherForms(ending: String) throws {
        #expect(try problem(TestKey.shared.token(Self.claims) + ending) == "is no JWT")
    }

    @Test("The claims of a token that nobody signed are not looked at")
    func checksSignaturesFirst() throws {
        let parts = TestKey.shared.token("no claims").split(separator: ".")
        let other = TestKey.shared.token(Self.claims).split(separator: ".")
        #expect(try problem("\(parts[0]).\(parts[1]).\(other[2])") == "has a signature of somebody else")
    }
}

@Suite("Public keys")
struct PublicKeyTests {
    private func reason(_ make: () throws(BadKey) -> PublicKey) -> String? {
        do throws(BadKey) {
            _ = try make()
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("A key is PEM, a certificate, or Base64 of either")
    func readsAllForms() {
        for pem in [TestKey.shared.pem, TestKey.shared.certificate] {
            #expect(reason { () throws(BadKey) in try PublicKey(pem: pem) } == nil)
            #expect(reason { () throws(BadKey) in try PublicKey(text: String(decoding: pem, as: UTF8.self)) } == nil)
            #expect(reason { () throws(BadKey) in try PublicKey(text: Base64.encode(pem.span)) } == nil)
        }
    }

    @Test("A key that is short, or none, is told apart")
    func refusesOthers() {
        let short = TestKey(bits: 1_024).pem
        #expect(reason { () throws(BadKey) in try PublicKey(pem: short) } == "has 1024 bits, and needs 2048")
        #expect(reason { () throws(BadKey) in try PublicKey(text: "$$$") } == "is neither PEM nor Base64 of that")
        for text in ["", "YWJj", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"] {
            let words = "is no public key in PEM (BEGIN PUBLIC KEY), and no certificate"
            #expect(reason { () throws(BadKey) in try PublicKey(text: text) } == words)
        }
    }
}

@Suite("Provider of JWT")
struct JWTProviderTests {
    @Test("A token that was good is refused once it has expired, however often it was seen")
    func looksAtTheClock() throws {
        var now = 100
        let provider = JWTProvider(try PublicKey(pem: TestKey.shared.pem)) { now }
        let token = TestKey.shared.token(#"{"sub":"joe","iss":"go.micro","exp":200}"#)
        let joe = TokenAnswer.account(Account(id: "joe", issuer: "go.micro"))
        #expect(provider.account(of: token, in: "go.micro") == joe)
        now = 199
        #expect(provider.account(of: token, in: "go.micro") == joe)
        now = 200
        #expect(provider.account(of: token, in: "go.micro") == .refused("has expired"))
        #expect(provider.account(of: "nonsense", in: "go.micro") == .refused("is no JWT"))
    }
}
