/// The head of a response.
package struct ResponseHead: Sendable {
    package var status: Status
    package var version: Version
    package var fields: HeaderFields

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

    @inline(__always)
    mutating func restart(_ status: Status, version: Version) {
        self.status = status
        self.version = version
        fields.removeAll(keepingCapacity: true)
    }
}
