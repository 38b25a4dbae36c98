import Bytes

/// A request method: a token of at most 32 bytes, and case-sensitive (RFC 9110, 9.1).
///
/// The nine that everyone knows are one byte, so comparing and copying them costs nothing.
package struct Method: Hashable, Sendable, CustomStringConvertible {
    /// The longest method accepted, in bytes.
    package static let maximumLength = 32

    private enum Known: UInt8 { case other, get, head, post, put, patch, delete, options, connect, trace }

    private let known: Known
    /// Empty for a known method.
    private let other: String

    package static var get: Method { Method(.get) }
    package static var head: Method { Method(.head) }
    package static var post: Method { Method(.post) }
    package static var put: Method { Method(.put) }
    package static var patch: Method { Method(.patch) }
    package static var delete: Method { Method(.delete) }
    package static var options: Method { Method(.options) }
    package static var connect: Method { Method(.connect) }
    package static var trace: Method { Method(.trace) }

    @inline(__always)
    private init(_ known: Known, other: String = "") {
        self.known = known
        self.other = other
    }

    /// Nil when the text is no token or too long. `get` is a method, but not the method `GET`.
    package init?(_ text: String) { self.init(text.utf8.span) }

    /// Nil when the bytes are no token or too many. Allocates nothing for a method of up to 15 bytes.
    package init?(_ bytes: Span<UInt8>) {
        if let known = Self.known(bytes) {
            self.init(known)
        } else {
            guard bytes.count <= Self.maximumLength, bytes.isToken else { return nil }
            self.init(.other, other: String(bytes))
        }
    }

    private static func known(_ bytes: Span<UInt8>) -> Known? {
        switch bytes.count {
        case 3: bytes.equals("GET") ? .get : bytes.equals("PUT") ? .put : nil
        case 4: bytes.equals("POST") ? .post : bytes.equals("HEAD") ? .head : nil
        case 5: bytes.equals("PATCH") ? .patch : bytes.equals("TRACE") ? .trace : nil
        case 6: bytes.equals("DELETE") ? .delete : nil
        case 7: bytes.equals("OPTIONS") ? .options : bytes.equals("CONNECT") ? .connect : nil
        default: nil
        }
    }

    /// Spelled out, so that comparing with a known method does not touch the text.
    @inline(__always)
    package static func == (one: Method, two: Method) -> Bool {
        one.known == two.known && (one.known != .other || one.other == two.other)
    }

    package var description: String { known == .other ? other : "\(text)" }

    /// Asks for nothing to change (RFC 9110, 9.2.1).
    package var isSafe: Bool {
        switch known {
        case .get, .head, .options, .trace: true
        case .other, .post, .put, .patch, .delete, .connect: false
        }
    }

    /// Sent twice, it means the same as sent once (RFC 9110, 9.2.2).
    package var isIdempotent: Bool { isSafe || known == .put || known == .delete }

    func write(to buffer: inout ByteBuffer) {
        if known == .other { buffer.append(other) } else { buffer.append(text) }
    }

    private var text: StaticString {
        switch known {
        case .other: ""
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        }
    }
}
