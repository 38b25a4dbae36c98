package import JSON

/// The payload that a query string is, by the rules go-micro clients know: `a[b]=1&c[]=x&d.e=true` is
/// `{"a":{"b":1},"c":["x"],"d":{"e":true}}`.
///
/// Values are typed by their look, unless the schema of the request says what they are. Numbers keep their digits. Of
/// scalars with one name the last counts; objects are merged and arrays concatenated. At most 1,000 fields, 32 levels.
package enum QueryFields {
    /// - Parameters:
    ///   - query: What stands after the `?`, still encoded.
    ///   - type: What the registry knows of the request.
    /// - Throws: What the client must mend.
    package static func parse(query: String, as type: FieldType? = nil) throws(PayloadProblem) -> JSONObject {
        var tree = FieldTree(type: type, readsEscapes: true)
        try EncodedFields.add(query.utf8.span, to: &tree)
        return tree.object
    }
}

/// The fields a path template has found, by the same rules for names: the field `post.id` is `{"post":{"id":"8"}}`.
package enum PathFields {
    /// Values are strings, unless the schema of the request says that they are numbers or truth values.
    ///
    /// - Parameters:
    ///   - fields: Names and values, decoded.
    ///   - type: What the registry knows of the request.
    /// - Throws: What is wrong with a name, or a value that the schema rules out.
    package static func parse(
        _ fields: some Sequence<(name: String, value: String)>,
        as type: FieldType? = nil
    ) throws(PayloadProblem) -> JSONObject {
        var tree = FieldTree(type: type, readsEscapes: false)
        for field in fields {
            var type = type
            for step in try FieldPath(field.name).steps { type = type?.type(at: step) }
            if type == nil {
                try tree.add(string: field.value, named: field.name)
            } else {
                try tree.add(field.value, named: field.name)
            }
        }
        return tree.object
    }
}

/// Names and values as queries and forms encode them (URL Standard, section 5.1), but strictly.
enum EncodedFields {
    static func add(_ bytes: Span<UInt8>, to tree: inout FieldTree) throws(PayloadProblem) {
        try forEach(in: bytes) { name, value throws(PayloadProblem) in try tree.add(value, named: name) }
    }

    /// Pieces lie between `&`; empty ones are passed over. A name ends at the first `=`, without which there is no value.
    static func forEach(
        in bytes: Span<UInt8>, _ take: (_ name: String, _ value: String?) throws(PayloadProblem) -> Void
    ) throws(PayloadProblem) {
        var start = 0
        while start < bytes.count {
            var end = start
            var equals: Int?
            while end < bytes.count, bytes[end] != 0x26 {
                if equals == nil, bytes[end] == 0x3D { equals = end }
                end += 1
            }
            if end > start {
                let name = try decode(bytes, start..<(equals ?? end), field: nil)
                var value: String?
                if let equals { value = try decode(bytes, (equals + 1)..<end, field: name) }
                try take(name, value)
            }
            start = end + 1
        }
    }

    /// Decodes once; what is encoded twice stays encoded once. `+` is a space.
    private static func decode(
        _ bytes: Span<UInt8>,
        _ range: Range<Int>,
        field: String?
    ) throws(PayloadProblem) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            switch bytes[offset] {
            case 0x2B: decoded.append(0x20)
            case 0x25:
                guard range.upperBound - offset > 2, let high = hexadecimal(bytes[offset + 1]),
                    let low = hexadecimal(bytes[offset + 2])
                else { throw .malformedEscape(text(bytes, offset..<min(offset + 3, range.upperBound))) }
                decoded.append(high << 4 | low)
                offset += 2
            default: decoded.append(bytes[offset])
            }
            offset += 1
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw .notUTF8(field: field ?? String(decoding: decoded, as: UTF8.self))
        }
        return text
    }

    private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
