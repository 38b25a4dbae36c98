package import Bytes
internal import CLinux
internal import Glibc
package import Reactor

/// A connected TCP socket.
///
/// Readiness is edge-triggered: a read that filled less than it could, and a write that took less than it got, prove that
/// the kernel has nothing more, so the next system call is spared until the kernel says otherwise.
package final class TCPChannel: Channel, ReadinessTarget {
    package var wakeup: Wakeup?
    private let loop: any EventLoop
    private let descriptor: CInt
    private var registration: Registration?
    private var mayRead = true
    private var mayWrite = true
    package private(set) var hasPeerFinished = false
    package private(set) var isBroken = false

    /// Takes over a connected, non-blocking socket.
    package init(owning descriptor: consuming FileDescriptor, on loop: any EventLoop) throws(SystemError) {
        self.descriptor = descriptor.release()
        self.loop = loop
        do throws(SystemError) {
            registration = try loop.observe(self.descriptor, self)
        } catch {
            Glibc.close(self.descriptor)
            isBroken = true
            throw error
        }
    }

    deinit { close() }

    package func ready(_ readiness: Readiness) {
        if readiness.contains(.readable) { mayRead = true }
        if readiness.contains(.writable) { mayWrite = true }
        if readiness.contains(.peerFinished) { hasPeerFinished = true }
        if readiness.contains(.broken) { isBroken = true }
        wakeup?.fire()
    }

    package var isReadable: Bool { mayRead }

    package func tryRead(into buffer: inout ByteBuffer, atMost limit: Int) throws(ChannelError) -> Int? {
        guard registration != nil else { throw .closed }
        guard mayRead else { return nil }
        let descriptor = descriptor
        let count = buffer.write(atMost: limit) { room in
            systemTransfer { recv(descriptor, room.baseAddress, room.count, 0) }
        }
        return try judge(received: count, of: limit)
    }

    package func tryReceive(into room: UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int? {
        guard registration != nil else { throw .closed }
        guard mayRead else { return nil }
        let count = systemTransfer { recv(descriptor, room.baseAddress, room.count, 0) }
        return try judge(received: count, of: room.count)
    }

    @inline(__always)
    private func judge(received count: Int, of limit: Int) throws(ChannelError) -> Int? {
        guard count >= 0 else {
            guard count == -Int(EAGAIN) else { throw ChannelError(SystemError(CInt(-count), in: "recv")) }
            mayRead = false
            return nil
        }
        if count < limit, count > 0, !hasPeerFinished, !isBroken { mayRead = false }
        return count
    }

    package func tryWrite(_ buffer: inout ByteBuffer) throws(ChannelError) -> Bool {
        if buffer.isEmpty { return true }
        guard registration != nil else { throw .closed }
        guard mayWrite else { return false }
        let length = buffer.count
        let descriptor = descriptor
        let sent = buffer.span.withUnsafeBytes { bytes in
            systemTransfer { send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) }
        }
        guard sent >= 0 || sent == -Int(EAGAIN) else { throw ChannelError(SystemError(CInt(-sent), in: "send")) }
        buffer.consume(max(0, sent))
        if sent == length { return true }
        mayWrite = false
        return false
    }

    package func trySend(_ bytes: UnsafeRawBufferPointer) throws(ChannelError) -> Int {
        guard registration != nil else { throw .closed }
        guard mayWrite else { return 0 }
        let sent = systemTransfer { send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) }
        guard sent >= 0 || sent == -Int(EAGAIN) else { throw ChannelError(SystemError(CInt(-sent), in: "send")) }
        if sent < bytes.count { mayWrite = false }
        return max(0, sent)
    }

    package func finish() {
        if registration != nil { shutdown(descriptor, CInt(SHUT_WR)) }
    }

    package func close() {
        guard let registration else { return }
        self.registration = nil
        isBroken = true
        loop.ignore(registration, descriptor)
        Glibc.close(descriptor)
    }

    /// The error of a connect that has come to its end, 0 when it succeeded.
    fileprivate var connectResult: CInt {
        var number: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length)
        return number
    }

    /// After connect has returned without an end: nothing is possible before the next event.
    fileprivate func awaitConnect() { (mayRead, mayWrite) = (false, false) }

    fileprivate var isConnecting: Bool { !mayWrite && !isBroken }
}

extension ChannelError {
    package init(_ error: SystemError) {
        switch error.number {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, EPIPE, ENOTCONN, ECONNABORTED: self = .closed
        case ETIMEDOUT: self = .timedOut
        default: self = .system(error)
        }
    }
}

/// Connects TCP sockets.
package struct TCPTransport: Transport {
    package init() {}

    nonisolated(nonsending) package func connect(
        to address: Address, on loop: any EventLoop, wakeup: Wakeup, until deadline: Deadline
    ) async throws(ChannelError) -> any Channel {
        let channel: TCPChannel
        do throws(SystemError) {
            channel = try Self.start(address, on: loop)
        } catch {
            throw ChannelError(error)
        }
        channel.wakeup = wakeup
        while channel.isConnecting {
            if deadline.hasExpired {
                channel.close()
                throw .timedOut
            }
            await wakeup.wait()
        }
        let number = channel.connectResult
        guard number == 0 else {
            channel.close()
            throw ChannelError(SystemError(number, in: "connect"))
        }
        return channel
    }

    private static func start(_ address: Address, on loop: any EventLoop) throws(SystemError) -> TCPChannel {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = FileDescriptor(owning: try systemCall("socket") { socket(family, type, 0) })
        let raw = descriptor.raw
        setOption(raw, IPPROTO_TCP, TCP_NODELAY, 1)
        noticeVanishedPeers(raw)
        let isConnected: Bool
        do throws(SystemError) {
            _ = try systemCall("connect") { address.withSocketAddress { Glibc.connect(raw, $0, $1) } }
            isConnected = true
        } catch {
            guard error.number == EINPROGRESS else { throw error }
            isConnected = false
        }
        let channel = try TCPChannel(owning: descriptor, on: loop)
        if !isConnected { channel.awaitConnect() }
        return channel
    }
}

/// Sets a whole-number option of a socket. A kernel that refuses one goes on without.
func setOption(_ descriptor: CInt, _ level: some BinaryInteger, _ option: CInt, _ value: CInt) {
    var value = value
    setsockopt(descriptor, CInt(level), option, &value, socklen_t(MemoryLayout<CInt>.size))
}

/// Lets the kernel ask a silent peer whether it is still there, after one minute and for another one: a tunnel may be
/// silent for long, and a machine that is switched off says no goodbye.
func noticeVanishedPeers(_ descriptor: CInt) {
    setOption(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1)
    setOption(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 60)
    setOption(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 15)
    setOption(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 4)
}
