internal import Gateway
internal import HTTP

// What clients are told of calls that nodes have ended with an error.
extension GatewayError {
    /// The error of a service: the one of Go Micro that its message or its details hold, else what the status says.
    init(_ outcome: GRPCOutcome, of service: String) {
        let error = MicroError(text: outcome.message)
        // An object without a code is one that was made in haste, and not a text.
        if error.code > 0 || !error.id.isEmpty {
            self.init(reportedBy: service, error)
        } else if let error = MicroError(statusDetails: outcome.details) {
            self.init(reportedBy: service, error)
        } else {
            let isMissing = outcome.isMissingEndpoint
            let code = isMissing ? 404 : outcome.status.httpStatus.code
            let text = outcome.message.isEmpty ? outcome.status.name : outcome.message
            // That time is up the node may tell first, or we: it is one thing.
            let id = isMissing || outcome.status == .deadlineExceeded ? "go.micro.client" : service
            self.init(reportedBy: service, MicroError(id: id, code: code, detail: text))
        }
    }
}

extension GRPCOutcome {
    /// What a server of Go Micro says when it does not know the codec, before it looks at the call; nil for anything else. An
    /// endpoint that hands on such an error of another service ends with the status of its code, which is another.
    var refusedType: String? {
        guard status == .unknown else { return nil }
        let error = MicroError(text: message)
        guard error.id == "go.micro.server", error.detail.lowercased().hasPrefix("unsupported content-type") else {
            return nil
        }
        return error.detail
    }

    /// Whether the node does not know the endpoint, which is a 404 for everyone else. Services that know it and have
    /// not made it yet use the same status, so that the text must tell.
    fileprivate var isMissingEndpoint: Bool {
        status == .unimplemented
            && (message.hasPrefix("unknown service") || message.hasPrefix("unknown method")
                || message.hasPrefix("Method not found"))
    }
}

extension MicroError {
    /// The first of the details (google.rpc.Status), if that is an error of Go Micro (errors.Error).
    fileprivate init?(statusDetails bytes: [UInt8]) {
        let status = bytes.span
        guard let place = status.field(3) else { return nil }
        let any = status.extracting(place)
        guard let type = any.field(1), let value = any.field(2),
            String(any.extracting(type)).hasSuffix("/errors.Error")
        else { return nil }
        let error = any.extracting(value)
        self.init(id: "", code: 0, detail: "")
        var fields = ProtobufFields()
        while let field = fields.next(in: error) {
            switch field.number {
            case 1: id = String(error.extracting(field.content))
            case 2: code = Int(Int32(truncatingIfNeeded: field.value))
            case 3: detail = String(error.extracting(field.content))
            default: break
            }
        }
    }
}

extension Span<UInt8> {
    /// Where the bytes of the first field with this number are.
    fileprivate func field(_ number: Int) -> Range<Int>? {
        var fields = ProtobufFields()
        while let field = fields.next(in: self) {
            if field.number == number { return field.content }
        }
        return nil
    }
}
