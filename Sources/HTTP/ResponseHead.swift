/// The head of a response.
package struct ResponseHead: Sendable {
    package var status: Status
    /// The node's; what goes to the client is always HTTP/1.1.
    package var version: Version
    package var fields: HeaderFields

    /// A head of HTTP/1.1.
    package init(_ status: Status, fields: HeaderFields = HeaderFields()) {
        self.status = status
        self.version = .http11
        self.fields = fields
    }

    /// Whether the node lets the connection be used again, as far as its head tells (RFC 9112, 9.3). A response
    /// that has both a length and a transfer coding is not to be trusted so far.
    package var keepsConnectionAlive: Bool {
        guard !fields.contains(.transferEncoding) || !fields.contains(.contentLength) else { return false }
        return fields.keepsConnectionAlive(version)
    }

    /// Gives memory back that one unusual response needed, and forgets the response. For connections that go idle.
    ///
    /// - Parameter limit: What may be kept, in bytes. Default 4,096.
    package mutating func releaseMemory(above limit: Int = 4_096) {
        if fields.capacity > limit { self = ResponseHead(.ok) }
    }

    @inline(__always)
    mutating func restart(_ status: Status, version: Version) {
        self.status = status
        self.version = version
        fields.removeAll(keepingCapacity: true)
    }
}
