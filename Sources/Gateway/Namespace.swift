package import HTTP

/// What stands before the name that a request gives: `go.micro.api` makes `go.micro.api.greeter` of `greeter`.
package enum Namespace: Sendable, Equatable, CustomStringConvertible {
    /// The same for every request. Empty means no prefix at all.
    case fixed(String)

    /// The labels before the registrable domain of the asked host, in reverse, and the type: `staging.myapp.m3o.app`
    /// is in `myapp.staging.api`. Hosts that say nothing, such as addresses, `localhost` and the domain itself, are in
    /// the fallback. The type follows either, unless it is empty.
    case domain(fallback: String, type: String)

    /// The setting that asks for `.domain`.
    package static let domainKeyword = "domain"

    /// The namespace that is used when nothing else is said, without type.
    package static let standard = "go.micro"

    /// - Parameters:
    ///   - configured: As the operator wrote it, with or without the type at its end: `go.micro` and `go.micro.api` are
    ///     the same. Empty or blank means no prefix; `domain` derives it from the host. Blanks and dots around it say
    ///     nothing.
    ///   - type: The kind of services, such as `api` or `web`; the same goes for it.
    ///   - hasType: False for the namespace that all kinds have in common.
    package init(configured: String, type: String, hasType: Bool = true) {
        let text = Self.trimmed(configured)
        let type = String(Self.trimmed(type))
        if text == Self.domainKeyword {
            self = .domain(fallback: Self.standard, type: hasType ? type : "")
        } else if text.isEmpty {
            self = .fixed("")
        } else {
            let suffix = "." + type
            let base = !type.isEmpty && text.hasSuffix(suffix) ? text.dropLast(suffix.count) : text
            self = .fixed(Self.joined(String(base), hasType ? type : ""))
        }
    }

    /// The type that a namespace has at its end, where nothing else is said of the type: the manual of Micro v2 has its
    /// readers name `go.micro.srv` to reach services of that kind.
    package static func type(in configured: String) -> String? {
        let text = trimmed(configured)
        return ["srv", "service", "web"].first { text.hasSuffix(".\($0)") }
    }

    /// The prefix for this request, type included, without a dot at its end. Empty means no prefix.
    package func name(for head: RequestHead) -> String {
        switch self {
        case .fixed(let name): name
        case .domain(let fallback, let type): Self.joined(Self.labels(before: head.host) ?? fallback, type)
        }
    }

    /// The full name of the service that a request calls by `name`.
    package func qualified(_ name: String, for head: RequestHead) -> String {
        Self.joined(self.name(for: head), name)
    }

    package var description: String {
        switch self {
        case .fixed(""): "none"
        case .fixed(let name): name
        case .domain(let fallback, let type):
            "from the host\(type.isEmpty ? "" : ", then .\(type)"); else \(Self.joined(fallback, type))"
        }
    }

    private static func joined(_ first: String, _ second: String) -> String {
        guard !first.isEmpty else { return second }
        return second.isEmpty ? first : first + "." + second
    }

    /// Without what stands around it: a dot at the end would become two of them in every name.
    private static func trimmed(_ text: String) -> Substring {
        let isBlank = { (character: Character) in character.isWhitespace || character == "." }
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return text[first...last]
    }

    /// Nil when the host gives no namespace.
    private static func labels(before host: String) -> String? {
        // The reference's own domain: everything under it is the default namespace.
        guard let name = DomainName(host), !name.labels.isEmpty, name.domain != "micro.mu" else { return nil }
        return name.labels.reversed().joined(separator: ".")
    }
}
