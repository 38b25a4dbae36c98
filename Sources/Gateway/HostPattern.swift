/// Which hosts a declared route is for: one name, or all names below one, written `*.example.com`. Without port, in lower
/// case.
package enum HostPattern: Sendable, Hashable, CustomStringConvertible {
    case exact(String)
    /// With its leading dot: `.example.com`.
    case below(String)

    /// The longest name of the DNS.
    private static let maximumLength = 253

    /// - Throws: What is wrong with it, as the end of a sentence.
    package init(_ text: String) throws(PathTemplate.Malformed) {
        let name = text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
        let isName = name.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) || $0 >= 0x80
                || $0 == 0x2d || $0 == 0x2e || $0 == 0x5f
        }
        let isAddress = name.hasPrefix("[") && name.hasSuffix("]")
        guard !name.isEmpty, name.utf8.count <= Self.maximumLength, isName || isAddress else {
            throw PathTemplate.Malformed("\(text.prefix(64)) is no host, such as example.com or *.example.com")
        }
        self = text.hasPrefix("*.") ? .below("." + name.lowercased()) : .exact(name.lowercased())
    }

    /// - Parameter host: In lower case, without port.
    package func matches(_ host: String) -> Bool {
        switch self {
        case .exact(let name): host == name
        case .below(let suffix): host.utf8.count > suffix.utf8.count && host.hasSuffix(suffix)
        }
    }

    package var description: String {
        switch self {
        case .exact(let name): name
        case .below(let suffix): "*" + suffix
        }
    }
}
