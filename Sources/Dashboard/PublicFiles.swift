internal import Glibc
internal import HTTP
internal import Reactor

/// Where the dashboard's pages come from.
package enum PublicFiles: Sendable, Equatable {
    /// From the program itself.
    case embedded
    /// From a directory, read anew for each request, so that a change shows at the next reload. The flag
    /// `--public_dir`. Links may point to other places below the directory, but not out of it.
    case directory(String)

    /// A larger file in a directory is not served.
    package static let maximumSize = 1_048_576

    /// The file for a path as it was sent, percent-encoded and with its leading slash. `/` is `index.html`, and
    /// `/favicon.ico` is the icon where there is no such file. Nil when there is none, or it may not be served.
    nonisolated(nonsending) package func file(for path: String) async -> PublicFile? {
        guard let name = Self.name(for: path) else { return nil }
        switch self {
        case .embedded: return Self.withIcon(name) { PublicFile.embedded[$0] }
        case .directory(let directory):
            // Disks block, so this leaves the loop. A full queue looks like a missing file; a reload tries again.
            return await BlockingPool.shared.run { Self.withIcon(name) { Self.read($0, in: directory) } } ?? nil
        }
    }

    private static func withIcon(_ name: String, _ find: (String) -> PublicFile?) -> PublicFile? {
        find(name) ?? (name == "favicon.ico" ? find("icon.svg") : nil)
    }

    /// The path below the directory; nil for one that could mean anything else. Split first, decoded once, and judged
    /// after that, so that an encoded slash, dot or NUL gains nothing.
    static func name(for path: String) -> String? {
        if path == "/" { return "index.html" }
        guard path.hasPrefix("/") else { return nil }
        var segments: [String] = []
        for encoded in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            // A leading dot covers `.` and `..`, and keeps files to itself that editors and tools hide.
            guard let segment = PercentEncoding.decode(String(encoded)), !segment.isEmpty, !segment.hasPrefix("."),
                segment.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != 0x2f && $0 != 0x5c })
            else { return nil }
            segments.append(segment)
        }
        return segments.joined(separator: "/")
    }

    // MARK: The disk

    /// Reads a regular file below the directory. Blocks.
    static func read(_ name: String, in directory: String) -> PublicFile? {
        guard let root = realPath(directory), let path = realPath("\(directory)/\(name)") else { return nil }
        guard path.hasPrefix(root.hasSuffix("/") ? root : root + "/") else { return nil }
        // The path has no links any more. One that appears now is refused, and a pipe does not keep us waiting.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        let owner = FileDescriptor(owning: descriptor)
        var facts = stat()
        guard fstat(owner.raw, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= maximumSize else {
            return nil
        }
        return contents(of: owner.raw).map { PublicFile(name: name, bytes: $0) }
    }

    /// Nil when the file cannot be read, or has grown too large meanwhile.
    private static func contents(of descriptor: CInt) -> [UInt8]? {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0, bytes.count + count <= maximumSize else { return nil }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
