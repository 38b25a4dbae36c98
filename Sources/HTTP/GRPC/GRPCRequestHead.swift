package import Bytes

/// Writes the fields of a call's request (gRPC over HTTP2, "Requests").
package enum GRPCRequestHead {
    /// What the fields are made of, apart from the metadata. Made once for many calls, except for the time.
    package struct Target: Sendable {
        /// Such as `/helloworld.Greeter/SayHello`.
        package var path: String
        /// `http` or `https`.
        package var scheme: String
        /// The host of the node, with its port.
        package var authority: String
        /// Such as `application/grpc+json`.
        package var contentType: String

        package init(path: String, scheme: String = "http", authority: String, contentType: String) {
            self.path = path
            self.scheme = scheme
            self.authority = authority
            self.contentType = contentType
        }

        /// What the fields count as HTTP/2 counts them, without metadata; a little more than it is.
        package var listSize: Int { path.utf8.count + authority.utf8.count + contentType.utf8.count + 512 }
    }

    /// Writes a block of fields. Metadata that gRPC cannot carry is left out: names with other signs than letters,
    /// digits, `-`, `_` and `.`, values that are not ASCII, and binary ones that are no base64.
    ///
    /// - Parameter timeLeft: What the node is told as its limit; nil for a stream without one.
    package static func write(
        _ target: Target, timeLeft: Duration?, metadata: borrowing HeaderFields, with encoder: inout HPACKEncoder,
        to block: inout ByteBuffer
    ) {
        encoder.beginBlock(to: &block)
        encoder.encode(":method", "POST", to: &block)
        encoder.encode(":scheme", target.scheme, to: &block)
        encoder.encode(":path", target.path, to: &block)
        encoder.encode(":authority", target.authority, to: &block)
        encoder.encode("content-type", target.contentType, to: &block)
        encoder.encode("te", "trailers", to: &block)
        if let timeLeft {
            encoder.encode("grpc-timeout", GRPCTimeout.encode(timeLeft), indexing: .without, to: &block)
        }
        for index in 0..<metadata.count {
            let name = metadata.nameSpan(at: index)
            let value = metadata.valueSpan(at: index)
            guard isMetadataName(name), isMetadataValue(value, of: name) else { continue }
            encoder.encode(name, value, to: &block)
        }
    }

    private static func isMetadataName(_ name: Span<UInt8>) -> Bool {
        for index in name.indices {
            let byte = name[index]
            guard byte.isLetter || byte.isDigit || byte == .hyphen || byte == .underscore || byte == .dot else {
                return false
            }
        }
        return true
    }

    private static func isMetadataValue(_ value: Span<UInt8>, of name: Span<UInt8>) -> Bool {
        for index in value.indices where !(0x20...0x7e).contains(value[index]) { return false }
        guard name.count > 4, name.extracting((name.count - 4)..<name.count).equalsIgnoringCase("-bin") else {
            return true
        }
        return GRPCStatusDetails.decode(value) != nil
    }
}

extension HPACKEncoder {
    /// Writes one field of our own.
    package mutating func encode(
        _ name: String, _ value: String, indexing: HPACKIndexing? = nil, to buffer: inout ByteBuffer
    ) {
        encode(name.utf8.span, value.utf8.span, indexing: indexing, to: &buffer)
    }
}
