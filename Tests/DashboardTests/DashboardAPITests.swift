import Dashboard
import Gateway
import HTTP
import JSON
import TestSupport
import Testing

struct DashboardAPITests {
    private let greeter = Service(
        name: "go.micro.srv.greeter", version: "1.0", nodes: [Node(id: "greeter-1", address: "127.0.0.1:9000")])
    private let shop = Service(
        name: "shop", version: "2", nodes: [Node(id: "shop-1", address: "127.0.0.1:80")])
    private let record = #"{"name":"shop","version":"2","nodes":[{"id":"shop-1","address":"127.0.0.1:80"}]}"#

    @Test func `the status tells what the program is, and what it serves`() throws {
        let gateway = StatusFacts.Gateway(
            name: "public", address: "127.0.0.1:8080", url: "http://localhost:8080", handler: "meta", resolver: "micro",
            namespace: "go.micro.api",
            takesCalls: true)
        var other = gateway
        other.name = "internal"
        let rig = Rig(gateways: [gateway, other])
        rig.replaceCatalog(generation: 7, [greeter])
        let data = try #require(rig.get("/api/status").json["data"])
        #expect(data["product"] == "micro")
        #expect(data["version"] == "1.2.3")
        #expect(data["started"] == "2023-11-14T22:13:20Z")
        #expect((data["pid"]?.intValue ?? 0) > 0)
        #expect(data["registry"] == ["name": "memory", "generation": 7, "services": 1])
        #expect(data["gateway"]?["url"] == "http://localhost:8080")
        #expect(data["gateway"]?["rpc"] == true)
        #expect(data["gateways"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["public", "internal"])
        #expect(data["certificates"] == [["names": ["a.example"], "expires": "2027-01-15T08:00:00Z"]])
        #expect(Rig().get("/api/status").json["data"]?["gateway"] == .null)
    }

    @Test func `services are listed by name and version, with the generation of the catalog`() {
        let rig = Rig()
        #expect(rig.get("/api/services").body == #"{"data":[],"generation":0}"#)
        var newer = greeter
        newer.version = "2.0"
        let other = Service(name: "a.first", version: "1")
        rig.replaceCatalog(generation: 3, [newer, greeter, other])
        let answer = rig.get("/api/services")
        #expect(answer.json["generation"] == 3)
        #expect(answer.json["data"] == [other.json, greeter.json, newer.json])
        #expect(answer.field("Content-Type") == "application/json")
        #expect(answer.field("Cache-Control") == "no-store")
    }

    @Test func `one service is found by its name, percent-encoded or not`() {
        let rig = Rig()
        rig.replaceCatalog(generation: 1, [greeter])
        for path in ["/api/services/go.micro.srv.greeter", "/api/services/go%2Emicro.srv.greeter?x=1"] {
            #expect(rig.get(path).json["data"] == [greeter.json])
        }
    }

    @Test func `an unknown service is not found, and the nearest names are told`() {
        let rig = Rig()
        rig.replaceCatalog(generation: 1, [greeter])
        let answer = rig.get("/api/services/go.micro.srv.greetr", [("Accept", "text/html")])
        #expect(answer.status == 404)
        #expect(
            answer.json == [
                "error": [
                    "id": "go.micro.web", "code": 404,
                    "detail":
                        "service go.micro.srv.greetr is not registered; the nearest name is go.micro.srv.greeter",
                    "status": "Not Found",
                ]
            ])
        #expect(rig.get("/api/services/zzz").detail?.contains("none with a similar name") == true)
    }

    @Test func `records are registered and deregistered`() {
        let rig = Rig()
        rig.replaceCatalog(generation: 1, [shop])
        #expect(rig.request(.post, "/api/services", body: record).body == #"{"data":{"registered":1}}"#)
        #expect(rig.request(.post, "/api/services?ttl=30", body: record).status == 200)
        #expect(rig.request(.delete, "/api/services", body: record).body == #"{"data":{"deregistered":1}}"#)
        #expect(
            rig.registrar.calls == ["register shop 2", "register shop 2 for 30.0 seconds", "deregister shop 2"])
    }

    @Test func `a registration is answered when all loops have a catalog that shows it, or after a second`() {
        let rig = Rig()
        let answer = rig.request(.post, "/api/services", body: record)
        #expect(answer.status == nil)
        rig.settle(1)
        rig.replaceCatalog(generation: 2, [shop], isSettled: false)
        #expect(answer.status == nil)
        rig.settle(2)
        #expect(answer.status == 200)

        rig.replaceCatalog(generation: 3, [])
        let late = rig.request(.post, "/api/services", body: record)
        #expect(late.status == nil)
        rig.loop.advance(by: .seconds(1))
        #expect(late.status == 200)
    }

    @Test func `a record without nodes deregisters all that its version has`() {
        let rig = Rig()
        rig.replaceCatalog(generation: 1, [greeter])
        let body = #"{"name":"go.micro.srv.greeter","version":"1.0"}"#
        #expect(rig.request(.delete, "/api/services", body: body).body == #"{"data":{"deregistered":1}}"#)
    }

    @Test(
        "what cannot be registered is refused with a reason",
        arguments: [
            ("", "", "the record is no JSON: the text is empty"),
            ("", "[]", "a service must be a JSON object"),
            ("", "{}", "the service has no name"),
            ("", #"{"name":"a"}"#, "Require at least one node"),
            ("", #"{"name":"a","nodes":[{"id":"x","address":"y"}]}"#, "the address of node x is not host:port"),
            ("?ttl=0", "", "ttl must be a whole number of seconds above 0"),
            ("?ttl=-1", "", "ttl must be a whole number of seconds above 0"),
            ("?ttl=1h", "", "ttl must be a whole number of seconds above 0"),
            ("?ttl=", "", "ttl must be a whole number of seconds above 0"),
        ])
    func refused(query: String, body: String, reason: String) throws {
        let rig = Rig()
        let answer = rig.request(.post, "/api/services\(query)", body: query.isEmpty ? body : record)
        #expect(answer.status == 400)
        #expect(try #require(answer.detail).hasPrefix(reason))
        #expect(rig.registrar.calls.isEmpty)
    }

    @Test func `a registry that cannot be written to says so, rather than seeming to obey`() {
        let rig = Rig(canWrite: false)
        for method in [Method.post, .delete] {
            let answer = rig.request(method, "/api/services", body: record)
            #expect(answer.status == 501)
            #expect(answer.detail?.contains("can only be read") == true)
        }
    }

    @Test func `a failing registry is unavailable, with its reason`() {
        let body = record.replacing("shop", with: "unlucky")
        let answer = Rig().request(.post, "/api/services", body: body)
        #expect(answer.status == 503)
        #expect(answer.detail == "the registry did not take it: the disk is full")
    }

    @Test func `a record that is too long is refused`() {
        let answer = Rig().request(.post, "/api/services", body: String(repeating: " ", count: 1_048_577))
        #expect(answer.status == 413)
        #expect(answer.detail == "the body is longer than the limit of 1048576 bytes")
    }
}
