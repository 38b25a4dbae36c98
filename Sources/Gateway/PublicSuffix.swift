/// Which part of a host name a registry gives out: `co.uk` in `shop.example.co.uk`.
///
/// Knows the ICANN section of the Public Suffix List. Host services that give names to their customers, such as
/// `github.io`, are ordinary domains here, so that a private section that changes weekly does not change routing.
enum PublicSuffix {
    /// The domain that someone registered, which is the public suffix and one label: `example.co.uk`.
    ///
    /// - Parameter labels: Of a host, in lower case, in ASCII form (`xn--...`), none of them empty.
    /// - Returns: How many labels at the end they are; nil when the host is a public suffix itself.
    static func registrableCount(of labels: [Substring]) -> Int? {
        let count = suffixCount(of: labels) + 1
        return count <= labels.count ? count : nil
    }

    /// How many labels at the end are the public suffix. The longest rule wins, an exception over any; without a rule
    /// it is the last label.
    private static func suffixCount(of labels: [Substring]) -> Int {
        var longest = 1
        for count in 1..<max(labels.count, 1) {
            let parent = labels.suffix(count).joined(separator: ".")
            guard let group = groups[parent] else { continue }
            switch group.ruling(on: labels[labels.count - count - 1]) {
            case .exception: return count
            case .suffix: longest = count + 1
            case .none: break
            }
        }
        return longest
    }

    private enum Ruling { case none, suffix, exception }

    /// The rules that have everything but the first label in common.
    private struct Group {
        let labels: Set<Substring>

        func ruling(on label: Substring) -> Ruling {
            if labels.contains("!" + label) { return .exception }
            return labels.contains(label) || labels.contains("*") ? .suffix : .none
        }
    }

    /// By parent. Made at the first use, which takes milliseconds and happens only with host-derived namespaces.
    private static let groups: [String: Group] = {
        var groups: [String: Group] = [:]
        for text in rules.utf8.split(separator: UInt8(ascii: ";")) {
            let parts = text.split(separator: UInt8(ascii: ":"))
            guard parts.count == 2, let parent = Substring(parts[0]).split(separator: " ").first else { continue }
            groups[String(parent)] = Group(labels: Set(Substring(parts[1]).split(separator: " ")))
        }
        return groups
    }()
}
