internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// `/api/routes` and `/api/limits`: what operators declare while the program runs. GET lists it, POST adds one, or puts it in
/// the place of the one for the same, and DELETE takes some out.
struct OperatorAPI {
    /// What a path is about.
    enum Subject {
        case routes, limits
    }

    /// The longest declaration accepted.
    private static let maximumBody = 65_536

    let view: CatalogView
    /// Nil when there is no gateway that could go by them.
    let records: (any OperatorRecords)?

    nonisolated(nonsending) func answer(
        _ subject: Subject, _ exchange: Exchange
    ) async throws(GatewayError) -> Result<JSONValue, ServicesAPI.Problem> {
        guard let records else {
            return .failure(.init(status: .notImplemented, sentence: "this program has no gateway to declare that for"))
        }
        let method = exchange.request.method
        guard method == .post || method == .delete else { return .success(Self.list(subject, records.current)) }
        do throws(OperatorRefusal) {
            let change = try Self.change(subject, isNew: method == .post, try await body(of: exchange))
            let rules = try await records.apply(change, knowing: view.catalog).get()
            return .success(Self.list(subject, rules, only: change))
        } catch {
            return .failure(.init(status: error.status, sentence: error.sentence))
        }
    }

    nonisolated(nonsending) private func body(of exchange: Exchange) async throws(OperatorRefusal) -> JSONValue {
        var body = ByteBuffer()
        do throws(GatewayError) {
            try await exchange.collectBody(into: &body, limit: Self.maximumBody)
        } catch {
            throw OperatorRefusal(error.status, error.report.detail)
        }
        do throws(JSONProblem) {
            return try JSONParser.parse(body.span)
        } catch {
            throw OperatorRefusal("the body is no JSON: \(error)")
        }
    }

    private static func change(
        _ subject: Subject, isNew: Bool, _ json: JSONValue
    ) throws(OperatorRefusal) -> OperatorChange {
        switch (subject, isNew) {
        case (.routes, true): .addRoute(try OperatorRoute(json: json))
        case (.routes, false): try .deletingRoutes(json)
        case (.limits, true): .setLimit(try RateLimit(json: json))
        case (.limits, false): try .deletingLimit(json)
        }
    }

    /// - Parameter change: What was just done: then only what it has made is told. Nil for all.
    private static func list(_ subject: Subject, _ rules: OperatorRules, only change: OperatorChange? = nil)
        -> JSONValue
    {
        let items: [JSONValue] =
            switch change {
            case nil: subject == .routes ? rules.routes.map(\.json) : rules.limits.map(\.json)
            case .addRoute(let route): rules.routes.filter { $0.condition == route.condition }.map(\.json)
            case .setLimit(let limit): rules.limits.filter { $0.path == limit.path }.map(\.json)
            case .deleteRoutes, .deleteLimit: []
            }
        return ["data": .array(items)]
    }
}
