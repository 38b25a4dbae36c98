import Gateway
import Registries
import Testing

struct MDNSTableTests {
    private let start = ContinuousClock.now

    private func sighting(
        _ id: String, of service: String = "s", version: String = "1", port: UInt16 = 1, lifetime: UInt32 = 120
    ) throws -> MDNSNews.Sighting {
        let node = Node(id: id, address: "10.0.0.1:\(port)")
        let instance = try MDNSInstance(
            node, of: Service(name: service, version: version, nodes: [node]), host: Greeter.host)
        let message = DNSMessage(flags: 0x8000, answers: instance.records(lifetime: lifetime))
        return try #require(MDNSNews(message).found.first)
    }

    /// What is asked for the nodes of a service.
    private func question(_ service: String) throws -> DNSName { try MDNSNames.micro.question(for: service) }

    @Test func `a node is news once, and again when it has changed`() throws {
        var table = MDNSTable()
        #expect(try table.see(sighting("a"), at: start) == .registered(sighting("a").service))
        #expect(try table.see(sighting("a"), at: start) == nil)
        #expect(try table.see(sighting("a", port: 2), at: start) == .registered(sighting("a", port: 2).service))
        #expect(table.services().map { $0.nodes.map(\.address) } == [["10.0.0.1:2"]])
    }

    @Test func `nodes are gathered by service and version, in order`() throws {
        var table = MDNSTable()
        for (id, service, version) in [("b", "s", "2"), ("a", "s", "2"), ("c", "s", "1"), ("d", "r", "1")] {
            _ = try table.see(sighting(id, of: service, version: version), at: start)
        }
        #expect(
            table.services().map { "\($0.name) \($0.version): \($0.nodes.map(\.id))" } == [
                #"r 1: ["d"]"#, #"s 1: ["c"]"#, #"s 2: ["a", "b"]"#,
            ])
        #expect(table.services(named: "s").count == 2)
        #expect(table.services(named: "t").isEmpty)
        #expect(try Set(table.questions) == [question("r"), question("s")])
    }

    @Test func `a node goes when its lifetime is over, unless it was seen again`() throws {
        var table = MDNSTable()
        _ = try table.see(sighting("a", lifetime: 10), at: start)
        _ = try table.see(sighting("b", lifetime: 20), at: start)
        #expect(table.nextEnd == start + .seconds(10))
        #expect(table.expire(at: start + .seconds(9)).isEmpty)
        _ = try table.see(sighting("a", lifetime: 10), at: start + .seconds(9))
        #expect(table.expire(at: start + .seconds(18)).isEmpty)
        #expect(try table.expire(at: start + .seconds(19)) == [.deregistered(sighting("a").service)])
        #expect(table.count == 1)
    }

    @Test func `a node goes when it has missed two questions in a row`() throws {
        var table = MDNSTable()
        _ = try table.see(sighting("a"), at: start)
        #expect(try table.miss(question("s"), asked: start + .seconds(1)).isEmpty)
        _ = try table.see(sighting("a"), at: start + .seconds(2))  // Late, but an answer.
        #expect(try table.miss(question("s"), asked: start + .seconds(3)).isEmpty)
        #expect(try table.miss(question("other"), asked: start + .seconds(3)).isEmpty)
        #expect(try table.miss(question("s"), asked: start + .seconds(4)) == [.deregistered(sighting("a").service)])
        #expect(table.services().isEmpty && table.questions.isEmpty)
    }

    @Test func `nodes of both domains are one service, and each answers to its own question`() throws {
        var table = MDNSTable()
        let old = try #require(MDNSNews(DNSReader.message(Golden.message("mdns-announce").inLocalDomain)).found.first)
        let new = try sighting("new", of: old.service.name, version: old.service.version)
        _ = table.see(old, at: start)
        _ = table.see(new, at: start)
        #expect(table.services(named: old.service.name).map { $0.nodes.map(\.id) } == [[Greeter.id, "new"]])
        #expect(Set(table.questions) == [old.question, new.question])
        for second in [1, 2] { _ = table.miss(new.question, asked: start + .seconds(second)) }
        #expect(table.services(named: old.service.name) == [old.service])
        for second in [3, 4] { _ = table.miss(old.question, asked: start + .seconds(second)) }
        #expect(table.count == 0)
    }

    @Test func `a goodbye is news once`() throws {
        var table = MDNSTable()
        let sighting = try sighting("a")
        _ = table.see(sighting, at: start)
        #expect(table.forget(sighting.name) == .deregistered(sighting.service))
        #expect(table.forget(sighting.name) == nil)
        #expect(table.nextEnd == nil)
    }

    @Test func `a full table keeps what it has`() throws {
        var limits = MDNSTable.Limits()
        limits.nodes = 2
        var table = MDNSTable(limits: limits)
        for id in ["a", "b", "c", "d"] { _ = try table.see(sighting(id), at: start) }
        #expect(table.services(named: "s")[0].nodes.map(\.id) == ["a", "b"])
        #expect(table.overflow == 2)
        #expect(try table.see(sighting("a", port: 9), at: start) != nil)
        _ = try table.forget(sighting("b").name)
        #expect(try table.see(sighting("c"), at: start) != nil)
    }

    @Test func `the bytes of all nodes are limited, and those of nodes that went are free`() throws {
        var limits = MDNSTable.Limits()
        limits.bytes = try sighting("a").size * 2
        var table = MDNSTable(limits: limits)
        for id in ["a", "b", "c"] { _ = try table.see(sighting(id), at: start) }
        #expect(table.count == 2)
        _ = table.expire(at: start + .seconds(200))
        for id in ["a", "b", "c"] { _ = try table.see(sighting(id), at: start) }
        #expect(table.count == 2)
    }
}
