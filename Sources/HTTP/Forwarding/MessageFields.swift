import Bytes

extension RequestHead {
    /// The fields that whoever gets this request as a message may see, in the spelling of Go (`X-Request-Id`), each with
    /// the values of all its lines. Left out is what concerns the connection, and what only a gateway may say.
    ///
    /// - Parameter isTrusted: Whether the peer may speak for others.
    package func messageFields(isTrusted: Bool) -> [(name: String, values: [String])] {
        let hasOptions = fields.contains(.connection)
        var places: [String: Int] = [:]
        var result: [(name: String, values: [String])] = []
        for (index, entry) in fields.entries.enumerated() {
            guard
                ForwardedRequest.isEndToEnd(entry, of: fields, isTrusted: isTrusted, hasOptions: hasOptions)
            else { continue }
            let name = fields.nameSpan(at: index).inSpellingOfGo
            if let place = places[name] {
                result[place].values.append(fields.value(at: index))
            } else {
                places[name] = result.count
                result.append((name, [fields.value(at: index)]))
            }
        }
        return result
    }
}

extension HeaderFields {
    /// The name of a line in the spelling of Go: a capital at its beginning and after each hyphen, and no other.
    package func nameInSpellingOfGo(at index: Int) -> String { nameSpan(at: index).inSpellingOfGo }
}

extension Span<UInt8> {
    fileprivate var inSpellingOfGo: String {
        var name: [UInt8] = []
        name.reserveCapacity(count)
        var beginsWord = true
        for index in indices {
            let byte = self[index]
            name.append(byte.isLetter ? (beginsWord ? byte & ~0x20 : byte | 0x20) : byte)
            beginsWord = byte == .hyphen
        }
        return String(decoding: name, as: UTF8.self)
    }
}
