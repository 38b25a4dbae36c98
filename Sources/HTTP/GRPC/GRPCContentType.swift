/// The type of a gRPC body: how it is carried, and what its messages are encoded with.
package struct GRPCContentType: Equatable, Sendable {
    /// How messages and trailers are carried.
    package enum Form: Sendable {
        /// Over HTTP/2, with trailers of its own.
        case native
        /// For browsers, which see no trailers: they are the last message of the body.
        case web
        /// The same in base64.
        case webText
    }

    package let form: Form
    /// What follows the name, such as `+proto`; empty when nothing does.
    package let suffix: String

    /// Nil for what is no type of gRPC.
    package init?(_ value: Span<UInt8>) {
        guard value.hasPrefixIgnoringCase("application/grpc") else { return nil }
        let rest = value.extracting(16..<value.count)
        let length: Int
        if rest.hasPrefixIgnoringCase("-web-text") {
            (form, length) = (.webText, 9)
        } else if rest.hasPrefixIgnoringCase("-web") {
            (form, length) = (.web, 4)
        } else {
            (form, length) = (.native, 0)
        }
        guard rest.count == length || rest[length] == UInt8(ascii: "+") || rest[length] == .semicolon else {
            return nil
        }
        var end = rest.count
        for index in length..<rest.count where rest[index] == .semicolon {
            end = index
            break
        }
        suffix = String(rest.extracting(length..<end))
    }

    /// The type of a message's body. Nil when it has no type, or none of gRPC.
    package init?(of fields: borrowing HeaderFields) {
        guard let place = fields.firstIndex(of: .contentType) else { return nil }
        self.init(fields.valueSpan(at: place))
    }

    /// The type with the same encoding in this form.
    package func text(as form: Form) -> String {
        switch form {
        case .native: "application/grpc\(suffix)"
        case .web: "application/grpc-web\(suffix)"
        case .webText: "application/grpc-web-text\(suffix)"
        }
    }
}

extension RequestHead {
    /// Whether it is a call in gRPC or gRPC-Web. Clients of Go Micro name types of gRPC for messages without any frame, over
    /// HTTP/1.1; gRPC itself comes over HTTP/2, or wants trailers. Costs a comparison for all others.
    package var isGRPC: Bool {
        guard let place = fields.firstIndex(of: .contentType),
            fields.valueSpan(at: place).hasPrefixIgnoringCase("application/grpc"),
            let type = GRPCContentType(fields.valueSpan(at: place))
        else { return false }
        return type.form != .native || version == .http2 || fields.hasToken("trailers", in: .te)
    }
}
