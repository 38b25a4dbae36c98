package import Gateway
package import HTTP

/// Names the web service that a request to the dashboard's address is for, and says which requests are for the dashboard
/// itself.
///
/// By path, `/shop/cart` is `/cart` of `go.micro.web.shop`. By host, `shop.micro.mu/cart` is `/cart` of the same service, and
/// `foo.example.com/shop/cart` is `/shop/cart` of `foo.web.shop`. Neither looks what is registered.
package struct WebResolver: WebServiceResolver {
    /// The words for `--resolver`.
    package enum Mode: String, Sendable, CaseIterable {
        /// The first segment of the path names the service, whatever the host.
        case path
        /// The host names the service, but paths with one slash are the dashboard's.
        case domain
        /// The host names the service.
        case subdomain
    }

    private let mode: Mode
    private let namespace: Namespace
    /// Names of the dashboard, in lower case.
    private let ownNames: [String]
    /// Below these each name is one web service, and `web` is the dashboard.
    private let applicationDomains: [String]

    /// - Parameters:
    ///   - ownNames: What this machine is called. Addresses and `localhost` need not be named.
    ///   - host: The dashboard's own host, such as `web.example.com`, where the operator has said it: web services are
    ///     then beside it, as `shop.example.com`. Without `web` at its front, they are below it.
    package init(mode: Mode, namespace: Namespace, ownNames: [String] = [], host: String? = nil) {
        self.mode = mode
        self.namespace = namespace
        self.ownNames = (ownNames + (host.map { [$0] } ?? [])).map { $0.lowercased() }
        applicationDomains = ["micro.mu", "localhost"] + (host.map { [Self.applicationDomain(of: $0)] } ?? [])
    }

    package var name: String { mode.rawValue }

    /// Below which domain web services are, if the dashboard is at this host: `example.com` for `web.example.com`, and
    /// for `example.com`.
    package static func applicationDomain(of host: String) -> String {
        let host = host.lowercased()
        return host.hasPrefix("web.") ? String(host.dropFirst(4)) : host
    }

    // MARK: Which part answers

    package func part(for head: RequestHead) -> WebPart {
        guard mode != .path else { return .dashboard }
        let host = head.host
        guard !host.isEmpty, !ownNames.contains(host), !DomainName.isAddress(host) else { return .dashboard }
        if let labels = labels(below: host) {
            guard !labels.isEmpty, labels != ["web"] else { return .dashboard }
            // A host of its own is the service's, also in other namespaces than the usual one.
            if mode == .subdomain { return .service }
        } else {
            guard let name = DomainName(host), !name.labels.isEmpty else { return .dashboard }
            let reversed = host.split(separator: ".").reversed().joined(separator: ".")
            let prefix = namespace.name(for: head)
            guard reversed != prefix, prefix == "\(Namespace.standard).web" else { return .dashboard }
        }
        return isShortPath(head) ? .dashboard : .service
    }

    /// Whether a path is that of a page of the dashboard, where a host has both: `/service/x`, or one with a single slash.
    private func isShortPath(_ head: RequestHead) -> Bool {
        let path = head.path
        return path.hasPrefix("/service/") || path.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1
    }

    // MARK: Which service

    package func namespace(for head: RequestHead) -> String { namespace.name(for: head) }

    package func destinations(of head: RequestHead) throws(GatewayError) -> [WebDestination] {
        guard mode != .path, !ownNames.contains(head.host), !DomainName.isAddress(head.host) else {
            return [try byPath(head)]
        }
        if let labels = labels(below: head.host) {
            guard !labels.isEmpty, labels != ["web"] else { return [try byPath(head)] }
            let alias = labels.reversed().joined(separator: ".")
            return [WebDestination(service: qualified(alias, head), prefix: "", target: head.originTarget)]
        }
        guard let byHost = byForeignHost(head) else { return [try byPath(head)] }
        return [byHost, try byPath(head)]
    }

    private func byPath(_ head: RequestHead) throws(GatewayError) -> WebDestination {
        let path = head.path
        let first = path.dropFirst().prefix { $0 != "/" }
        guard path.hasPrefix("/"), first.isApplicationName else {
            throw GatewayError(
                .notFound,
                "\(path) names no web service: names begin the path, and are letters and digits, with hyphens after the"
                    + " first", id: "go.micro.web")
        }
        let rest = path.dropFirst(1 + first.utf8.count)
        let query = head.query.map { "?\($0)" } ?? ""
        return WebDestination(
            service: qualified(String(first), head), prefix: "/\(first)",
            target: (rest.isEmpty ? "/" : String(rest)) + query, lacksSlash: rest.isEmpty)
    }

    /// The labels before the registrable domain are the namespace; of the domain itself, all labels are.
    private func byForeignHost(_ head: RequestHead) -> WebDestination? {
        guard let name = DomainName(head.host) else { return nil }
        let labels = name.labels.isEmpty ? name.domain.split(separator: ".").map { String($0) } : name.labels
        let first = head.path.dropFirst().prefix { $0 != "/" }
        guard first.isApplicationName else { return nil }
        return WebDestination(
            service: labels.reversed().joined(separator: ".") + ".web.\(first)", prefix: "", target: head.originTarget)
    }

    private func qualified(_ name: String, _ head: RequestHead) -> String {
        let prefix = namespace.name(for: head)
        return prefix.isEmpty ? name : "\(prefix).\(name)"
    }

    /// The labels of a host before the domain of web services; empty for that domain itself, nil for other hosts.
    private func labels(below host: String) -> [String]? {
        guard let domain = applicationDomain(of: host) else { return nil }
        guard host != domain else { return [] }
        return host.dropLast(domain.utf8.count + 1).split(separator: ".").map { String($0) }
    }

    private func applicationDomain(of host: String) -> String? {
        applicationDomains.first { host == $0 || host.hasSuffix(".\($0)") }
    }

    // MARK: Links

    package func reference(toApplication label: String, from head: RequestHead, scheme: String) -> String? {
        // The machine's own name says nothing about names below it, so from there applications are reached by path.
        guard mode == .subdomain, let domain = applicationDomain(of: head.host) else {
            return label[...].isApplicationName ? "\(label)/" : nil
        }
        let labels = label.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.allSatisfy({ $0.isApplicationName }), labels != ["web"] else { return nil }
        let port = head.authority.dropFirst(head.host.utf8.count)
        return "\(scheme)://\(labels.reversed().joined(separator: ".")).\(domain)\(port.hasPrefix(":") ? port : "")/"
    }
}

extension Substring {
    /// Letters, digits and hyphens, the first no hyphen.
    fileprivate var isApplicationName: Bool {
        guard let first = utf8.first, first.isLetter || first.isDigit else { return false }
        return utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
    }
}

extension RequestHead {
    /// Path and query.
    fileprivate var originTarget: String { path + (query.map { "?\($0)" } ?? "") }
}
