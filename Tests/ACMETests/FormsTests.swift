import Bytes
import COpenSSL
import Glibc
import JSON
import TestSupport
import Testing
import Transports

@testable import ACME

struct FormsTests {
    @Test func `a key is the same after it was kept`() throws {
        let key = try SigningKey.generate()
        #expect(try SigningKey(pem: key.pem) == key)
        #expect(try SigningKey.generate() != key)
    }

    @Test func `the thumbprint of a known key is the known one`() throws {
        // The private key of RFC 7515, A.3.1; its thumbprint was computed with OpenSSL and sha256sum.
        let key = try SigningKey(pem: Array(knownKey.utf8))
        #expect(Base64.encode(key.x.span, as: .url) == "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
        #expect(Base64.encode(key.y.span, as: .url) == "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
        #expect(key.thumbprint == knownThumbprint)
    }

    @Test(
        "what is no key on P-256 is refused",
        arguments: ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
    func badKeys(pem: String) {
        #expect(throws: ACMEFailure.self) { try SigningKey(pem: Array(pem.utf8)) }
    }

    @Test func `a key of another kind is refused`() {
        let made = TestAuthority().issue(["DNS:a.example"], kind: .rsa)
        #expect(throws: ACMEFailure.self) { try SigningKey(pem: made.key) }
    }

    @Test func `a signature is 64 bytes that the public key verifies`() throws {
        let key = try SigningKey.generate()
        for _ in 0..<50 { #expect(try verifies(key.sign("message"), of: "message", by: key)) }
        #expect(try !verifies(key.sign("message"), of: "another", by: key))
    }

    @Test func `a binding is authenticated by the key that the authority gave out`() throws {
        let external = try #require(ExternalAccount(identifier: "kid-1", encodedKey: "c2VjcmV0"))
        let value = SignedRequest.binding(external, of: try SigningKey.generate(), to: "https://ca.example/new")
        let protected = try #require(value["protected"]?.stringValue)
        let payload = try #require(value["payload"]?.stringValue)
        #expect(try text(protected) == #"{"alg":"HS256","kid":"kid-1","url":"https://ca.example/new"}"#)
        let code = Digest.authenticate("\(protected).\(payload)", with: Array("secret".utf8))
        #expect(value["signature"]?.stringValue == Base64.encode(code.span, as: .url))
    }

    @Test func `codes are those of the standard`() {
        // RFC 4231, 4.3.
        let code = Digest.authenticate("what do ya want for nothing?", with: Array("Jefe".utf8))
        #expect(code.prefix(4) == [0x5b, 0xdc, 0xc1, 0x46])
        #expect(Digest.sha256("abc").prefix(4) == [0xba, 0x78, 0x16, 0xbf])
    }

    @Test func `the name of a certificate in questions about renewal is that of the standard's example`() {
        // RFC 9773, 4.1.
        let identifier: [UInt8] = [
            0x69, 0x88, 0x5b, 0x6b, 0x87, 0x46, 0x40, 0x41, 0xe1, 0xb3, 0x7b, 0x84, 0x7b, 0xa0, 0xae, 0x2c, 0xde, 0x01,
            0xc8, 0xd4,
        ]
        let text = CertificateID.text(keyIdentifier: identifier, serial: [0x00, 0x87, 0x65, 0x43, 0x21])
        #expect(text == "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")
    }

    @Test func `a certificate that does not name its authority's key has no name in questions`() {
        #expect(CertificateID.text(ofFirstIn: TestAuthority().issue(["DNS:a.example"]).chain) == nil)
        #expect(CertificateID.text(ofFirstIn: []) == nil)
    }

    @Test func `a request for a certificate is signed, and for one host`() throws {
        let key = try SigningKey.generate()
        let der = try CertificateRequest.der(for: "a.example", key: key)
        let request = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_X509_REQ(nil, &start, bytes.count)
        }
        defer { X509_REQ_free(request) }
        #expect(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)) == 1)
        #expect(contains(der, Array("a.example".utf8)))
        let isOurs = try key.withKey { EVP_PKEY_eq($0, X509_REQ_get0_pubkey(request)) == 1 }
        #expect(isOurs)
    }

    @Test func `the answer to a challenge names the host and holds the digest`() throws {
        let identity = try ChallengeCertificate.identity(
            for: "a.example", keyAuthorization: "token.thumb", now: time(nil))
        #expect(identity.names == ["a.example"])
    }

    private func text(_ encoded: String) throws -> String {
        let bytes = Base64.decode(encoded.utf8.span, as: .url)
        return String(decoding: try #require(bytes), as: UTF8.self)
    }
}

private let knownKey = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff
    H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp
    7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt
    -----END PRIVATE KEY-----
    """
private let knownThumbprint = "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"

private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
    bytes.indices.contains { bytes[$0...].starts(with: part) }
}

/// Verifies with OpenSSL, which wants the two numbers as ASN.1.
func verifies(_ signature: [UInt8], of message: String, by key: SigningKey) throws -> Bool {
    guard signature.count == 64 else { return false }
    let parts = ECDSA_SIG_new()
    defer { ECDSA_SIG_free(parts) }
    let numbers = signature.withUnsafeBufferPointer { bytes in
        (BN_bin2bn(bytes.baseAddress, 32, nil), BN_bin2bn(bytes.baseAddress?.advanced(by: 32), 32, nil))
    }
    ECDSA_SIG_set0(parts, numbers.0, numbers.1)
    var der: UnsafeMutablePointer<UInt8>?
    let length = i2d_ECDSA_SIG(parts, &der)
    defer { CRYPTO_free(der, nil, 0) }
    return try key.withKey { key in
        let context = EVP_MD_CTX_new()
        defer { EVP_MD_CTX_free(context) }
        EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key)
        let bytes = Array(message.utf8)
        return EVP_DigestVerify(context, der, Int(length), bytes, bytes.count) == 1
    }
}
