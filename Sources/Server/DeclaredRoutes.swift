package import Gateway
internal import HTTP

/// The routes that services have declared, as one loop knows them.
package final class DeclaredRoutes {
    /// Where all loops take them from.
    package typealias Source = Published<RouteIndex>

    private let source: Source
    private var index = RouteIndex()
    private var generation = 0

    package init(_ source: Source) { self.source = source }

    /// Takes what is new. Returns false when nothing is.
    func refresh() -> Bool {
        guard source.generation != generation else { return false }
        generation = source.generation
        index = source.current
        return true
    }

    /// A better error where the resolver has found nothing, but the path is one that is declared.
    func explain(_ error: GatewayError, _ head: borrowing RequestHead) -> GatewayError {
        guard error.code == .notFound else { return error }
        if let rule = binding(of: head)?.rule {
            let names = rule.services.joined(separator: " or ")
            return GatewayError(
                .notFound, "the path belongs to the endpoint \(rule.endpoint) of \(names), which is not registered")
        }
        let methods = index.methods(for: head)
        guard !methods.isEmpty else { return error }
        // Everyone may ask for the methods, as of paths that the resolver knows.
        return .methodNotAllowed(head.method, allowed: Set(methods + ["OPTIONS"]).sorted())
    }

    /// All of them, the ones that go first first.
    var rules: [RouteRule] { index.rules }

    func binding(of head: borrowing RequestHead) -> RouteBinding? { index.binding(of: head) }
}
