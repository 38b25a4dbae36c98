/// What the names of services begin with.
enum NamespaceChoice: Sendable, Equatable {
    /// Services are found under the names that requests give.
    case none
    /// The namespace, without type.
    case fixed(String)
    /// Derived from the host of each request.
    case fromHost

    /// The namespace when nothing says otherwise.
    static let standard = "go.micro"

    /// Reads a setting: blanks mean none, nothing at all means the standard one, `domain` means from the host.
    ///
    /// - Parameter type: A namespace that already ends in it loses it, because people write `go.micro.api`.
    init(_ text: String, type: String) {
        let name = text.trimmingBlanks
        if text.isEmpty {
            self = .fixed(Self.standard)
        } else if name.isEmpty {
            self = .none
        } else if name == "domain" {
            self = .fromHost
        } else if !type.isEmpty, name.hasSuffix(".\(type)") {
            self = .fixed(String(name.dropLast(type.count + 1)))
        } else {
            self = .fixed(String(name))
        }
    }

    /// What stands before the dot and the service, such as `go.micro.api`; empty for none, nil when the host decides.
    func prefix(type: String) -> String? {
        switch self {
        case .none: ""
        case .fixed(let name): type.isEmpty ? name : "\(name).\(type)"
        case .fromHost: nil
        }
    }
}
