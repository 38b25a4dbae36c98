// The four forms of a request target (RFC 9112, 3.2), and where their parts are.

extension TargetParts {
    /// The parts of a target that is known to be well-formed, or of whose form nobody is asked.
    init(splitting target: Span<UInt8>, method: Method) {
        if method == .connect {
            self.init(authority: 0..<target.count)
        } else if let start = Self.authorityStart(target) {
            self.init(absolute: target, from: start)
        } else {
            self.init(originForm: target)
        }
    }

    /// Checks a received target and finds its parts.
    ///
    /// - Parameter isSecure: Whether it came over TLS, where `https` is the scheme, and `http` is not ours to answer.
    init(checking target: Span<UInt8>, method: Method, isSecure: Bool) throws(RequestProblem) {
        try Self.checkBytes(target)
        if method == .connect {
            guard Authority.isValid(target), Authority.hasPort(target) else { throw .badTarget }
            self.init(authority: 0..<target.count)
        } else if target[0] == .slash {
            self.init(originForm: target)
        } else if let start = Self.authorityStart(target) {
            self.init(absolute: target, from: start)
            let isHTTPS = start == 8
            guard let range = authority, Authority.isValid(target.extracting(range)) else { throw .badTarget }
            guard isHTTPS == isSecure else { throw .wrongScheme }
        } else {
            guard target.count == 1, target[0] == .asterisk, method == .options else { throw .badTarget }
            self.init(path: 0..<1)
        }
    }

    /// Visible ASCII only; a fragment is never sent (RFC 9112, 3.2).
    @inline(__always)
    private static func checkBytes(_ target: Span<UInt8>) throws(RequestProblem) {
        guard !target.isEmpty else { throw .badTarget }
        for index in target.indices {
            let byte = target[index]
            guard byte &- 0x21 < 0x5e, byte != .numberSign else { throw .badTarget }
        }
    }

    @inline(__always)
    private init(originForm target: Span<UInt8>) {
        if let mark = target.first(.questionMark) {
            self.init(path: 0..<mark, query: (mark + 1)..<target.count)
        } else {
            self.init(path: 0..<target.count)
        }
    }

    /// A path that is missing is the slash that a head keeps after its target.
    private init(absolute target: Span<UInt8>, from start: Int) {
        var end = start
        while end < target.count, target[end] != .slash, target[end] != .questionMark { end += 1 }
        self.init(authority: start..<end)
        let mark = target.first(.questionMark, from: end)
        let pathEnd = mark ?? target.count
        path = pathEnd > end ? end..<pathEnd : target.count..<(target.count + 1)
        query = mark.map { ($0 + 1)..<target.count }
    }

    /// Where the authority begins in `http://host` and `https://host`; nil for any other scheme or form.
    private static func authorityStart(_ target: Span<UInt8>) -> Int? {
        if target.hasPrefixIgnoringCase("http://") { return 7 }
        return target.hasPrefixIgnoringCase("https://") ? 8 : nil
    }
}
