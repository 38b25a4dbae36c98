/// The name of a host, cut where somebody's own domain begins: `shop.eu` and `example.co.uk`.
package struct DomainName: Sendable, Equatable {
    /// What stands before the domain, label by label: `shop` and `eu`. Empty for the domain itself.
    package let labels: [String]
    /// The public suffix and one label: `example.co.uk`.
    package let domain: String

    /// - Parameter host: Without port, in lower case.
    /// - Returns: Nil for an address, for a single label such as `localhost`, for a public suffix, and for what is no name.
    package init?(_ host: String) {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard !labels.contains(""), !Self.isAddress(labels), let count = PublicSuffix.registrableCount(of: labels)
        else {
            return nil
        }
        self.labels = labels.dropLast(count).map { String($0) }
        domain = labels.suffix(count).joined(separator: ".")
    }

    /// Whether a host is an IP address.
    package static func isAddress(_ host: String) -> Bool {
        isAddress(host.split(separator: ".", omittingEmptySubsequences: false))
    }

    /// IPv6 is in brackets, and a name never ends in a label of digits only (RFC 3696, 2).
    private static func isAddress(_ labels: [Substring]) -> Bool {
        guard let last = labels.last, !last.isEmpty else { return false }
        return last.hasSuffix("]") || last.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
