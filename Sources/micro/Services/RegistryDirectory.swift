import Bytes
import Gateway

/// Calls one node. The seam between the commands and our RPC clients.
protocol RPCRequester: Sendable {
    /// Calls, and returns the answer's JSON text as it came.
    func call(
        _ call: DirectoryCall, on node: Node, deadline: ContinuousClock.Instant
    ) async throws(GatewayError) -> [UInt8]

    /// Sends one message, and hands over the JSON text of each message that comes back, until the end.
    func stream(
        _ call: DirectoryCall, on node: Node, deadline: ContinuousClock.Instant,
        take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(GatewayError)
}

/// Asks a registry and the nodes themselves, without a running appliance.
struct RegistryDirectory: ServiceDirectory {
    private let registry: any Registrar
    private let requester: any RPCRequester
    /// Other nodes tried when one did not take a call.
    private let retries: Int
    /// True for a registry that remembers what was registered when this process is gone.
    private let isLasting: Bool

    init(_ registry: any Registrar, _ requester: any RPCRequester, retries: Int = 1, isLasting: Bool) {
        self.registry = registry
        self.requester = requester
        self.retries = retries
        self.isLasting = isLasting
    }

    func services() async throws(DirectoryError) -> [Service] {
        do throws(RegistryError) { return try await registry.services() } catch { throw .unreachable(error.reason) }
    }

    func services(named name: String) async throws(DirectoryError) -> [Service] {
        do throws(RegistryError) {
            return try await registry.services(named: name)
        } catch {
            throw .unreachable(error.reason)
        }
    }

    func register(_ service: Service, lifetime: Duration?) async throws(DirectoryError) {
        try checkThatItLasts()
        do throws(RegistryError) {
            try await registry.register(service, lifetime: lifetime)
        } catch {
            throw .unreachable(error.reason)
        }
    }

    func deregister(_ service: Service) async throws(DirectoryError) {
        try checkThatItLasts()
        do throws(RegistryError) { try await registry.deregister(service) } catch { throw .unreachable(error.reason) }
    }

    func call(_ call: DirectoryCall) async throws(DirectoryError) -> [UInt8] {
        try await ask(call, take: nil)
    }

    func stream(_ call: DirectoryCall, take: @escaping @Sendable ([UInt8]) -> Void) async throws(DirectoryError) {
        _ = try await ask(call, take: take)
    }

    /// Asks one node after the other, until one takes the call.
    ///
    /// - Parameter take: Gets the messages of a stream; nil for an ordinary call, whose answer is returned.
    private func ask(
        _ call: DirectoryCall, take: (@Sendable ([UInt8]) -> Void)?
    ) async throws(DirectoryError) -> [UInt8] {
        let deadline = ContinuousClock.now + call.timeout
        var nodes = try await nodes(for: call).shuffled()
        var attempts = 1 + retries
        while let node = nodes.popLast() {
            attempts -= 1
            do throws(GatewayError) {
                guard let take else { return try await requester.call(call, on: node, deadline: deadline) }
                try await requester.stream(call, on: node, deadline: deadline, take: take)
                return []
            } catch {
                if error.isRetryable, attempts > 0, !nodes.isEmpty { continue }
                throw .reported(error.report)
            }
        }
        throw .reported(Self.notFound("service \(call.service): no node can be called"))
    }

    /// The nodes that may be called: those of the service that speak RPC, or the one that was named.
    private func nodes(for call: DirectoryCall) async throws(DirectoryError) -> [Node] {
        guard let address = call.address else {
            let versions = try await services(named: call.service)
            guard !versions.isEmpty else { throw .reported(Self.notFound("service \(call.service): not found")) }
            return versions.flatMap(\.nodes).filter { $0.wireProtocol != .http }
        }
        let text = address.asked.description
        // The registry, if it knows the node, knows what it speaks. Go Micro's default is mucp, but for version 2.
        let known = try? await services(named: call.service).flatMap(\.nodes).first { $0.address == text }
        return [known ?? Node(id: text, address: text, metadata: ["protocol": "mucp", "transport": "http"])]
    }

    private func checkThatItLasts() throws(DirectoryError) {
        guard !isLasting else { return }
        throw .unreachable(
            "nobody would keep the registration: registry \(registry.name) forgets it when this command ends;"
                + " start micro server, or name a running one with --server_address")
    }

    /// As the original's client words it, because scripts look for it.
    private static func notFound(_ detail: String) -> MicroError {
        MicroError(id: "go.micro.client", code: 500, detail: detail)
    }
}
