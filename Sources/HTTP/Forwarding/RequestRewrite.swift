internal import Bytes

/// How a request differs on its way to a plain HTTP node from what the client sent, where the node is asked for another
/// path than the client has asked for.
package struct RequestRewrite: Sendable, Equatable {
    /// What was taken off the front of the client's path, such as `/shop`. Empty when nothing was.
    package let prefix: String
    /// Whether the node is asked as if it had an address of its own: as a web service, by the node's address, and told in
    /// Go Micro's field where it is mounted. Otherwise it is asked as by any other route, with the client's host.
    package let isWebService: Bool
    private let target: Target

    private enum Target: Equatable {
        case text(String)
        /// What the client has asked for, without so many bytes at the front of the path.
        case rest(from: Int)
    }

    /// For a web service.
    ///
    /// - Parameter target: What to ask the node for: path and query.
    package init(target: String, prefix: String) {
        self.target = .text(target)
        self.prefix = prefix
        isWebService = true
    }

    /// For what a route leads to that takes a prefix off. The bytes that are left are those that the client has sent.
    ///
    /// - Parameter head: Its path is in canonical form but for encoded slashes, and begins with the prefix.
    package init(of head: borrowing RequestHead, without prefix: PathPrefix) {
        target = .rest(from: prefix.end(in: head.pathSpan, decodesSlashes: head.isDecidedByAnotherPath))
        self.prefix = prefix.encoded
        isWebService = false
    }

    /// Path and query to ask the node for.
    ///
    /// - Parameter head: The request that is rewritten.
    package func target(of head: borrowing RequestHead) -> String {
        var buffer = ByteBuffer()
        writeTarget(of: head, to: &buffer)
        return buffer.text
    }

    func writeTarget(of head: borrowing RequestHead, to buffer: inout ByteBuffer) {
        switch target {
        case .text(let text):
            for byte in text.utf8 { buffer.append(byte.isControl || byte == .space ? .hyphen : byte) }
        case .rest(let start):
            let path = head.pathSpan
            // Nothing is left, or the slash before it was an encoded one.
            if start == path.count || path[start] != .slash { buffer.append(UInt8.slash) }
            buffer.append(path.extracting(start..<path.count))
            guard head.hasQuery else { return }
            buffer.append(UInt8.questionMark)
            buffer.append(head.querySpan)
        }
    }

    /// Tells the node where it is mounted: a web service in Go Micro's own field, which is `/` where nothing was taken off,
    /// and every node in the one that other frameworks read, which also has what proxies before us took off.
    func write(_ fields: borrowing HeaderFields, isTrusted: Bool, to buffer: inout ByteBuffer) {
        if isWebService {
            buffer.append("X-Micro-Web-Base-Path: ")
            buffer.append(prefix.isEmpty ? "/" : prefix)
            buffer.append("\r\n")
        }
        var mount = isTrusted ? fields[.xForwardedPrefix] ?? "" : ""
        while mount.hasSuffix("/") { mount.removeLast() }
        mount += prefix
        guard !mount.isEmpty else { return }
        buffer.append("X-Forwarded-Prefix: ")
        buffer.append(mount)
        buffer.append("\r\n")
    }

    /// Takes out of a web service's answer what browsers apply to every page of an origin. Where the application has only a
    /// part of the paths, it must not speak for the others: not put a service worker before them, not stay connected to
    /// windows that show them, and not have their failures reported to somebody.
    package func restrict(_ fields: inout HeaderFields) {
        guard isWebService, !prefix.isEmpty, fields.contains(.other) else { return }
        for name in Self.originWide { fields.removeAll(named: name) }
    }

    private static let originWide = ["Service-Worker-Allowed", "Cross-Origin-Opener-Policy", "NEL", "Report-To"]
}
