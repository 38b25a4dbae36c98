import Bytes

/// The versions of HTTP that a message may have come in. Each decides what a missing `Connection` means, among other
/// things.
package enum Version: Sendable {
    case http10, http11, http2
}

/// The head of a request: what is asked for, and the fields.
///
/// A head that is parsed into again keeps its memory. Text properties make a new `String` at each call; code that
/// runs for every request reads the spans instead.
package struct RequestHead: Sendable {
    package var method: Method
    /// The client's version: what it understands, and what a missing `Connection` means.
    package var version: Version
    package var fields: HeaderFields

    /// The target as received, after it a slash to which the path of `http://host` points, and the path to decide by where
    /// that is another.
    private var line = ByteBuffer()
    private var parts = TargetParts()
    private var targetLength = 0

    /// A head for clients, tests and requests that a program makes. Blanks and control bytes in the target become
    /// `%20`; nothing else is checked. `authority` becomes the first `Host` field, unless there is one or it is empty.
    package init(
        method: Method = .get,
        target: String = "/",
        authority: String = "localhost",
        version: Version = .http11,
        fields: HeaderFields = HeaderFields()
    ) {
        self.method = method
        self.version = version
        self.fields = HeaderFields()
        if !authority.isEmpty, !fields.contains(.host) {
            self.fields.append(.host, authority)
            self.fields.append(contentsOf: fields)
        } else {
            self.fields = fields
        }
        for byte in target.utf8 {
            if byte <= .space || byte == 0x7f { line.append("%20") } else { line.append(byte) }
        }
        targetLength = line.count
        line.append(UInt8.slash)
        parts = TargetParts(splitting: line.span.extracting(0..<targetLength), method: method)
    }

    /// Gives memory back that one unusual request needed, and forgets the request. For connections that go idle.
    ///
    /// - Parameter limit: What may be kept, in bytes. Default 4,096.
    package mutating func releaseMemory(above limit: Int = 4_096) {
        if line.capacity + fields.capacity > limit { self = RequestHead(authority: "") }
    }

    /// Starts again with this first line, and keeps the memory.
    @inline(__always)
    mutating func restart(method: Method, target: Span<UInt8>, parts: TargetParts, version: Version) {
        self.method = method
        self.version = version
        self.parts = parts
        line.removeAll()
        line.append(target)
        line.append(UInt8.slash)
        targetLength = target.count
        fields.removeAll(keepingCapacity: true)
    }

    /// The request target as received: `/path?query`, `http://host/path?query`, `host:port` or `*`.
    package var target: String { String(targetSpan) }

    /// The target's bytes, as received.
    package var targetSpan: Span<UInt8> {
        @_lifetime(borrow self)
        get { line.span.extracting(0..<targetLength) }
    }

    /// The path, still percent-encoded, whatever the form of the target: `*` for `OPTIONS *`, `/` for a target
    /// `http://host`, and empty only for CONNECT.
    package var path: String { String(pathSpan) }

    /// The path's bytes; see `path`.
    package var pathSpan: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always) get { line.span.extracting(parts.path) }
    }

    /// Whether the target is `http://host` without even a slash.
    var lacksPath: Bool { parts.path.lowerBound == targetLength }

    /// The path by which it is decided whom the request is for: the received one, unless `decide(by:)` gave another.
    package var routedSpan: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always) get { line.span.extracting(parts.routed ?? parts.path) }
    }

    /// Has everything decided as if the path were this one. What was received stays what is passed on.
    package mutating func decide(by path: String) {
        let start = line.count
        line.append(path)
        parts.routed = start..<line.count
    }

    /// Whether `decide(by:)` has given another path.
    var isDecidedByAnotherPath: Bool { parts.routed != nil }

    /// What follows the first question mark of the target, still encoded. Nil without one, empty for `/path?`.
    package var query: String? { parts.query.map { String(line.span.extracting($0)) } }

    /// The query's bytes; empty as well when there is no query.
    package var querySpan: Span<UInt8> {
        @_lifetime(borrow self)
        get { line.span.extracting(parts.query ?? 0..<0) }
    }

    /// Whether the target has a question mark, even one that nothing follows.
    package var hasQuery: Bool { parts.query != nil }

    /// The host that is asked, with its port if it was sent: from the target where that names one, else from `Host`
    /// (RFC 9112, 3.2.2). Empty if neither does.
    package var authority: String { String(authoritySpan) }

    /// The authority's bytes; see `authority`.
    package var authoritySpan: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            if let range = parts.authority { return line.span.extracting(range) }
            guard let index = fields.firstIndex(of: .host) else { return line.span.extracting(0..<0) }
            return fields.lines.span.extracting(fields.entries[index].valueRange)
        }
    }

    /// The host without port and trailing dot, in lower case; IPv6 keeps its brackets.
    package var host: String {
        let authority = authoritySpan
        var end = Authority.hostLength(authority)
        if end > 1, authority[end - 1] == .dot { end -= 1 }
        return String(authority.extracting(0..<end)).lowercased()
    }

    /// Whether the target names the host, so that the `Host` field must be rewritten (RFC 9112, 3.2.2).
    package var hasAuthorityInTarget: Bool { parts.authority != nil }
}

/// Where in a target its parts are.
struct TargetParts: Sendable {
    var path = 0..<0
    /// A path to decide by, apart from the received one.
    var routed: Range<Int>?
    var query: Range<Int>?
    var authority: Range<Int>?
}

extension RequestHead {
    /// Whether the client waits for `100 Continue` before it sends content. Never in HTTP/1.0 (RFC 9110, 10.1.1).
    package var expectsContinue: Bool {
        guard version != .http10, fields.count(of: .expect) == 1, let index = fields.firstIndex(of: .expect) else {
            return false
        }
        return fields.valueSpan(at: index).equalsIgnoringCase("100-continue")
    }

    /// Whether the client wants to go on with the connection (RFC 9112, 9.3). HTTP/1.0 must ask for it.
    package var keepsConnectionAlive: Bool {
        fields.keepsConnectionAlive(version)
    }

    /// Whether the client asks for another protocol: `Upgrade`, named in `Connection` as it must be, over HTTP/1.1.
    package var wantsUpgrade: Bool {
        version == .http11 && fields.contains(.upgrade) && fields.hasToken("upgrade", in: .connection)
    }
}

extension HeaderFields {
    func keepsConnectionAlive(_ version: Version) -> Bool {
        guard contains(.connection) else { return version != .http10 }
        guard !hasToken("close", in: .connection) else { return false }
        return version != .http10 || hasToken("keep-alive", in: .connection)
    }
}
