import Glibc
import TestSupport
import Testing
import Transports

struct TLSIdentityTests {
    private let authority = TestAuthority()

    @Test func `a pair tells its names, its kind and its last day`() throws {
        let ecdsa = try authority.identity(["DNS:A.example", "DNS:*.b.example", "IP:127.0.0.1"])
        #expect(ecdsa.names == ["a.example", "*.b.example", "127.0.0.1"])
        #expect(ecdsa.kind == "ECDSA")
        #expect(ecdsa.lastDay.count == 10)
        let rsa = try authority.identity([], kind: .rsa, subject: "Only.Common")
        #expect(rsa.names == ["only.common"])
        #expect(rsa.kind == "RSA")
    }

    /// Pairs that cannot be used, each with a part of what is said about it.
    enum BadPair: String, CaseIterable, Sendable {
        case noCertificate = "cert.pem holds no certificate in PEM form"
        case noKey = "key.pem: it holds no private key in PEM form"
        case otherKey = "the key in key.pem does not belong to the first certificate in cert.pem"
        case expired = "the certificate in cert.pem has expired on "
        case future = "the certificate in cert.pem is not valid before "
        case cutKey = "key.pem: its private key cannot be read"
        case lockedKey = "key.pem: its key is protected by a passphrase"
        case authorityFirst = "the key in key.pem does not belong to the first certificate"
    }

    @Test("a pair that cannot be used is refused with the file and the reason", arguments: BadPair.allCases)
    func refuses(bad: BadPair) {
        let good = authority.issue(["DNS:a.example"])
        let pair: (chain: [UInt8], key: [UInt8]) =
            switch bad {
            case .noCertificate: (good.key, good.key)
            case .noKey: (good.chain, good.chain)
            case .otherKey: (good.chain, authority.issue(["DNS:a.example"]).key)
            case .expired: parts(authority.issue(["DNS:a.example"], from: -7_200, to: -3_600))
            case .future: parts(authority.issue(["DNS:a.example"], from: 3_600, to: 7_200))
            case .cutKey: (good.chain, cut(good.key))
            case .lockedKey: (good.chain, Array("-----BEGIN ENCRYPTED PRIVATE KEY-----\n".utf8))
            case .authorityFirst: (authority.pem + good.chain, good.key)
            }
        let problem = #expect(throws: TLSProblem.self) {
            try TLSIdentity(
                chain: pair.chain, key: pair.key, origin: "cert.pem", keyOrigin: "key.pem", now: TLSRig.now)
        }
        #expect(problem?.sentence.hasPrefix(bad.rawValue) == true, "\(problem?.sentence ?? "nothing")")
    }

    private func parts(_ made: TestAuthority.Certificate) -> ([UInt8], [UInt8]) { (made.chain, made.key) }

    /// Damages the middle of a PEM block.
    private func cut(_ key: [UInt8]) -> [UInt8] {
        var key = key
        key.removeSubrange(40..<60)
        return key
    }

    @Test func `what is no OCSP response is not shown, and the reason is told`() throws {
        let made = authority.issue(["DNS:a.example"])
        let identity = try TLSIdentity(
            chain: made.chain, key: made.key, staple: Array("nonsense".utf8), origin: "c", keyOrigin: "k",
            now: TLSRig.now)
        #expect(identity.stapleProblem?.hasPrefix("it is no OCSP response in DER form") == true)
    }

    @Test(
        "an end that is near is told in the last third of the certificate's life",
        arguments: [(3_000, nil), (-63_000, nil), (-66_000, "in 0 days")] as [(Int, String?)])
    func warns(elapsed: Int, words: String?) throws {
        // A life of 27 hours, of which the last 9 are the last third.
        let identity = try TestAuthority.identity(authority.issue(["DNS:a"], from: -10_800, to: 86_400))
        let warning = identity.expiryWarning(now: TLSRig.now - min(elapsed, 0))
        #expect(warning?.contains(words ?? "") ?? (words == nil))
    }
}
