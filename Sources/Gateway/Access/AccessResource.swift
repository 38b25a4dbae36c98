internal import HTTP

/// What a request is for, as access rules name it: a service, and an endpoint or a path of it.
///
/// Servers differ in what they take a path for, so one may have several readings. What one of them is refused is refused.
package struct AccessResource: Sendable, Equatable {
    /// The only type of resource that there is here. Rules may name others, for others.
    package static let type = "service"

    /// The full name of the service; for what the gateway does itself, its namespace, such as `go.micro.api`.
    package let name: String
    /// What is asked of it, as people write it.
    private let endpoint: String
    /// The same, each reading in lower case: `foo.bar`, `/site/x`. Never empty.
    let readings: [String]

    /// - Parameter endpoint: `Foo.Bar`, or as gRPC writes it, `/package.Foo/Bar`, which is the same.
    package init(calling endpoint: String, of name: String) {
        self.name = name
        self.endpoint = Self.endpoint(endpoint)
        readings = [self.endpoint.lowercased()]
    }

    /// - Parameter path: In canonical form (`PathForm`), still encoded.
    package init(path: Span<UInt8>, of name: String) {
        self.name = name
        endpoint = String(path)
        readings = Self.readings(of: path)
    }

    /// `/package.Foo/Bar` as `Foo.Bar`.
    private static func endpoint(_ text: String) -> String {
        guard text.hasPrefix("/") else { return text }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let service = parts[0].split(separator: ".").last else { return text }
        return "\(service).\(parts[1])"
    }

    /// The strict reading, in which an encoded slash is no slash, and if it differs the lenient one, in which it is, a
    /// backslash is too, and what follows a semicolon in a segment says nothing.
    private static func readings(of path: Span<UInt8>) -> [String] {
        let strict = text(PathPattern.decoded(path, slashes: false))
        let everything = PathPattern.decoded(path, slashes: true).map { $0 == UInt8(ascii: "\\") ? slash : $0 }
        let segments = everything.split(separator: slash, omittingEmptySubsequences: false)
        let lenient = text(Array(segments.map { $0.prefix { $0 != UInt8(ascii: ";") } }.joined(separator: [slash])))
        return strict == lenient ? [strict] : [strict, lenient]
    }

    private static func text(_ bytes: [UInt8]) -> String { PathPattern.normal(String(decoding: bytes, as: UTF8.self)) }

    private static var slash: UInt8 { UInt8(ascii: "/") }
}

extension AccessResource: CustomStringConvertible {
    /// As a rule for nothing else would name it: `service:go.micro.api.foo:Foo.Bar`.
    package var description: String { "\(Self.type):\(name):\(endpoint)" }
}

/// The form in which paths of requests and of rules are compared.
enum PathPattern {
    /// - Parameter slashes: Whether `%2F` is decoded too. An escape that is malformed stays as it is.
    static func decoded(_ path: Span<UInt8>, slashes: Bool) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            if let byte = path.escapedByte(at: index), slashes || byte != UInt8(ascii: "/") {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(path[index])
                index += 1
            }
        }
        return decoded
    }

    /// In lower case, without a slash at the end.
    static func normal(_ path: String) -> String {
        let text = path.lowercased()
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
