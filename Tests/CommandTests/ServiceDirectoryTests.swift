import Gateway
import JSON
import Testing

@testable import micro

struct ServiceDirectoryTests {
    private static let record = #"{"name":"foo","version":"1","nodes":[{"id":"foo-1","address":"127.0.0.1:1"}]}"#
    private static let service = Service(
        name: "foo", version: "1", nodes: [Node(id: "foo-1", address: "127.0.0.1:1")])
    private static let call = DirectoryCall(
        service: "foo", endpoint: "A.B", body: Array(#"{"a":1.50,"a":2}"#.utf8), timeout: .milliseconds(1_500))

    private func directory(_ line: String, _ status: Int, _ body: String) -> ApplianceDirectory {
        ApplianceDirectory(FakeRequester([line: (status, body)]))
    }

    @Test func `a running appliance lists its services`() async throws {
        let directory = directory("GET /api/services", 200, #"{"data":[\#(Self.record)]}"#)
        #expect(try await directory.services() == [Self.service])
    }

    @Test func `a name travels percent-encoded, and an unknown one is no error`() async throws {
        let error = #"{"error":{"id":"go.micro.web","code":404,"detail":"no such service","status":"Not Found"}}"#
        let directory = directory("GET /api/services/a%2Fb%20c", 404, error)
        #expect(try await directory.services(named: "a/b c") == [])
    }

    @Test(
        "an answer that no appliance sends is named as such",
        arguments: [
            (200, "<html>"), (200, "{}"), (200, #"{"data":{}}"#), (200, #"{"data":[{"version":"1"}]}"#), (502, "oops"),
        ])
    func strangers(status: Int, body: String) async {
        let directory = directory("GET /api/services", status, body)
        let error = await #expect(throws: DirectoryError.self) { try await directory.services() }
        guard case .failed? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a call passes the request on byte by byte, with metadata and the timeout in seconds`() async throws {
        let requester = FakeRequester(["POST /rpc": (200, #"{"b":1}"#)])
        var call = Self.call
        call.metadata = ["X-Trace": "7", "Authorization": "Bearer t"]
        call.address = ListenAddress(host: "", port: 4_000)
        #expect(try await ApplianceDirectory(requester).call(call) == Array(#"{"b":1}"#.utf8))
        let request = try #require(requester.requests.first)
        #expect(
            request.body
                == #"{"service":"foo","endpoint":"A.B","address":"127.0.0.1:4000","request":{"a":1.50,"a":2}}"#)
        #expect(
            request.headers
                == ["Authorization: Bearer t", "X-Trace: 7", "Content-Type: application/json", "Timeout: 2"])
        #expect(request.timeout > call.timeout)
    }

    private static let report = #"{"id":"foo","code":404,"detail":"x","status":"Not Found"}"#

    @Test(
        "the lines of a stream are messages, and the last may be an error",
        arguments: [
            (200, "{\"n\":1}\n{\"error\":1}\n", ["{\"n\":1}", "{\"error\":1}"], false), (200, "{}", ["{}"], false),
            (200, "{\"n\":1}\n{\"error\":\(report)}\n", ["{\"n\":1}"], true), (404, report, [], true),
        ])
    func stream(status: Int, body: String, messages: [String], isError: Bool) async {
        let requester = FakeRequester(["POST /rpc": (status, body)])
        let taken = Box<[String]>([])
        var error: DirectoryError?
        do throws(DirectoryError) {
            try await ApplianceDirectory(requester).stream(Self.call) { line in
                taken.change { $0.append(String(decoding: line, as: UTF8.self)) }
            }
        } catch let failure {
            error = failure
        }
        #expect(taken.value == messages)
        #expect(error == (isError ? .reported(MicroError(id: "foo", code: 404, detail: "x")) : nil))
        #expect(requester.requests.first?.headers.last == "Accept: application/x-ndjson")
    }

    @Test(
        "an error object is read bare and wrapped",
        arguments: [
            #"{"id":"foo","code":404,"detail":"x","status":"Not Found"}"#,
            #"{"error":{"id":"foo","code":404,"detail":"x","status":"Not Found"}}"#,
        ])
    func errors(body: String) async {
        await #expect(throws: DirectoryError.reported(MicroError(id: "foo", code: 404, detail: "x"))) {
            try await directory("POST /rpc", 404, body).call(Self.call)
        }
    }

    @Test(
        "a registration has a lifetime only when one is wanted",
        arguments: [(Duration?.none, "POST /api/services"), (.seconds(90), "POST /api/services?ttl=90")])
    func register(lifetime: Duration?, line: String) async throws {
        let requester = FakeRequester([line: (200, "{}"), "DELETE /api/services": (200, "{}")])
        let directory = ApplianceDirectory(requester)
        try await directory.register(Self.service, lifetime: lifetime)
        try await directory.deregister(Self.service)
        #expect(requester.requests.map(\.line) == [line, "DELETE /api/services"])
        #expect(requester.requests.allSatisfy { $0.body == Self.service.json.text() })
    }

    // MARK: The registry without an appliance.

    private static let twoNodes = Service(
        name: "foo",
        nodes: [
            Node(id: "1", address: "127.0.0.1:1", metadata: ["protocol": "grpc"]),
            Node(id: "2", address: "127.0.0.1:2", metadata: ["protocol": "mucp"]),
            Node(id: "3", address: "127.0.0.1:3", metadata: ["protocol": "http"]),
        ])
    private static let refused = GatewayError(.upstreamRefused, "refused")

    @Test func `a node that did not take the call is followed by another, plain HTTP nodes apart`() async throws {
        let nodes = FakeNodes([.failure(Self.refused), .success("{}")])
        let directory = RegistryDirectory(FakeRegistry([Self.twoNodes]), nodes, isLasting: true)
        #expect(try await directory.call(Self.call) == Array("{}".utf8))
        #expect(Set(nodes.called.map(\.id)) == ["1", "2"])
    }

    @Test(
        "only so many nodes are tried, and none after one that may have done it",
        arguments: [
            (0, refused, 1), (1, refused, 2), (9, refused, 2),
            (9, GatewayError(.upstreamTimedOut, "late", mayHaveBeenSent: true), 1),
        ])
    func retries(retries: Int, failure: GatewayError, count: Int) async {
        let nodes = FakeNodes(Array(repeating: .failure(failure), count: 10))
        let directory = RegistryDirectory(FakeRegistry([Self.twoNodes]), nodes, retries: retries, isLasting: true)
        await #expect(throws: DirectoryError.reported(failure.report)) { try await directory.call(Self.call) }
        #expect(nodes.called.count == count)
    }

    @Test(
        "an address is called without discovery, in the protocol that the registry knows of it",
        arguments: [(UInt16(1), WireProtocol.grpc), (2, .mucp(transport: "http")), (9, .mucp(transport: "http"))])
    func direct(port: UInt16, wireProtocol: WireProtocol) async throws {
        let nodes = FakeNodes([])
        var call = Self.call
        call.address = ListenAddress(host: "127.0.0.1", port: port)
        _ = try await RegistryDirectory(FakeRegistry([Self.twoNodes]), nodes, isLasting: true).call(call)
        #expect(nodes.called.map(\.address) == ["127.0.0.1:\(port)"])
        #expect(nodes.called.map(\.wireProtocol) == [wireProtocol])
    }

    @Test func `a service that is not there is reported as Go Micro's client words it`() async {
        let directory = RegistryDirectory(FakeRegistry([]), FakeNodes([]), isLasting: true)
        let report = MicroError(id: "go.micro.client", code: 500, detail: "service foo: not found")
        await #expect(throws: DirectoryError.reported(report)) { try await directory.call(Self.call) }
    }

    @Test func `a registration that would end with the command is refused`() async throws {
        let registry = FakeRegistry([])
        let fleeting = RegistryDirectory(registry, FakeNodes([]), isLasting: false)
        await #expect(throws: DirectoryError.self) { try await fleeting.register(Self.service, lifetime: nil) }
        await #expect(throws: DirectoryError.self) { try await fleeting.deregister(Self.service) }
        #expect(registry.writes == [])
        let lasting = RegistryDirectory(registry, FakeNodes([]), isLasting: true)
        try await lasting.register(Self.service, lifetime: .seconds(60))
        try await lasting.deregister(Self.service)
        #expect(registry.writes == ["register foo 60.0 seconds", "deregister foo"])
    }

    @Test func `a registry that does not answer is unreachable`() async {
        let registry = FakeRegistry([], failure: RegistryError("no network"))
        let directory = RegistryDirectory(registry, FakeNodes([]), isLasting: true)
        await #expect(throws: DirectoryError.unreachable("no network")) { try await directory.services() }
    }
}
