internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// `/api/services`: what is registered, and for programs on this machine the means to change it.
struct ServicesAPI {
    /// The longest record accepted.
    static let maximumBody = 1_048_576

    let view: CatalogView
    /// Nil when the registry can only be read.
    let registrar: (any Registrar)?
    /// Nil when nothing is known but what the registry tells.
    let types: (any MessageTypeSource)?

    /// What is wrong with a request, for the client that made it.
    struct Problem: Error {
        let status: Status
        let sentence: String
    }

    // MARK: Reading

    func all() -> JSONValue { envelope(view.catalog.services) }

    /// How long an answer waits for services that are asked for their types.
    static let asking = Duration.seconds(1)

    /// One service with the schemas of its messages.
    ///
    /// - Parameter name: As in the path, percent-encoded.
    nonisolated(nonsending) func one(_ name: String, _ exchange: Exchange) async -> Result<JSONValue, Problem> {
        let name = PercentEncoding.decode(name) ?? name
        let versions = view.catalog.versions(of: name)
        let generation = view.catalog.generation
        guard versions.isEmpty else {
            let types =
                await types?.messageTypes(of: versions, wakeup: exchange.wakeup, within: Self.asking)
                ?? NoMessageTypes()
            let described = await LongWork.run(over: versions, types) {
                Self.envelope($0.described(by: $1), generation)
            }
            return .success(described ?? envelope(versions))
        }
        return .failure(unknown(name))
    }

    /// What is told of a name that is not registered.
    func unknown(_ name: String) -> Problem {
        let near = NearestWord.services(to: name, in: view.catalog.names)
        let hint =
            switch near.count {
            case 0: "\(view.catalog.names.count) services are registered, none with a similar name"
            case 1: "the nearest name is \(near[0])"
            default: "the nearest names are \(near.joined(separator: ", "))"
            }
        return Problem(status: .notFound, sentence: "service \(name) is not registered; \(hint)")
    }

    private func envelope(_ services: [Service]) -> JSONValue {
        Self.envelope(services.map(\.json), view.catalog.generation)
    }

    private static func envelope(_ services: [JSONValue], _ generation: UInt64) -> JSONValue {
        .object(["data": .array(services), "generation": .number(String(generation))])
    }

    /// All versions in the form of Micro v2's pages.
    static func list(_ services: [Service]) -> JSONValue { .object(["services": .array(services.map(\.json))]) }

    // MARK: Writing

    /// Adds the nodes of the record in the body, for as long as `?ttl=` says, else for good. Answers when every loop routes
    /// requests to them, so that whoever registers a service may call it next.
    nonisolated(nonsending) func register(
        _ exchange: Exchange
    ) async throws(GatewayError) -> Result<JSONValue, Problem> {
        let body = try await body(of: exchange)
        do throws(Problem) {
            let (registrar, service) = try (writable(), record(body))
            do throws(MalformedRecord) { try service.checkNodes() } catch { throw Self.bad(error.reason) }
            let lifetime = try lifetime(exchange.request.query)
            do { try await registrar.register(service, lifetime: lifetime) } catch { throw Self.unavailable(error) }
            await view.waitUntilShown(service, for: exchange)
            return .success(["data": ["registered": .integer(service.nodes.count)]])
        } catch {
            return .failure(error)
        }
    }

    /// Takes out the nodes of the record in the body; all that its version has when the record names none.
    nonisolated(nonsending) func deregister(
        _ exchange: Exchange
    ) async throws(GatewayError) -> Result<JSONValue, Problem> {
        let body = try await body(of: exchange)
        do throws(Problem) {
            let (registrar, service) = try (writable(), record(body))
            let known = view.catalog.versions(of: service.name).first { $0.version == service.version }
            let count = service.nodes.isEmpty ? known?.nodes.count ?? 0 : service.nodes.count
            do { try await registrar.deregister(service) } catch { throw Self.unavailable(error) }
            return .success(["data": ["deregistered": .integer(count)]])
        } catch {
            return .failure(error)
        }
    }

    nonisolated(nonsending) private func body(of exchange: Exchange) async throws(GatewayError) -> ByteBuffer {
        var body = ByteBuffer()
        try await exchange.collectBody(into: &body, limit: Self.maximumBody)
        return body
    }

    private func writable() throws(Problem) -> any Registrar {
        guard let registrar else {
            throw Problem(
                status: .notImplemented,
                sentence: "this registry can only be read; services register with it by themselves")
        }
        return registrar
    }

    private func record(_ body: ByteBuffer) throws(Problem) -> Service {
        do throws(MalformedRecord) { return try Service(record: body.span) } catch { throw Self.bad(error.reason) }
    }

    private func lifetime(_ query: String?) throws(Problem) -> Duration? {
        guard let pair = query?.split(separator: "&").first(where: { $0.hasPrefix("ttl=") }) else { return nil }
        guard let seconds = Int32(pair.dropFirst(4)), seconds > 0 else {
            throw Self.bad("ttl must be a whole number of seconds above 0")
        }
        return .seconds(Int(seconds))
    }

    private static func bad(_ sentence: String) -> Problem { Problem(status: .badRequest, sentence: sentence) }

    private static func unavailable(_ error: RegistryError) -> Problem {
        Problem(status: .serviceUnavailable, sentence: "the registry did not take it: \(error.reason)")
    }
}

extension [Service] {
    /// How many types all schemas together may have. Those of further endpoints are left out.
    private static var maximumTypes: Int { 10_000 }

    /// The records, and with each endpoint the schemas of its messages as documents of their own.
    fileprivate func described(by types: any MessageTypes) -> [JSONValue] {
        var left = Self.maximumTypes
        return map { service in
            guard var record = service.json.objectValue else { return service.json }
            record["endpoints"] = .array(
                service.endpoints.map { endpoint in
                    guard left > 0, var described = endpoint.json.objectValue else { return endpoint.json }
                    let known = EndpointTypes(of: endpoint, of: service, types)
                    left -= (known.request?.types.count ?? 0) + (known.response?.types.count ?? 0)
                    if let request = known.request { described["requestSchema"] = request.document }
                    if let response = known.response { described["responseSchema"] = response.document }
                    return .object(described)
                })
            return .object(record)
        }
    }
}
