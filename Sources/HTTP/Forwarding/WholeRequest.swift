extension RequestHead {
    /// The fields of a request as a service is to see them that gets the whole request in a message: each name once, spelled
    /// as Go spells it (`X-Request-Id`), with all its values. Left out is what concerns the connection, what only a gateway
    /// may set, and `Content-Encoding`, since such a message has its body decoded.
    ///
    /// `Host` and where the request comes from are added. What a client itself says of where it comes from counts only
    /// behind a proxy that is trusted.
    package func fieldsForMessage(_ context: ForwardingContext) -> [(name: String, values: [String])] {
        var list: [(name: String, values: [String])] = []
        var places: [String: Int] = [:]
        func add(_ name: String, _ value: String) {
            if let place = places[name] { return list[place].values.append(value) }
            places[name] = list.count
            list.append((name, [value]))
        }
        let hasOptions = fields.contains(.connection)
        for (index, entry) in fields.entries.enumerated() where entry.name != .contentEncoding {
            guard
                ForwardedRequest.isEndToEnd(
                    entry, of: fields, isTrusted: context.isTrusted, hasOptions: hasOptions)
            else { continue }
            add(Self.goSpelling(fields.nameSpan(at: index)), fields.value(at: index))
        }
        let chain = context.isTrusted ? fields.values(.xForwardedFor).filter { !$0.isEmpty } : []
        add("X-Forwarded-For", (chain + [context.clientAddress]).joined(separator: ", "))
        if places["X-Forwarded-Proto"] == nil { add("X-Forwarded-Proto", context.scheme) }
        let authority = authority
        if !authority.isEmpty {
            add("Host", authority)
            if places["X-Forwarded-Host"] == nil { add("X-Forwarded-Host", authority) }
        }
        if let certificate = context.clientCertificate { add(ForwardingContext.certificateField, certificate) }
        return list
    }

    fileprivate static func goSpelling(_ name: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(name.count)
        var beginsWord = true
        for index in name.indices {
            let byte = name[index].lowercased
            bytes.append(beginsWord && byte.isLetter ? byte & ~0x20 : byte)
            beginsWord = byte == .hyphen
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension HeaderFields {
    /// The name of a line as Go spells it, with a capital at its beginning and after each hyphen, and no other.
    package func goSpelling(at index: Int) -> String { RequestHead.goSpelling(nameSpan(at: index)) }
}
