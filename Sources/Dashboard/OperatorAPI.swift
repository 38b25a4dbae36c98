internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON
internal import Reactor

/// `/api/routes` and `/api/limits`: what operators declare while the program runs. GET lists it, POST adds one, or puts it in
/// the place of the one for the same, and DELETE takes some out.
///
/// `GET /api/routes` also tells, beside `data`, all `routes` that the gateways know, as `RouteListing` has them;
/// `?origin=registry` and `?path=/v1` ask for fewer of those.
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
        do throws(OperatorRefusal) {
            switch exchange.request.method {
            case .post: return .success(try await change(subject, isNew: true, records, exchange))
            case .delete: return .success(try await change(subject, isNew: false, records, exchange))
            default: return .success(try await everything(subject, records, exchange.request.query))
            }
        } catch {
            return .failure(.init(status: error.status, sentence: error.sentence))
        }
    }

    nonisolated(nonsending) private func everything(
        _ subject: Subject, _ records: any OperatorRecords, _ query: String?
    ) async throws(OperatorRefusal) -> JSONValue {
        let declared = Self.list(subject, records.current)
        guard subject == .routes else { return .object(["data": declared]) }
        let question = try Self.question(query ?? "")
        let listing = records.listing
        // A look at a hundred thousand of them is nothing for a loop to wait for.
        let isQuick = listing.count <= RouteListing.maximumCount
        guard var object = isQuick ? listing.json(question) : await BlockingPool.shared.run({ listing.json(question) })
        else {
            throw OperatorRefusal(.serviceUnavailable, "too much else is being done; ask again")
        }
        object["data"] = declared
        return .object(object)
    }

    private static func question(_ query: String) throws(OperatorRefusal) -> RouteListing.Question {
        var question = RouteListing.Question()
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let value = PercentEncoding.decode(String(pair.count > 1 ? pair[1] : ""), plusIsSpace: true) else {
                throw OperatorRefusal("\(pair[0].prefix(50)) is not percent-encoded UTF-8")
            }
            switch pair[0] {
            case "path": question.path = value
            case "origin":
                guard let source = RouteSource(rawValue: value) else {
                    let known = RouteSource.allCases.map(\.rawValue)
                    let near = NearestWord.one(to: value, in: known).map { "; did you mean \($0)?" } ?? ""
                    throw OperatorRefusal("origin \(value.prefix(50)) is not \(known.joined(separator: ", "))\(near)")
                }
                question.source = source
            default:
                throw OperatorRefusal(
                    "\(pair[0].prefix(50)) is no parameter of a list of routes; it has origin and path")
            }
        }
        return question
    }

    nonisolated(nonsending) private func change(
        _ subject: Subject, isNew: Bool, _ records: any OperatorRecords, _ exchange: Exchange
    ) async throws(OperatorRefusal) -> JSONValue {
        let change = try Self.change(subject, isNew: isNew, try await body(of: exchange))
        do throws(OperatorRefusal) {
            let rules = try await records.apply(change, knowing: view.catalog).get()
            return ["data": Self.list(subject, rules, only: change)]
        } catch {
            throw records.listing.explain(error, of: change)
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
        case (.limits, false): try .deletingLimits(json)
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
            case .setLimit(let limit): rules.limits.filter { $0.condition == limit.condition }.map(\.json)
            case .deleteRoutes, .deleteLimits: []
            }
        return .array(items)
    }
}
