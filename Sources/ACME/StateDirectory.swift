internal import Glibc

/// The folder with keys and certificates. It is for the owner alone, files are replaced as a whole or not at all, and one
/// process at a time asks for certificates. Everything here blocks, so it is for the start of the program and for the
/// `BlockingPool`.
package struct StateDirectory: Sendable, Equatable {
    /// The largest file that is read, in bytes.
    package static let maximumSize = 1 << 20

    package let path: String
    /// The flag that names the folder, for sentences about it.
    private let flag: String

    /// - Parameter flag: Default that of ACME.
    package init(_ path: String, flag: String = "--acme_state_dir") {
        self.path = path
        self.flag = flag
    }

    /// Makes the folder, and those that it lies in.
    ///
    /// - Throws: When it cannot be written to, or others may look into it.
    package func prepare() throws(ACMEFailure) {
        var made = ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty && !path.hasPrefix("/") ? "" : "/") + part
            guard mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR else { continue }
            throw failure("cannot be made: \(made): \(reason())")
        }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw failure("is no folder") }
        guard status.st_mode & 0o077 == 0 || chmod(path, 0o700) == 0 else {
            throw failure("is open to others and not ours to close: chmod 700 \(path)")
        }
        guard access(path, W_OK | X_OK) == 0 else { throw failure("cannot be written to: \(reason())") }
    }

    /// The content of a file. Nil when there is none.
    package func read(_ name: String) throws(ACMEFailure) -> [UInt8]? {
        let descriptor = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw failure("holds \(name), which cannot be read: \(reason())") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw failure("holds \(name), which cannot be read: \(reason())") }
            guard count > 0 else { return bytes }
            bytes += piece.prefix(count)
            guard bytes.count <= Self.maximumSize else { throw failure("holds \(name), which is too large") }
        }
    }

    /// Writes a file so that whoever looks, whenever the machine stops, finds all of the old or all of the new content.
    package func write(_ bytes: [UInt8], to name: String) throws(ACMEFailure) {
        let new = "\(path)/.\(name).new"
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("cannot be written to: \(reason())") }
        var rest = bytes[...]
        var isWritten = true
        while isWritten, !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            isWritten = count > 0
            rest = rest.dropFirst(max(0, count))
        }
        isWritten = isWritten && fsync(descriptor) == 0
        isWritten = close(descriptor) == 0 && isWritten
        guard isWritten, rename(new, "\(path)/\(name)") == 0 else {
            let problem = failure("cannot be written to: \(reason())")
            unlink(new)
            throw problem
        }
        syncFolder()
    }

    /// Takes a file away, if it is there.
    package func remove(_ name: String) { unlink("\(path)/\(name)") }

    /// Something that differs whenever the file was exchanged. Empty without a file.
    package func mark(of name: String) -> String {
        var status = stat()
        guard stat("\(path)/\(name)", &status) == 0 else { return "" }
        return "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
    }

    /// The right to ask for certificates, which one process has at a time. It ends with the process, however that ends.
    ///
    /// - Returns: Nil when another process has it.
    package func lock() throws(ACMEFailure) -> FileLock? {
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("cannot be locked: \(reason())") }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return FileLock(descriptor) }
        let isTaken = errno == EWOULDBLOCK
        let problem = failure("cannot be locked: \(reason())")
        close(descriptor)
        guard isTaken else { throw problem }
        return nil
    }

    /// Without this a rename may be lost with the power.
    private func syncFolder() {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private func reason() -> String { String(cString: strerror(errno)) }

    private func failure(_ what: String) -> ACMEFailure {
        ACMEFailure(.local, "the folder \(path) (\(flag)) \(what)")
    }
}

extension StateDirectory {
    static let accountFile = "account.key"

    /// The key of the account; a new one when there is none.
    func accountKey() throws(ACMEFailure) -> SigningKey {
        guard let pem = try read(Self.accountFile) else {
            let key = try SigningKey.generate()
            try write(key.pem, to: Self.accountFile)
            return key
        }
        do throws(ACMEFailure) {
            return try SigningKey(pem: pem)
        } catch {
            throw ACMEFailure(
                .local,
                "\(path)/\(Self.accountFile) is no key: \(error.sentence); put the right one back, or remove it for a"
                    + " new account")
        }
    }
}

/// A lock that is held until `release`, or until nobody has it any more.
package final class FileLock: Sendable {
    private let descriptor: CInt

    fileprivate init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Lets another process have it.
    package func release() { flock(descriptor, LOCK_UN) }
}
