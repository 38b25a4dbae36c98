import Bytes

/// How a request for a web application differs on its way to the node from what the client sent, where the address of the
/// application is not the node's own.
package struct RequestRewrite: Sendable, Equatable {
    /// What to ask the node for: path and query.
    package let target: String
    /// What was taken off the front of the client's path, such as `/shop`. Empty when nothing was.
    package let prefix: String

    package init(target: String, prefix: String) {
        self.target = target
        self.prefix = prefix
    }

    /// Tells the node where it is mounted: in Go Micro's own field, which is `/` where nothing was taken off, and in the
    /// one that other frameworks read, which also has what proxies before us took off.
    func write(_ fields: borrowing HeaderFields, isTrusted: Bool, to buffer: inout ByteBuffer) {
        buffer.append("X-Micro-Web-Base-Path: ")
        buffer.append(prefix.isEmpty ? "/" : prefix)
        buffer.append("\r\n")
        var mount = isTrusted ? fields[.xForwardedPrefix] ?? "" : ""
        while mount.hasSuffix("/") { mount.removeLast() }
        mount += prefix
        guard !mount.isEmpty else { return }
        buffer.append("X-Forwarded-Prefix: ")
        buffer.append(mount)
        buffer.append("\r\n")
    }

    /// Takes out of a node's answer what browsers apply to every page of an origin. Where the application has only a part
    /// of the paths, it must not speak for the others: not put a service worker before them, not stay connected to windows
    /// that show them, and not have their failures reported to somebody.
    package func restrict(_ fields: inout HeaderFields) {
        guard !prefix.isEmpty, fields.contains(.other) else { return }
        for name in Self.originWide { fields.removeAll(named: name) }
    }

    private static let originWide = ["Service-Worker-Allowed", "Cross-Origin-Opener-Policy", "NEL", "Report-To"]
}
