internal import Glibc

/// The files that a server's side of TLS is made of. Reading them blocks, so that is for the start of the program and for
/// the `BlockingPool`.
package struct TLSFiles: Sendable, Equatable {
    /// PEM files, each with a certificate and after it those that lead to its authority. The first is for clients that
    /// name nobody.
    package var certificates: [String]
    /// PEM files with their keys, in the same order.
    package var keys: [String]
    /// OCSP responses in DER form, in the same order; there may be fewer.
    package var staples: [String] = []
    /// A PEM file with the authorities of clients, and perhaps their lists of revoked certificates.
    package var clientAuthorities: String?

    package init(certificates: [String], keys: [String]) {
        self.certificates = certificates
        self.keys = keys
    }

    /// What the files held.
    package struct Content: Sendable {
        package let identities: [TLSIdentity]
        package let authorities: [UInt8]?
        /// What an operator should know and need not stop for; sentences without a period.
        package let warnings: [String]
    }

    /// Reads and checks everything.
    ///
    /// - Parameter now: Seconds since 1970.
    /// - Throws: Which file is wrong, and why.
    package func load(now: Int = time(nil)) throws(TLSProblem) -> Content {
        var identities: [TLSIdentity] = []
        var warnings: [String] = []
        for (index, pair) in zip(certificates, keys).enumerated() {
            let chain = try Self.read(pair.0, as: "certificate")
            let key = try Self.read(pair.1, as: "key")
            let staple = index < staples.count ? try Self.read(staples[index], as: "OCSP response") : nil
            let identity = try TLSIdentity(
                chain: chain.bytes, key: key.bytes, staple: staple?.bytes, origin: pair.0, keyOrigin: pair.1, now: now)
            identities.append(identity)
            if key.isForEverybody {
                warnings.append("every user of this machine can read the key in \(pair.1): chmod o-r \(pair.1)")
            }
            if let problem = identity.stapleProblem {
                warnings.append("the OCSP response in \(staples[index]) is not shown: \(problem)")
            }
            if let sentence = identity.expiryWarning(now: now) { warnings.append(sentence) }
        }
        let authorities = try clientAuthorities.map { path throws(TLSProblem) in
            try Self.read(path, as: "client authorities").bytes
        }
        return Content(identities: identities, authorities: authorities, warnings: warnings)
    }

    /// Reads a file with certificates of authorities.
    package static func authorities(in path: String) throws(TLSProblem) -> [UInt8] {
        let bytes = try read(path, as: "authorities").bytes
        guard !PEM.certificates(in: bytes).isEmpty else {
            throw TLSProblem("\(path) holds no certificate in PEM form")
        }
        return bytes
    }

    /// Something that differs whenever one of the files was written or exchanged.
    package func state() -> [String] {
        (certificates + keys + staples + (clientAuthorities.map { [$0] } ?? [])).map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return "\(path) \(errno)" }
            return "\(path) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        }
    }

    private static func read(
        _ path: String, as purpose: String
    ) throws(TLSProblem) -> (bytes: [UInt8], isForEverybody: Bool) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, purpose) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, purpose) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw unreadable(path, purpose) }
            guard count > 0 else { break }
            bytes += piece.prefix(count)
            guard bytes.count <= PEM.maximumSize else {
                throw TLSProblem("the \(purpose) file \(path) is larger than \(PEM.maximumSize) bytes")
            }
        }
        return (bytes, status.st_mode & 0o004 != 0)
    }

    private static func unreadable(_ path: String, _ purpose: String) -> TLSProblem {
        TLSProblem("the \(purpose) file \(path) cannot be read: \(String(cString: strerror(errno)))")
    }
}

extension TLSIdentity {
    private static let day = 86_400

    /// A sentence while the end is near: in the last third of the certificate's life, at most in its last 30 days.
    package func expiryWarning(now: Int) -> String? {
        let life = validity.upperBound - validity.lowerBound
        let left = validity.upperBound - now
        guard left < min(life / 3, 30 * Self.day) else { return nil }
        let days = max(0, left / Self.day)
        return
            "the certificate in \(origin) expires on \(lastDay), in \(days == 1 ? "1 day" : "\(days) days"): renew it"
    }

    /// True in the last week, when a warning is not enough.
    package func isUrgent(now: Int) -> Bool { validity.upperBound - now < 7 * Self.day }
}
