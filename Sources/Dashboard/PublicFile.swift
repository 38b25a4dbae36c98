internal import CPublic

/// One file of the dashboard, ready to be served.
package struct PublicFile: Sendable, Equatable {
    package let bytes: [UInt8]
    /// The media type, by the file's extension.
    package let contentType: String
    /// A strong validator (RFC 9110, 8.8.3): another content has another one.
    package let entityTag: String

    package init(name: some StringProtocol, bytes: [UInt8]) {
        self.bytes = bytes
        contentType = Self.contentType(of: name)
        entityTag = "\"\(String(Self.hash(bytes), radix: 16))-\(String(bytes.count, radix: 16))\""
    }

    /// The files that were in `Public/` when the program was built, by their path below it.
    package static let embedded: [String: PublicFile] = {
        var files: [String: PublicFile] = [:]
        for index in 0..<public_file_count() {
            let file = public_file_at(index)
            let name = String(cString: file.name)
            files[name] = PublicFile(
                name: name, bytes: Array(UnsafeBufferPointer(start: file.bytes, count: file.count)))
        }
        return files
    }()

    /// FNV-1a with 64 bits. It tells versions of a file apart; it is no defence, and nothing needs one here.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    private static func contentType(of name: some StringProtocol) -> String {
        switch name.split(separator: ".").last?.lowercased() {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "json", "map": "application/json"
        case "txt": "text/plain; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "webp": "image/webp"
        case "woff2": "font/woff2"
        default: "application/octet-stream"
        }
    }
}
