internal import Glibc
package import HTTP
internal import Reactor

/// Who may use what reaches every service, as long as nobody can sign in: clients on this machine that ask for this
/// machine.
///
/// The address alone does not suffice. A page from elsewhere whose host name was made to resolve to 127.0.0.1 (DNS
/// rebinding) comes from a loopback address too, but its `Host` gives it away. And any page may send requests that
/// change something without being able to read the answer; those are known by `Origin` and `Sec-Fetch-Site`.
package struct AccessPolicy: Sendable, Equatable {
    /// True when clients from anywhere are answered, whatever host they ask for.
    package var isInsecure: Bool
    /// Names of this machine, apart from `localhost` and the loopback addresses. Compared without regard to case.
    package var machineNames: [String]
    /// Domains of which every name below is one of this machine's too. `localhost` need not be named.
    package var machineDomains: [String]

    /// What is protected, as refusals call it, and the flag that opens it.
    private let subject: String
    private let flag: String

    package init(
        isInsecure: Bool = false, machineNames: [String] = [], machineDomains: [String] = [],
        subject: String = "The dashboard", flag: String = "--insecure_dashboard"
    ) {
        self.isInsecure = isInsecure
        self.subject = subject
        self.flag = flag
        self.machineNames = machineNames.map { $0.lowercased() }
        self.machineDomains = machineDomains.map { $0.lowercased() }
    }

    /// What the system calls this machine. Empty when it has no name.
    package static func namesOfThisMachine() -> [String] {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, 255) == 0 else { return [] }
        let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty ? [] : [text]
    }

    /// Why a request is not answered.
    package struct Refusal: Error, Equatable {
        package let status: Status
        /// For the person who asked: what is wrong, and what to do instead.
        package let sentence: String
    }

    /// Nil when the request may be answered.
    ///
    /// - Parameters:
    ///   - isFromThisMachine: As the exchange says: the address alone does not tell, as a proxy may pass on what others
    ///     ask.
    ///   - hasAccount: Whether it is known who asks. Whoever has an account may come from anywhere. Default false.
    ///   - opensTunnel: Whether the request asks for a WebSocket, which a page of another site could read. Default false.
    package func refusal(
        of request: borrowing RequestHead, isFromThisMachine: Bool, hasAccount: Bool = false, opensTunnel: Bool = false
    ) -> Refusal? {
        if !isInsecure, !hasAccount, let refusal = foreignRefusal(of: request, isFromThisMachine) { return refusal }
        return request.method.isSafe && !opensTunnel ? nil : crossSiteRefusal(of: request)
    }

    // MARK: Foreign clients and foreign names

    private func foreignRefusal(of request: borrowing RequestHead, _ isFromThisMachine: Bool) -> Refusal? {
        guard isFromThisMachine else {
            return Refusal(
                status: .forbidden,
                sentence: "\(subject) answers only clients on the machine it runs on. Ask there, or through a tunnel "
                    + "such as ssh -L, or start with \(flag) to answer everyone.")
        }
        guard isThisMachine(request.authority) else {
            return Refusal(
                status: .misdirectedRequest,
                sentence: "\(subject) does not answer for this host name. Ask for localhost or 127.0.0.1, or start "
                    + "with \(flag) to answer for every name.")
        }
        return nil
    }

    /// Whether a `host[:port]` names this machine. What follows the host must be a port and nothing else.
    func isThisMachine(_ authority: String) -> Bool {
        guard var host = Self.host(of: authority.lowercased()) else { return false }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return Address(ip: host.dropFirst().dropLast(), port: 0)?.isLoopback ?? false
        }
        if let address = Address(ip: host, port: 0) { return address.family == .v4 && address.isLoopback }
        if host.hasSuffix(".") { host = host.dropLast() }
        return host == "localhost" || host.hasSuffix(".localhost") || machineNames.contains(String(host))
            || machineDomains.contains { host.hasSuffix(".\($0)") }
    }

    /// The part before the port; nil when what follows is no port.
    private static func host(of authority: String) -> Substring? {
        var rest = authority[...]
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { rest = authority[end...] }
        guard let colon = rest.firstIndex(of: ":") else { return authority[...] }
        let port = authority[authority.index(after: colon)...]
        guard port.utf8.count <= 5, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return authority[..<colon]
    }

    // MARK: Requests that other sites cause

    private func crossSiteRefusal(of request: borrowing RequestHead) -> Refusal? {
        let authority = request.authority
        let sites = request.fields.values(.secFetchSite)
        let origins = request.fields.values(.origin)
        guard sites.allSatisfy({ $0 == "same-origin" || $0 == "none" }),
            origins.allSatisfy({ Self.isSameOrigin($0, authority) })
        else {
            return Refusal(
                status: .forbidden,
                sentence: "The request was caused by a page of another site, which may not change or call anything "
                    + "here. Use a page of ours, or a client that is no browser.")
        }
        return nil
    }

    /// Whether an `Origin` is the host that is asked. `null`, which sandboxed pages send, is never.
    static func isSameOrigin(_ origin: String, _ authority: String) -> Bool {
        let origin = origin.lowercased()
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where origin.hasPrefix(scheme) {
            func withoutDefaultPort(_ text: some StringProtocol) -> String {
                text.hasSuffix(port) ? String(text.dropLast(port.count)) : String(text)
            }
            let host = withoutDefaultPort(origin.dropFirst(scheme.count))
            return !host.isEmpty && host == withoutDefaultPort(authority.lowercased())
        }
        return false
    }
}
