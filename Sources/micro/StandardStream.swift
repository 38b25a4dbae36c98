import Glibc

/// Standard output or standard error.
struct StandardStream: Sendable {
    private let descriptor: CInt

    static let output = StandardStream(descriptor: STDOUT_FILENO)
    static let error = StandardStream(descriptor: STDERR_FILENO)

    /// True when someone looks at it as it comes.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Writes the whole text; lines up to a page long do not mix with those of other threads or processes. It waits for
    /// a slow reader, and gives up when there is none.
    func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes all the bytes.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written == 0 {
                return
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&ready, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
