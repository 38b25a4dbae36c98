import Bytes

/// A request method: a token of at most 32 bytes, and case-sensitive (RFC 9110, 9.1).
///
/// The nine that everyone knows are one byte, so comparing and copying them costs nothing.
package struct Method: Hashable, Sendable, CustomStringConvertible {
    /// The longest method accepted, in bytes.
    package static let maximumLength = 32

    /// One enum rather than a tag beside a text, so that copying a known method does not count references.
    private enum Name: Hashable {
        case get, head, post, put, patch, delete, options, connect, trace
        case other(String)
    }

    private let name: Name

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
    private init(_ name: Name) {
        self.name = name
    }

    /// Nil when the text is no token or too long. `get` is a method, but not the method `GET`.
    package init?(_ text: String) { self.init(text.utf8.span) }

    /// Nil when the bytes are no token or too many. Allocates nothing for a method of up to 15 bytes.
    package init?(_ bytes: Span<UInt8>) {
        if let known = Self.known(bytes) {
            self.init(known)
        } else {
            guard bytes.count <= Self.maximumLength, bytes.isToken else { return nil }
            self.init(.other(String(bytes)))
        }
    }

    private static func known(_ bytes: Span<UInt8>) -> Name? {
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
        switch (one.name, two.name) {
        case (.get, .get), (.head, .head), (.post, .post), (.put, .put), (.patch, .patch), (.delete, .delete),
            (.options, .options), (.connect, .connect), (.trace, .trace):
            true
        case (.other(let one), .other(let two)): one == two
        default: false
        }
    }

    /// The method as it is sent, `GET` for instance.
    package var description: String {
        if case .other(let text) = name { return text }
        return line.withUTF8Buffer { String(decoding: $0.dropLast(), as: UTF8.self) }
    }

    /// Asks for nothing to change (RFC 9110, 9.2.1).
    package var isSafe: Bool {
        switch name {
        case .get, .head, .options, .trace: true
        case .other, .post, .put, .patch, .delete, .connect: false
        }
    }

    /// Sent twice, it means the same as sent once (RFC 9110, 9.2.2).
    package var isIdempotent: Bool { isSafe || self == .put || self == .delete }

    /// Writes the method and the space after it.
    func write(to buffer: inout ByteBuffer) {
        if case .other(let text) = name {
            buffer.append(text)
            buffer.append(UInt8.space)
        } else {
            buffer.append(line)
        }
    }

    /// How a request line begins. Only for known methods.
    private var line: StaticString {
        switch name {
        case .other: ""
        case .get: "GET "
        case .head: "HEAD "
        case .post: "POST "
        case .put: "PUT "
        case .patch: "PATCH "
        case .delete: "DELETE "
        case .options: "OPTIONS "
        case .connect: "CONNECT "
        case .trace: "TRACE "
        }
    }
}
