import AuthProviders
import Bytes
import Gateway
import HTTP
import JSON
import Reactor
import TestSupport
import Testing

@Suite("Provider that asks go.micro.auth")
struct ServiceProviderTests {
    /// Answers as the service would.
    ///
    /// Unchecked because a test and its hand-turned loop share one thread.
    private final class Service: Caller, @unchecked Sendable {
        var answers: [String: String] = [
            "Rules.List":
                #"{"rules":[{"id":"a","scope":"*","access":1,"resource":{"type":"*","name":"*","endpoint":"*"}}]}"#,
            "Auth.Inspect": #"{"account":{"id":"joe","issuer":"go.micro","scopes":["user"]}}"#,
        ]
        var failure: GatewayError?
        /// Such as `Rules.List {} for go.micro`.
        private(set) var asked: [String] = []

        nonisolated(nonsending) func call(
            _ call: RPCCall, on node: Node, reply: inout ByteBuffer, wakeup: Wakeup
        ) async throws(GatewayError) {
            let (endpoint, body) = (call.destination.endpoint, call.body)
            asked.append("\(endpoint) \(body.text) for \(call.metadata["Micro-Namespace"] ?? "")")
            if let failure { throw failure }
            reply.append(answers[endpoint] ?? "")
        }
    }

    private final class OneNode: Router {
        private let route = Route(
            destination: Destination(service: "go.micro.auth", endpoint: ""), kind: .rpc,
            nodes: NodeRotation(
                nodes: [Node(id: "a", address: "10.0.0.1:1", metadata: ["protocol": "grpc"])],
                strategy: RandomChoice(), health: NodeHealth()))

        func route(_ head: RequestHead) throws(GatewayError) -> Route { route }
        func explain(_ head: RequestHead) -> Explanation { Explanation(of: head) }
        func route(to destination: Destination) throws(GatewayError) -> Route { route }
    }

    /// A provider, what it asks, and the loop that both run on.
    private actor Rig {
        let provider: ServiceProvider
        private nonisolated let loop: ManualEventLoop
        nonisolated let service = Service()
        private var failure: GatewayError?
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

        init(_ loop: ManualEventLoop) {
            self.loop = loop
            provider = ServiceProvider(
                router: OneNode(), dispatcher: Dispatcher(callers: [.grpc: service], loop: loop), loop: loop)
        }

        /// Learns, and returns what is known then.
        nonisolated func learn(_ token: String?, in namespace: String = "go.micro") -> (TokenAnswer?, GatewayError?) {
            let found = Found()
            Task(executorPreference: loop) { await self.learn(token, namespace, found) }
            loop.drain()
            return (found.answer, found.failure)
        }

        private func learn(_ token: String?, _ namespace: String, _ found: Found) async {
            do throws(GatewayError) {
                try await provider.learn(token, in: namespace, wakeup: Wakeup())
            } catch {
                found.failure = error
            }
            found.answer = token.map { provider.account(of: $0, in: namespace) }
            found.rules = provider.rules(of: namespace)
        }

        private final class Found: @unchecked Sendable {
            var answer: TokenAnswer?
            var rules: AccessRules?
            var failure: GatewayError?
        }
    }

    private static let joe = TokenAnswer.account(Account(id: "joe", issuer: "go.micro", scopes: ["user"]))

    @Test("Rules and accounts are asked for once, and again when they are old")
    func believesForAWhile() {
        let loop = ManualEventLoop()
        let rig = Rig(loop)
        #expect(rig.learn("t").0 == Self.joe)
        #expect(rig.service.asked == ["Rules.List {} for go.micro", #"Auth.Inspect {"token":"t"} for go.micro"#])
        #expect(rig.learn("t").0 == Self.joe)
        #expect(rig.service.asked.count == 2)
        loop.advance(by: .seconds(6))
        #expect(rig.learn("t").0 == Self.joe)
        #expect(rig.service.asked.count == 3)
        loop.advance(by: .seconds(30))
        _ = rig.learn(nil)
        #expect(rig.service.asked.count == 4)
    }

    @Test("Each namespace has its own rules and accounts")
    func keepsNamespacesApart() {
        let rig = Rig(ManualEventLoop())
        _ = rig.learn("t")
        _ = rig.learn("t", in: "acme")
        #expect(rig.service.asked.suffix(2) == ["Rules.List {} for acme", #"Auth.Inspect {"token":"t"} for acme"#])
    }

    @Test("A token that the service does not know is refused, and that is believed too")
    func refusesUnknownTokens() {
        let rig = Rig(ManualEventLoop())
        _ = rig.learn(nil)
        rig.service.failure = GatewayError(
            reportedBy: "go.micro.auth", MicroError(id: "go.micro.auth", code: 400, detail: "Invalid token"))
        #expect(rig.learn("t").0 == .refused("is not known"))
        #expect(rig.learn("t").0 == .refused("is not known"))
        #expect(rig.service.asked.count == 2)
    }

    @Test(
        "Whatever else goes wrong, nobody passes",
        arguments: [
            GatewayError(.upstreamRefused, "a"), GatewayError(.upstreamTimedOut, "a"),
            GatewayError(reportedBy: "go.micro.auth", MicroError(id: "a", code: 500, detail: "b")),
        ])
    func failsClosed(failure: GatewayError) {
        let rig = Rig(ManualEventLoop())
        rig.service.failure = failure
        #expect(rig.learn(nil).1?.code == .noNodes)
        #expect(rig.learn("t").0 == .unknown)
    }

    @Test(
        "Rules that are not understood are no rules",
        arguments: [
            "", "[]", "null", #"{"rules":[{}]}"#, #"{"rules":[{"access":1}]}"#,
            #"{"rules":[{"access":"MAYBE","resource":{"type":"*","name":"*","endpoint":"*"}}]}"#,
        ])
    func refusesOddRules(answer: String) {
        let rig = Rig(ManualEventLoop())
        rig.service.answers["Rules.List"] = answer
        #expect(rig.learn(nil).1?.code == .noNodes)
    }

    @Test("No rules are no access", arguments: ["{}", #"{"rules":[]}"#])
    func takesEmptyLists(answer: String) {
        let rig = Rig(ManualEventLoop())
        rig.service.answers["Rules.List"] = answer
        #expect(rig.learn(nil).1 == nil)
    }

    @Test("An account without an id is none", arguments: ["{}", #"{"account":{}}"#, #"{"account":{"id":""}}"#])
    func refusesOddAccounts(answer: String) {
        let rig = Rig(ManualEventLoop())
        rig.service.answers["Auth.Inspect"] = answer
        #expect(rig.learn("t").0 == .refused("is of no account"))
    }
}
