internal import CLinux
internal import Glibc

/// Signals as readiness of a loop. There may be one of these in a process; from its `init` on, the signals named end
/// nothing any more.
package final class Signals: ReadinessTarget {
    private let readEnd: FileDescriptor
    private let writeEnd: FileDescriptor
    private let handle: (CInt) -> Void

    /// - Parameter handle: Called on the loop with the number of each signal that arrives.
    package init(_ signals: [CInt], on loop: any EventLoop, handle: @escaping (CInt) -> Void) throws(SystemError) {
        var ends: [CInt] = [0, 0]
        _ = try systemCall("pipe2") { clinux_pipe(&ends) }
        readEnd = FileDescriptor(owning: ends[0])
        writeEnd = FileDescriptor(owning: ends[1])
        self.handle = handle
        _ = try loop.observe(readEnd.raw, self)
        let target = writeEnd.raw
        for signal in signals {
            _ = try systemCall("sigaction") { clinux_redirect_signal(signal, target) }
        }
    }

    package func ready(_ readiness: Readiness) {
        var number: UInt8 = 0
        while read(readEnd.raw, &number, 1) == 1 { handle(CInt(number)) }
    }

    /// Makes writing to a closed connection an error instead of the end of the process.
    package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}

/// How many processors this process may run on; at least 1.
package var processorCount: Int { Int(clinux_processor_count()) }
