import Gateway
import Glibc
import Logging
import TestSupport
import Testing

@testable import micro

final class OperatorBookTests {
    private let top: String
    private let folder: String
    private let catalog = Catalog(
        generation: 1,
        services: [
            Service(
                name: "one", version: "1", endpoints: [Endpoint(name: "Only.One")],
                nodes: [Node(id: "1", address: "127.0.0.1:1")]),
            Service(
                name: "go.micro.api.many", version: "1",
                endpoints: [Endpoint(name: "Many.Call"), Endpoint(name: "Many.Other")],
                nodes: [Node(id: "2", address: "127.0.0.1:2")]),
        ])

    init() {
        var template = Array("/tmp/operator-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "there is no folder for the test")
        top = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        folder = "\(top)/gateway"
    }

    deinit {
        for name in [OperatorFile.name, "lock"] { unlink("\(folder)/\(name)") }
        for name in [folder, top] { rmdir(name) }
    }

    private func book(_ routes: RouteBook? = nil) throws -> OperatorBook {
        try OperatorBook(
            OperatorFile(in: top, [:]), namespace: "go.micro.api",
            routes: routes ?? RouteBook(logger: .silent))
    }

    private func limit(_ path: String) throws -> OperatorChange {
        .setLimit(try RateLimit(path: path, requests: 5, window: 60))
    }

    private func route(_ path: String, _ service: String, endpoint: String = "") throws -> OperatorChange {
        .addRoute(OperatorRoute(on: try RouteRule.Condition(path: path), service: service, endpoint: endpoint))
    }

    @Test func `what was declared is there after a restart, for its owner alone`() async throws {
        let first = try book()
        _ = try await first.apply(limit("/user"), knowing: catalog).get()
        _ = try await first.apply(route("/user", "user"), knowing: catalog).get()
        var status = stat()
        #expect(stat("\(folder)/\(OperatorFile.name)", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let routes = RouteBook(logger: .silent)
        let second = try book(routes)
        #expect(second.current == first.current)
        #expect(second.limits.current.counters.map(\.limit.name) == ["/user"])
        #expect(routes.rules.map(\.services) == [["user", "go.micro.api.user"]])
        #expect(routes.rules.map(\.origin) == ["micro api add route"])
    }

    @Test(
        "the endpoint is what the path says, or else the only one of the service",
        arguments: [
            ("/user", "user", "User.Call"), ("/user/read-all", "user", "User.ReadAll"), ("/x", "one", "Only.One"),
            ("/x/{id}", "one", "Only.One"), ("/many", "many", "Many.Call"), ("/x/{id}", "user", nil),
            ("/x", "many", nil),
        ] as [(String, String, String?)])
    func endpoints(path: String, service: String, endpoint: String?) async throws {
        let book = try book()
        let result = await book.apply(try route(path, service), knowing: catalog)
        guard let endpoint else {
            #expect(throws: OperatorRefusal.self) { try result.get() }
            return
        }
        #expect(try result.get().routes.map(\.endpoint) == [endpoint])
    }

    @Test func `what another program has written meanwhile is not lost`() async throws {
        let (one, two) = (try book(), try book())
        _ = try await one.apply(limit("/one"), knowing: catalog).get()
        let result = await two.apply(try limit("/two"), knowing: catalog)
        let refusal = #expect(throws: OperatorRefusal.self) { try result.get() }
        #expect(refusal?.sentence.contains("was changed by another program") == true)
        #expect(two.current == OperatorRules())
        #expect(two.limits.current.isEmpty)
        #expect(try book().current.limits.map(\.name) == ["/one"])
    }

    @Test func `where nothing can be kept nothing is changed, and the start does not fail`() async throws {
        for file in [OperatorFile(in: nil, ["HOME": "/dev/null"]), OperatorFile(in: nil, [:])] {
            let book = try OperatorBook(
                file, namespace: "",
                routes: RouteBook(logger: .silent))
            let result = await book.apply(try limit("/user"), knowing: catalog)
            #expect(throws: OperatorRefusal.self) { try result.get() }
            #expect(book.current == OperatorRules())
        }
    }

    @Test("a file that cannot be read stops the start", arguments: ["{", #"{"version":2}"#, #"{"version":1,"x":1}"#])
    func unreadable(text: String) throws {
        mkdir(folder, 0o700)
        let file = try #require(fopen("\(folder)/\(OperatorFile.name)", "w"))
        fputs(text, file)
        fclose(file)
        let failure = #expect(throws: StartFailure.self) { try book() }
        #expect(failure?.sentence.contains("or remove it to start without") == true)
        #expect(failure?.code == ExitCode.configuration)
    }

    @Test(
        "the usual folder is systemd's, else the user's for state",
        arguments: [
            (["STATE_DIRECTORY": "/var/lib/micro:/x", "HOME": "/h"], "/var/lib/micro/gateway"),
            (["XDG_STATE_HOME": "/s", "HOME": "/h"], "/s/micro/gateway"),
            (["HOME": "/h"], "/h/.local/state/micro/gateway"), (["HOME": "h"], nil),
        ] as [([String: String], String?)])
    func usualFolder(environment: [String: String], folder: String?) {
        #expect(OperatorFile.usualFolder(environment) == folder)
    }
}
