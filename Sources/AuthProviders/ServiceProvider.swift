internal import Bytes
package import Gateway
internal import HTTP
internal import JSON
package import Reactor

/// Accounts and rules as the service `go.micro.auth` knows them. What it said is believed for a while, and when it does not
/// answer nobody may do anything that was not decided before.
package final class ServiceProvider: AuthProvider {
    /// How long what the service says is believed, and how long it is waited for.
    package struct Configuration: Sendable {
        /// How long rules are believed. As Go Micro's clients do: 30 s.
        package var rulesLifetime: Duration = .seconds(30)
        /// How long an account is believed, and so how long a token that was taken back still works. Default 5 s.
        package var accountLifetime: Duration = .seconds(5)
        /// How long the service may take to answer. Default 5 s.
        package var timeout: Duration = .seconds(5)

        package init() {}
    }

    /// The service that is asked.
    package static let service = "go.micro.auth"
    /// Namespaces come from the hosts of requests, so a client could make any number of them.
    private static let maximumNamespaces = 64

    private let router: any Router
    private let dispatcher: Dispatcher
    private let loop: any EventLoop
    private let local: JWTProvider?
    private let configuration: Configuration
    private var rules: [String: RulesEntry] = [:]
    private var accounts = TokenCache<(answer: TokenAnswer, end: ContinuousClock.Instant)>()

    private struct RulesEntry {
        let value: AccessRules
        let end: ContinuousClock.Instant
        /// True while somebody asks for newer ones; others go on with these for so long.
        var isBeingRenewed = false
    }

    /// - Parameters:
    ///   - router: Knows the nodes of named services.
    ///   - local: Reads tokens that prove themselves, where the operator has given the key; nil asks for all of them.
    package init(
        router: any Router, dispatcher: Dispatcher, loop: any EventLoop, local: JWTProvider? = nil,
        configuration: Configuration = Configuration()
    ) {
        self.router = router
        self.dispatcher = dispatcher
        self.loop = loop
        self.local = local
        self.configuration = configuration
    }

    package var name: String { Self.service }

    package func rules(of namespace: String) -> AccessRules? {
        guard let entry = rules[namespace] else { return nil }
        let end = entry.isBeingRenewed ? entry.end + configuration.timeout : entry.end
        return end > loop.now ? entry.value : nil
    }

    package func account(of token: String, in namespace: String) -> TokenAnswer {
        if let local, Self.isSelfContained(token) { return local.account(of: token, in: namespace) }
        return accounts[Self.key(token, namespace)].flatMap { $0.end > loop.now ? $0.answer : nil } ?? .unknown
    }

    nonisolated(nonsending) package func learn(
        _ token: String?, in namespace: String, wakeup: Wakeup
    ) async throws(GatewayError) {
        if rules(of: namespace) == nil { try await learnRules(of: namespace, wakeup) }
        guard let token, account(of: token, in: namespace) == .unknown else { return }
        try await learnAccount(of: token, namespace, wakeup)
    }

    private static func isSelfContained(_ token: String) -> Bool { token.utf8.count { $0 == UInt8(ascii: ".") } == 2 }

    private static func key(_ token: String, _ namespace: String) -> String { "\(namespace) \(token)" }

    // MARK: Asking

    nonisolated(nonsending) private func learnRules(
        of namespace: String, _ wakeup: Wakeup
    ) async throws(GatewayError) {
        rules[namespace]?.isBeingRenewed = true
        defer { rules[namespace]?.isBeingRenewed = false }
        let answer = try await ask("Rules.List", [:], in: namespace, wakeup)
        let read: AccessRules
        do throws(MalformedRules) {
            read = try AccessRules(answer)
        } catch {
            throw Self.silence(because: error.reason)
        }
        if rules.count >= Self.maximumNamespaces { rules.removeAll() }
        rules[namespace] = RulesEntry(value: read, end: loop.now + configuration.rulesLifetime)
    }

    nonisolated(nonsending) private func learnAccount(
        of token: String, _ namespace: String, _ wakeup: Wakeup
    ) async throws(GatewayError) {
        let found: TokenAnswer
        do throws(GatewayError) {
            let answer = try await ask("Auth.Inspect", ["token": .string(token)], in: namespace, wakeup)
            found = Account(inspected: answer).map { .account($0) } ?? .refused("is of no account")
        } catch {
            // The service itself says what is wrong with it.
            guard error.code == .application, (400..<500).contains(error.status.code) else { throw error }
            found = .refused("is not known")
        }
        accounts.keep((found, loop.now + configuration.accountLifetime), for: Self.key(token, namespace))
    }

    /// - Throws: `.application` for what the service reports, else `.noNodes`.
    nonisolated(nonsending) private func ask(
        _ endpoint: String, _ message: JSONObject, in namespace: String, _ wakeup: Wakeup
    ) async throws(GatewayError) -> JSONValue {
        let destination = Destination(service: Self.service, endpoint: endpoint)
        var metadata = HeaderFields()
        metadata.append(name: "Micro-Namespace", value: namespace)
        let call = RPCCall(
            destination: destination, body: ByteBuffer(JSONValue.object(message).text()), metadata: metadata,
            deadline: loop.now + configuration.timeout)
        var reply = ByteBuffer()
        do throws(GatewayError) {
            let route = try router.route(to: destination)
            try await dispatcher.call(call, over: route, isIdempotent: true, reply: &reply, wakeup: wakeup)
        } catch {
            guard error.code == .application, error.status.code < 500 else {
                throw Self.silence(because: "\(endpoint): \(error.detail)")
            }
            throw error
        }
        guard let answer = try? JSONParser.parse(reply.span) else {
            throw Self.silence(because: "\(endpoint) answered something that is no JSON")
        }
        return answer
    }

    private static func silence(because reason: String) -> GatewayError {
        GatewayError(
            .noNodes, "who may do this cannot be found out at the moment; ask again",
            detail: "\(service) was asked who may do this: \(reason)")
    }
}

extension Account {
    /// From the answer of `Auth.Inspect`. Nil when it names none.
    init?(inspected answer: JSONValue) {
        guard let account = answer["account"], let id = account["id"]?.stringValue, !id.isEmpty, id.isVisible else {
            return nil
        }
        self.init(
            id: id, issuer: account["issuer"]?.stringValue ?? "",
            scopes: account["scopes"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }
}

/// Why an answer is no list of rules.
struct MalformedRules: Error, Equatable {
    let reason: String
}

extension AccessRules {
    /// From the answer of `Rules.List`.
    ///
    /// - Throws: For a rule that is not understood: without it, others might grant what it denies.
    init(_ answer: JSONValue) throws(MalformedRules) {
        guard answer.objectValue != nil else { throw MalformedRules(reason: "its rules are no object") }
        let list = answer["rules"]?.arrayValue ?? []
        guard list.count <= Self.maximumCount else {
            throw MalformedRules(reason: "it has more than \(Self.maximumCount) rules")
        }
        var rules: [AccessRule] = []
        for value in list {
            guard let rule = AccessRule(value) else {
                throw MalformedRules(reason: "one of its rules makes no sense: \(value.text().prefix(200))")
            }
            rules.append(rule)
        }
        self.init(rules)
    }
}

extension AccessRule {
    fileprivate init?(_ value: JSONValue) {
        guard let resource = value["resource"], let access = Self.access(value["access"]) else { return nil }
        // What an answer leaves out is empty in protobuf, and means nothing that could be matched.
        func text(_ name: String) -> String { resource[name]?.stringValue ?? "" }
        self.init(
            id: value["id"]?.stringValue ?? "", scope: Scope(value["scope"]?.stringValue ?? ""), isGranted: access,
            priority: value["priority"]?.intValue ?? 0,
            resource: Pattern(type: text("type"), name: text("name"), endpoint: text("endpoint")))
    }

    /// As its name or its number. Without one it is unknown, which is no access.
    private static func access(_ value: JSONValue?) -> Bool? {
        switch (value?.stringValue, value?.intValue) {
        case ("GRANTED", _), (_, 1): true
        case ("DENIED", _), (_, 2), ("UNKNOWN", _), (_, 0): false
        case (nil, nil) where value == nil: false
        default: nil
        }
    }
}
