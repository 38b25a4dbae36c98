/// The dashboard's own host, as operators write it.
enum WebHost {
    /// The longest name of the DNS.
    private static let maximumLength = 253

    /// The name in `web.example.com`, `web.example.com:8082` or `https://web.example.com/`, in lower case. Nil when there is
    /// none, or an address is in its place.
    static func name(in text: String) -> String? {
        var rest = text.trimmingBlanks.lowercased()[...]
        for scheme in ["http://", "https://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.utf8.count) }
        let name = rest.prefix { $0 != ":" && $0 != "/" }
        guard !rest.contains("://") else { return nil }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            !label.isEmpty && !label.hasPrefix("-")
                && label.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d || $0 == 0x5f
                }
        }
        let isAddress = labels.last.map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } } ?? true
        return isName && !isAddress && name.utf8.count <= maximumLength ? String(name) : nil
    }
}
