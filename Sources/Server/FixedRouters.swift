package import Gateway
package import HTTP

/// Sends every request to the same nodes, whatever it asks for.
package final class FixedRouter: Router {
    private let fixed: Route

    package init(service: String, nodes: [Node], strategy: any Strategy, health: NodeHealth) {
        fixed = Route(
            destination: Destination(service: service, endpoint: ""), kind: .http,
            nodes: NodeRotation(nodes: nodes, strategy: strategy, health: health))
    }

    package func route(_ head: RequestHead) throws(GatewayError) -> Route { fixed }

    package func explain(_ head: RequestHead) -> Explanation {
        var explanation = Explanation(of: head)
        explanation.take(fixed)
        explanation.resolver = "of the one server behind this proxy"
        return explanation
    }

    package func route(to destination: Destination) throws(GatewayError) -> Route { fixed }
}

/// Sends every call to the same nodes; the path names the endpoint, such as `/helloworld.Greeter/SayHello`.
package final class FixedCallRouter: Router {
    private let service: String
    private let nodes: NodeRotation
    private let declared: DeclaredRoutes?

    /// - Parameter declared: Routes that go before the names of endpoints. Default none.
    package init(
        service: String, nodes: [Node], strategy: any Strategy, health: NodeHealth, declared: DeclaredRoutes? = nil
    ) {
        self.service = service
        self.nodes = NodeRotation(nodes: nodes, strategy: strategy, health: health)
        self.declared = declared
    }

    package func route(_ head: RequestHead) throws(GatewayError) -> Route {
        if let declared {
            _ = declared.refresh()
            if let binding = declared.binding(of: head) {
                return Route(
                    destination: Destination(service: service, endpoint: binding.rule.path), kind: .rpc,
                    nodes: nodes, isStream: binding.rule.isStream, binding: binding)
            }
        }
        return try route(to: Destination(service: service, endpoint: Self.endpoint(of: head)))
    }

    /// What the path names.
    private static func endpoint(of head: borrowing RequestHead) -> String {
        let path = String(head.routedSpan)
        let isPair = path.dropFirst().contains("/")
        return isPair ? path : String(path.dropFirst())
    }

    package func explain(_ head: RequestHead) -> Explanation {
        var explanation = Explanation(of: head)
        explanation.resolver = "of the one server behind this proxy"
        do throws(GatewayError) {
            explanation.take(try route(head))
        } catch {
            explanation.problem = error
        }
        return explanation
    }

    package func route(to destination: Destination) throws(GatewayError) -> Route {
        Route(destination: destination, kind: .rpc, nodes: nodes)
    }
}
