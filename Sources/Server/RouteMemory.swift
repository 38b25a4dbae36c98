internal import Gateway
internal import HTTP

/// Routes by method, host and path: a table with one place for each hash value. What falls on a place that is taken
/// replaces what was there, if it was asked for twice in a row: paths with an identifier in them, which come once, cost no
/// memory and leave in their places those that come often.
struct RouteMemory {
    private static let size = 1_024
    /// Longer paths and hosts are not worth the memory.
    private static let maximumLength = 256

    private struct Entry {
        let method: Method
        let host: [UInt8]
        let path: [UInt8]
        let route: Route
    }

    private var entries: [Entry?] = []
    /// Of what was decided last for each place, a part of its hash value.
    private var marks: [UInt32] = []

    func route(of head: borrowing RequestHead) -> Route? {
        guard !entries.isEmpty else { return nil }
        let host = head.authoritySpan
        let path = head.routedSpan
        guard let entry = entries[Self.place(of: Self.hash(host, path))], entry.method == head.method,
            entry.path.span.isIdentical(toBytesOf: path), entry.host.span.isIdentical(toBytesOf: host)
        else { return nil }
        return entry.route
    }

    mutating func remember(_ route: Route, of head: borrowing RequestHead) {
        let host = head.authoritySpan
        let path = head.routedSpan
        guard host.count <= Self.maximumLength, path.count <= Self.maximumLength else { return }
        if entries.isEmpty {
            entries = [Entry?](repeating: nil, count: Self.size)
            marks = [UInt32](repeating: 0, count: Self.size)
        }
        let hash = Self.hash(host, path)
        let (place, mark) = (Self.place(of: hash), UInt32(truncatingIfNeeded: hash >> 32))
        guard marks[place] == mark else { return marks[place] = mark }
        entries[place] = Entry(method: head.method, host: host.copy, path: path.copy, route: route)
    }

    /// FNV-1a. Whoever makes paths collide only makes us decide anew.
    private static func hash(_ host: Span<UInt8>, _ path: Span<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in path.indices { hash = (hash ^ UInt64(path[index])) &* 0x100_0000_01b3 }
        for index in host.indices { hash = (hash ^ UInt64(host[index])) &* 0x100_0000_01b3 }
        return hash
    }

    private static func place(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: (hash ^ (hash >> 32)) & UInt64(size - 1))
    }
}

extension Span<UInt8> {
    fileprivate var copy: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { target, used in
            for index in indices { target.initializeElement(at: index, to: self[index]) }
            used = count
        }
    }

    fileprivate func isIdentical(toBytesOf other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
