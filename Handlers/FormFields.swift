package import JSON

/// The payload that a form is, by the rules for names and values of a query string, so that forms and queries of the
/// same fields are the same request. Only `\n` and its like are no escapes here: people type them.
package enum FormFields {
    /// Reads `application/x-www-form-urlencoded`.
    ///
    /// - Throws: What the client must mend.
    package static func parse(_ body: Span<UInt8>, as type: FieldType? = nil) throws(PayloadProblem) -> JSONObject {
        var tree = FieldTree(type: type, readsEscapes: false)
        try EncodedFields.add(body, to: &tree)
        return tree.object
    }

    /// Reads `multipart/form-data` (RFC 7578). A file becomes a string in base64, as JSON has bytes.
    ///
    /// A part is a file if it has a file name, or a media type that is neither text nor JSON. Strict: no preamble, no
    /// epilogue, no folded lines, no transfer encoding, which RFC 7578 has done away with.
    ///
    /// - Parameter boundary: From the `Content-Type`: 1 to 70 characters, without quotes.
    /// - Throws: `.malformedMultipart`, or whatever the fields in it throw.
    package static func parse(
        multipart body: Span<UInt8>,
        boundary: String,
        as type: FieldType? = nil
    ) throws(PayloadProblem) -> JSONObject {
        var tree = FieldTree(type: type, readsEscapes: false)
        var reader = try MultipartReader(body, boundary: boundary)
        while let part = try reader.next() {
            if part.isFile {
                try tree.add(string: base64(body.extracting(part.content)), named: part.name)
            } else {
                let text = body.extracting(part.content).withUnsafeBufferPointer {
                    String(validating: $0, as: UTF8.self)
                }
                guard let text else { throw .notUTF8(field: part.name) }
                try tree.add(text, named: part.name)
            }
        }
        return tree.object
    }

    /// Base64 with padding (RFC 4648, section 4).
    private static func base64(_ bytes: Span<UInt8>) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let length = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: length) { target in
            var written = 0
            for start in stride(from: 0, to: bytes.count, by: 3) {
                let count = min(3, bytes.count - start)
                var group = 0
                for offset in 0..<3 { group = group << 8 | (offset < count ? Int(bytes[start + offset]) : 0) }
                for digit in 0..<4 {
                    target[written] = digit <= count ? alphabet[group >> (18 - 6 * digit) & 0x3F] : 0x3D
                    written += 1
                }
            }
            return written
        }
    }
}
