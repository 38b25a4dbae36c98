internal import CLinux
internal import Glibc

/// Signals as readiness of a loop. From the moment of `init` on they end no process any more.
package final class Signals: ReadinessTarget {
    private let descriptor: FileDescriptor
    private let loop: any EventLoop
    private let handle: (CInt) -> Void
    private var registration: Registration?

    /// Blocks the signals in the calling thread; to be called before any other thread starts, which inherits that.
    package static func block(_ signals: [CInt]) {
        var set = sigset(of: signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// - Parameter handle: Called on the loop with the number of each signal that arrives.
    package init(_ signals: [CInt], on loop: any EventLoop, handle: @escaping (CInt) -> Void) throws(SystemError) {
        var set = Self.sigset(of: signals)
        descriptor = FileDescriptor(
            owning: try systemCall("signalfd") { signalfd(-1, &set, CInt(SFD_NONBLOCK | SFD_CLOEXEC)) })
        self.loop = loop
        self.handle = handle
        registration = try loop.observe(descriptor.raw, self)
    }

    package func ready(_ readiness: Readiness) {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        while read(descriptor.raw, &info, size) == size { handle(CInt(info.ssi_signo)) }
    }

    private static func sigset(of signals: [CInt]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
