import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

/// What is answered to OPTIONS where a declared route takes other methods only.
struct MethodListTests {
    private let loop = ManualEventLoop()

    /// - Parameter isClosed: Whether rules let nobody do anything.
    private func handler(isClosed: Bool = false) -> RoutingHandler {
        let authorizer = Authorizer(
            ClosedProvider(), namespace: .fixed("go.micro.api"), common: .fixed(Namespace.standard))
        return RoutingHandler(router: GetOnly(), handlers: [:], authorizer: isClosed ? authorizer : nil)
    }

    private func ask(
        _ method: HTTP.Method, _ target: String = "/items/7", isClosed: Bool = false
    ) -> ScriptedExchange {
        let scripted = ScriptedExchange(RequestHead(method: method, target: target, authority: "localhost"), on: loop)
        Stage(loop: loop) { self.handler(isClosed: isClosed) }.play(scripted)
        return scripted
    }

    @Test func `OPTIONS is answered with the methods of the path, and all others are refused with them`() {
        let answer = ask(.options)
        #expect(answer.head?.status == .ok)
        #expect(answer.head?.fields["Allow"] == "GET, HEAD, OPTIONS")
        #expect(answer.body == "")
        #expect(answer.failure == nil)
        #expect(ask(.delete).failure?.status == .methodNotAllowed)
        #expect(ask(.delete).failure?.allow == "GET, HEAD, OPTIONS")
    }

    @Test func `OPTIONS for what is nowhere is not found`() {
        #expect(ask(.options, "/none").failure?.status == .notFound)
    }

    @Test func `the methods are told to everyone, and nothing else is`() {
        #expect(ask(.options, isClosed: true).head?.fields["Allow"] == "GET, HEAD, OPTIONS")
        #expect(ask(.delete, isClosed: true).failure?.code == .unauthorized)
        #expect(ask(.options, "/none", isClosed: true).failure?.code == .unauthorized)
    }

    @Test func `it explains itself as it answers`() {
        let head = RequestHead(method: .options, target: "/items/7", authority: "localhost")
        let explanation = handler().explain(head, body: [])
        #expect(explanation.problem == nil)
        #expect(
            explanation.sentence == "answered by the gateway with the methods that the path takes: GET, HEAD, OPTIONS")
        let other = RequestHead(method: .delete, target: "/items/7", authority: "localhost")
        #expect(handler().explain(other, body: []).problem?.status == .methodNotAllowed)
    }
}

/// Knows nobody, and lets operators alone do something.
private final class ClosedProvider: AuthProvider {
    let name = "closed"

    func account(of token: String, in namespace: String) -> TokenAnswer { .refused("is none") }

    func rules(of namespace: String) -> AccessRules? {
        AccessRules([AccessRule(id: "a", scope: .scope("operator"), resource: .init(name: "*", endpoint: "*"))])
    }
}

/// A router of one declared route.
private final class GetOnly: Router {
    func route(_ head: RequestHead) throws(GatewayError) -> Route {
        guard head.path.hasPrefix("/items/") else { throw GatewayError(.notFound, "there is no such path") }
        throw .methodNotAllowed(head.method, allowed: ["GET", "HEAD", "OPTIONS"])
    }

    func route(to destination: Destination) throws(GatewayError) -> Route { throw GatewayError(.notFound, "none") }

    func explain(_ head: RequestHead) -> Explanation {
        var explanation = Explanation(of: head)
        do throws(GatewayError) { _ = try route(head) } catch { explanation.problem = error }
        return explanation
    }
}
