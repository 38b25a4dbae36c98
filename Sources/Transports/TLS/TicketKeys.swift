internal import COpenSSL
internal import Glibc
internal import Synchronization

/// The keys with which session tickets are encrypted (RFC 5077, 4; RFC 8446, 4.6.1). All loops share them, so a client may
/// come back to any, and they outlive certificates that are replaced.
///
/// They exist in memory only: a ticket of an earlier process is not taken, and its client makes a full handshake.
package final class TicketKeys: Sendable {
    /// How long a key makes new tickets. It opens the tickets that it made for as long again.
    package static let lifetime = Duration.seconds(12 * 3_600)

    private struct Key {
        let name: [UInt8]
        let encryption: [UInt8]
        let authentication: [UInt8]
        let born: ContinuousClock.Instant
    }

    /// The newest first; two at most.
    private let keys = Mutex<[Key]>([])
    private let now: @Sendable () -> ContinuousClock.Instant
    /// Found once: finding an algorithm by its name costs more than using it.
    private let cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil).map { LibraryObject.cipher($0) }

    /// - Parameter now: The clock; tests have their own.
    package init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.now = now }

    static let nameLength = 16
    static let vectorLength = 16

    /// What OpenSSL's callback is to return.
    enum Verdict {
        static let failed: CInt = -1
        static let unknown: CInt = 0
        static let good: CInt = 1
        /// The ticket is good, and its client should get one of the newest key.
        static let old: CInt = 2
    }

    /// Prepares the encryption of a new ticket, and writes the name of the key and the vector.
    func seal(
        _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ encryption: OpaquePointer,
        _ authentication: OpaquePointer
    ) -> CInt {
        guard let cipher, let key = newest() else { return Verdict.failed }
        guard RAND_bytes(vector, CInt(Self.vectorLength)) == 1 else { return Verdict.failed }
        name.update(from: key.name, count: Self.nameLength)
        guard EVP_EncryptInit_ex(encryption, cipher.pointer, nil, key.encryption, vector) == 1,
            copenssl_set_ticket_mac(authentication, key.authentication, key.authentication.count) == 1
        else { return Verdict.failed }
        return Verdict.good
    }

    /// Prepares the decryption of a ticket that a client has shown.
    func open(
        _ name: UnsafePointer<UInt8>, _ vector: UnsafePointer<UInt8>, _ encryption: OpaquePointer,
        _ authentication: OpaquePointer
    ) -> CInt {
        let wanted = Array(UnsafeBufferPointer(start: name, count: Self.nameLength))
        let found = keys.withLock { keys in
            discardOld(&keys)
            return keys.firstIndex { $0.name == wanted }.map { (key: keys[$0], isNewest: $0 == 0) }
        }
        guard let found, let cipher else { return Verdict.unknown }
        guard copenssl_set_ticket_mac(authentication, found.key.authentication, found.key.authentication.count) == 1,
            EVP_DecryptInit_ex(encryption, cipher.pointer, nil, found.key.encryption, vector) == 1
        else { return Verdict.failed }
        return found.isNewest && now() - found.key.born < Self.lifetime ? Verdict.good : Verdict.old
    }

    private func newest() -> Key? {
        keys.withLock { keys in
            discardOld(&keys)
            if let first = keys.first, now() - first.born < Self.lifetime { return first }
            guard let key = makeKey() else { return nil }
            keys = [key] + keys.prefix(1)
            return key
        }
    }

    private func discardOld(_ keys: inout [Key]) {
        let now = now()
        keys.removeAll { now - $0.born >= Self.lifetime * 2 }
    }

    private func makeKey() -> Key? {
        guard let name = Self.random(Self.nameLength), let encryption = Self.random(32),
            let authentication = Self.random(32)
        else { return nil }
        return Key(name: name, encryption: encryption, authentication: authentication, born: now())
    }

    private static func random(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return RAND_priv_bytes(&bytes, CInt(count)) == 1 ? bytes : nil
    }
}
