import Gateway
import Reactor
import Testing

struct CatalogTests {
    private func service(_ name: String, _ version: String, endpoints: [String] = [], nodes: [String] = []) -> Service {
        Service(
            name: name, version: version, endpoints: endpoints.map { Endpoint(name: $0) },
            nodes: nodes.map { Node(id: $0, address: "\($0):1") })
    }

    @Test func `services are sorted by name, versions by version, and nodes of all versions are one list`() {
        let catalog = Catalog(
            generation: 1,
            services: [
                service("b", "2", nodes: ["n3"]), service("a", "1", nodes: ["n1"]), service("b", "1", nodes: ["n2"]),
            ])
        #expect(catalog.names == ["a", "b"])
        #expect(catalog.versions(of: "b").map(\.version) == ["1", "2"])
        #expect(catalog.services.map { "\($0.name)\($0.version)" } == ["a1", "b1", "b2"])
        #expect(catalog.nodes(of: "b").map(\.id) == ["n2", "n3"])
        #expect(catalog.versions(of: "c").isEmpty)
        #expect(catalog.nodes(of: "c").isEmpty)
    }

    @Test func `an endpoint is found in whichever version has it`() {
        let catalog = Catalog(
            generation: 1,
            services: [service("a", "1", endpoints: ["Old.One"]), service("a", "2", endpoints: ["New.One"])])
        #expect(catalog.endpoint("New.One", of: "a")?.name == "New.One")
        #expect(catalog.endpoint("Old.One", of: "a")?.name == "Old.One")
        #expect(catalog.endpoint("No.One", of: "a") == nil)
        #expect(catalog.endpoint("New.One", of: "b") == nil)
    }

    @Test func `a catalog that was overtaken on its way is ignored`() {
        let view = CatalogView()
        view.replace(with: Catalog(generation: 2, services: [service("new", "1")]))
        view.replace(with: Catalog(generation: 1, services: [service("old", "1")]))
        #expect(view.catalog.names == ["new"])
    }
}

struct NearestWordTests {
    @Test(
        "near words are found, nearest first",
        arguments: [
            ("go.greter", ["go.greeter", "go.other"], ["go.greeter"]), ("GO.GREETER", ["go.greeter"], ["go.greeter"]),
            ("ab", ["ba", "cd", "abcde", "abc"], ["abc"]), ("xyz", ["something", "else"], []),
            ("", ["a", "ab", "abc"], []),
            ("greeter", ["greeting", "greeters", "greeter2", "greet"], ["greeter2", "greeters", "greet"]),
        ])
    func near(word: String, candidates: [String], expected: [String]) {
        #expect(NearestWord.all(to: word, in: candidates) == expected)
        #expect(NearestWord.one(to: word, in: candidates) == expected.first)
    }

    @Test(
        "a service is near by its own name, and not by the namespace that it shares with all others",
        arguments: [
            ("go.micro.api.greter", ["go.micro.api.greeter", "go.micro.srv.greeter"]),
            ("go.micro.api.nosuch", []), ("greeter", ["go.micro.api.greeter", "go.micro.srv.greeter"]),
            ("com.example.api.shop", ["go.micro.api.shop"]), ("go.micro.api.v1.shop", ["go.micro.api.shop"]),
            ("go.micro.ap.shop", ["go.micro.api.shop"]), ("GO.Micro.API.shap", ["go.micro.api.shop"]), ("x", []),
            ("", []), ("go.micro.api.", []),
        ])
    func nearService(name: String, expected: [String]) {
        let registered = ["go.micro.api.foo", "go.micro.api.greeter", "go.micro.api.shop", "go.micro.srv.greeter"]
        #expect(NearestWord.services(to: name, in: registered) == expected)
        #expect(NearestWord.services(to: name, in: registered, limit: 1) == Array(expected.prefix(1)))
    }

    @Test func `endless words are not compared`() {
        let long = String(repeating: "a", count: 129)
        #expect(NearestWord.all(to: long, in: [long]).isEmpty)
        #expect(NearestWord.services(to: long, in: [long]).isEmpty)
        #expect(NearestWord.all(to: String(long.dropFirst()), in: [long]).isEmpty)
        #expect(NearestWord.all(to: "a", in: [String](repeating: "zzzzzzzz", count: 10_000) + ["a"]).isEmpty)
    }

    @Test func `a short word is not near to one with which it shares nothing`() {
        #expect(NearestWord.one(to: "ps", in: ["api", "web"]) == nil)
        #expect(NearestWord.one(to: "rcp", in: ["http", "rpc"]) == "rpc")
    }
}
