internal import CLinux
internal import Glibc

/// The kernel's readiness queue. The only file that says epoll.
struct Poller: ~Copyable {
    private let epoll: FileDescriptor
    private var events: [epoll_event]

    /// The name of the loop's own eventfd in the queue. No slot is ever this large.
    static let inbox = UInt64.max

    init() throws(SystemError) {
        epoll = FileDescriptor(owning: try systemCall("epoll_create1") { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        events = [epoll_event](repeating: epoll_event(), count: 256)
    }

    /// Starts to observe, edge-triggered, in both directions.
    func add(_ descriptor: CInt, name: UInt64) throws(SystemError) {
        var event = epoll_event()
        event.events =
            EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        event.data.u64 = name
        _ = try systemCall("epoll_ctl") { epoll_ctl(epoll.raw, EPOLL_CTL_ADD, descriptor, &event) }
    }

    /// Ends the observation. A descriptor that is already closed is no error.
    func remove(_ descriptor: CInt) {
        var event = epoll_event()
        _ = epoll_ctl(epoll.raw, EPOLL_CTL_DEL, descriptor, &event)
    }

    /// Waits for events, no longer than the milliseconds given (-1: without limit). Returns how many there are.
    mutating func wait(milliseconds: CInt) -> Int {
        let count = events.withUnsafeMutableBufferPointer {
            epoll_wait(epoll.raw, $0.baseAddress, CInt($0.count), milliseconds)
        }
        return max(0, Int(count))  // Only EINTR can fail here, and it is no event.
    }

    /// One of the events of the last wait.
    @inline(__always)
    func event(_ index: Int) -> (name: UInt64, readiness: Readiness) {
        let bits = events[index].events
        var readiness: Readiness = []
        if bits & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
        if bits & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
        if bits & EPOLLRDHUP.rawValue != 0 { readiness.formUnion([.readable, .peerFinished]) }
        if bits & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
            readiness.formUnion([.readable, .writable, .broken])
        }
        return (events[index].data.u64, readiness)
    }
}
