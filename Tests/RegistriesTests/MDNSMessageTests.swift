import Gateway
import Registries
import TestSupport
import Testing

/// The node of the recorded messages.
enum Greeter {
    static let id = "go.micro.srv.greeter-11111111-2222-3333-4444-555555555555"
    static let node = Node(id: id, address: "10.0.0.5:9090", metadata: ["protocol": "grpc"])
    static let service = Service(name: "go.micro.srv.greeter", nodes: [node])

    static var host: DNSName { get throws { try DNSName("gateway1.") } }

    static var instance: MDNSInstance { get throws { try MDNSInstance(node, of: service, host: host) } }

    /// The payload of the recorded messages; another zlib might write another.
    static let text = Golden.payloads[0].strings
}

struct MDNSResponderTests {
    private func responder(_ services: Service...) throws -> MDNSResponder {
        var responder = MDNSResponder(host: try Greeter.host)
        for service in services {
            for node in service.nodes {
                #expect(responder.add(try MDNSInstance(node, of: service, host: Greeter.host)))
            }
        }
        return responder
    }

    private func answers(
        _ name: String, _ type: DNSType, classField: UInt16 = 1, _ service: Service
    ) throws -> [DNSMessage] {
        let question = DNSQuestion(name: try DNSName(name), type: type, classField: classField)
        return try responder(service).answers(to: DNSMessage(id: 7, questions: [question]))
    }

    /// Both with the payload read, as the hexadecimal differs from one zlib to the other.
    private func expectSame(_ message: DNSMessage, _ golden: DNSMessage) throws {
        #expect(message.answers.count == golden.answers.count)
        var copy = message
        for (index, record) in golden.answers.enumerated() where index < copy.answers.count {
            guard case .text(let own) = copy.answers[index].content, !own.isEmpty,
                case .text(let other) = record.content
            else { continue }
            #expect(try ServiceTXT.read(own).text == ServiceTXT.read(other).text)
            copy.answers[index].content = record.content
        }
        #expect(copy == golden)
    }

    @Test func `a query for a service is answered as the reference says`() throws {
        let query = try DNSReader.message(Golden.message("mdns-query-service").bytes)
        let answers = try responder(Greeter.service).answers(to: query)
        #expect(answers.count == 1)
        try expectSame(answers[0], Golden.message("mdns-response-service").message)
    }

    @Test func `the list names each service once, with empty text`() throws {
        var service = Greeter.service
        service.nodes.append(Node(id: "second", address: "10.0.0.6:1"))
        let query = try DNSReader.message(Golden.message("mdns-query-list").bytes)
        let answers = try responder(service).answers(to: query)
        #expect(answers == [try Golden.message("mdns-response-list").message])
        #expect(try DNSWriter.bytes(of: answers[0]) == Golden.message("mdns-response-list").bytes)
    }

    @Test func `announcement and goodbye are those of the reference`() throws {
        try expectSame(Greeter.instance.announcement, Golden.message("mdns-announce").message)
        try expectSame(Greeter.instance.goodbye, Golden.message("mdns-goodbye").message)
    }

    @Test func `each node has a message of its own`() throws {
        var service = Greeter.service
        service.nodes.append(Node(id: "second", address: "[fd00::6]:1"))
        let answers = try answers("go.micro.srv.greeter.micro.", .pointer, service)
        #expect(answers.map { $0.answers.map(\.type.rawValue) } == [[12, 33, 1, 16], [12, 33, 28, 16]])
    }

    @Test func `only the unicast bit brings the query's id back, and the question comes back as it was`() throws {
        let plain = try answers("go.micro.srv.greeter.micro.", .pointer, Greeter.service)
        let unicast = try answers("go.micro.srv.greeter.micro.", .pointer, classField: 0x8001, Greeter.service)
        #expect(plain.map(\.id) == [0])
        #expect(unicast.map(\.id) == [7])
        #expect(unicast[0].questions[0].classField == 0x8001)
    }

    @Test(
        "other questions are answered as far as Go Micro answers them",
        arguments: [
            ("\(Greeter.id).go.micro.srv.greeter.micro.", DNSType.any, [[33, 1, 16]]),
            ("\(Greeter.id).go.micro.srv.greeter.micro.", .service, [[33, 1]]),
            ("\(Greeter.id).go.micro.srv.greeter.micro.", .text, [[16]]),
            ("\(Greeter.id).go.micro.srv.greeter.micro.", .pointer, []),
            ("_services._dns-sd._udp.micro.", .pointer, [[12], [12]]),
            ("go.micro.srv.greeter.micro.", .any, [[12, 33, 1, 16]]), ("go.micro.srv.greeter.micro.", .text, []),
            ("GO.micro.srv.greeter.micro.", .pointer, []), ("other.micro.", .pointer, []), ("micro.", .any, []),
            ("go.micro.srv.greeter.local.", .pointer, []), ("gateway1.", .addressV4, []),
        ] as [(String, DNSType, [[UInt16]])])
    func others(name: String, type: DNSType, types: [[UInt16]]) throws {
        let answers = try answers(name, type, Greeter.service)
        #expect(answers.map { $0.answers.map(\.type.rawValue) } == types)
    }

    @Test func `responses, other operations and other classes are not answered`() throws {
        let responder = try responder(Greeter.service)
        let question = DNSQuestion(name: try Greeter.instance.question, type: .pointer)
        #expect(responder.answers(to: DNSMessage(flags: 0x8000, questions: [question])).isEmpty)
        #expect(responder.answers(to: DNSMessage(flags: 0x2800, questions: [question])).isEmpty)
        #expect(try answers("go.micro.srv.greeter.micro.", .pointer, classField: 3, Greeter.service).isEmpty)
        #expect(responder.answers(to: DNSMessage(questions: [question])).count == 1)
    }

    @Test func `a query full of questions gets answers to the first sixteen`() throws {
        let question = DNSQuestion(name: try Greeter.instance.question, type: .pointer)
        let query = DNSMessage(questions: [DNSQuestion](repeating: question, count: 1_000))
        #expect(try responder(Greeter.service).answers(to: query).count == 16)
    }

    @Test(
        "a node that cannot be announced is refused",
        arguments: [
            ("s", "id", "host.example:80"), ("s", "id", "10.0.0.1"), ("s", "id", "10.0.0.1:0"), ("", "id", "1.2.3.4:5"),
            (String(repeating: "s", count: 64), "id", "1.2.3.4:5"), ("s", "", "1.2.3.4:5"), ("a..b", "id", "1.2.3.4:5"),
        ])
    func refused(service: String, id: String, address: String) throws {
        let node = Node(id: id, address: address)
        #expect(throws: RegistryError.self) {
            try MDNSInstance(node, of: Service(name: service, nodes: [node]), host: Greeter.host)
        }
    }

    @Test func `a node whose endpoints fill no message is refused`() throws {
        var random = SeededNumbers(seed: 1)
        let endpoints = (0..<1_000).map { _ in Endpoint(name: String(random.next(), radix: 36)) }
        #expect(throws: RegistryError.self) {
            try MDNSInstance(Greeter.node, of: Service(name: "s", endpoints: endpoints), host: Greeter.host)
        }
    }
}

struct MDNSNewsTests {
    private func records(_ lifetime: UInt32 = 120) throws -> [DNSRecord] {
        let name = try DNSName("\(Greeter.id).go.micro.srv.greeter.micro.")
        let host = try Greeter.host
        return [
            DNSRecord(name: try DNSName("go.micro.srv.greeter.micro."), lifetime: lifetime, .pointer(name)),
            DNSRecord(name: name, lifetime: lifetime, .service(priority: 10, weight: 1, port: 9090, target: host)),
            DNSRecord(name: host, lifetime: lifetime, .addressV4([10, 0, 0, 5])),
            DNSRecord(name: name, lifetime: lifetime, .text(Greeter.text)),
        ]
    }

    private func news(_ records: [DNSRecord], flags: UInt16 = 0x8400) -> MDNSNews {
        MDNSNews(DNSMessage(flags: flags, answers: records))
    }

    @Test("answers and announcements show the node", arguments: ["mdns-response-service", "mdns-announce"])
    func found(id: String) throws {
        let news = MDNSNews(try DNSReader.message(Golden.message(id).bytes))
        #expect(news.found.map(\.service) == [Greeter.service])
        #expect(news.found.map(\.lifetime) == [120])
        #expect(news.gone.isEmpty && news.listed.isEmpty && news.refused == 0)
    }

    @Test func `a goodbye names the node that goes`() throws {
        let news = MDNSNews(try DNSReader.message(Golden.message("mdns-goodbye").bytes))
        #expect(news.gone.map(\.description) == ["\(Greeter.id).go.micro.srv.greeter.micro."])
        #expect(news.found.isEmpty)
    }

    @Test("the list names services and no nodes", arguments: ["mdns-response-list", "mdns-list-response-captured"])
    func listed(id: String) throws {
        let news = MDNSNews(try DNSReader.message(Golden.message(id).bytes))
        #expect(news.listed.map(\.description) == ["go.micro.srv.greeter.micro."])
        #expect(news.found.isEmpty && news.gone.isEmpty && news.refused == 0)
    }

    @Test func `the order of records does not matter, nor the section`() throws {
        let records = try records()
        #expect(news(records.reversed()).found.count == 1)
        let split = DNSMessage(flags: 0x8000, answers: [records[0]], additionals: Array(records[1...]))
        #expect(MDNSNews(split).found.count == 1)
    }

    @Test func `IPv4 is preferred to IPv6, which is used when there is nothing else`() throws {
        var records = try records()
        let address = [0xFD] + [UInt8](repeating: 0, count: 14) + [1]
        let v6 = DNSRecord(name: records[2].name, lifetime: 120, .addressV6(address))
        #expect(news(records + [v6]).found[0].service.nodes[0].address == "10.0.0.5:9090")
        records[2] = v6
        #expect(news(records).found[0].service.nodes[0].address == "[fd00::1]:9090")
    }

    @Test("a node whose records are incomplete is left out", arguments: [1, 2, 3])
    func incomplete(missing: Int) throws {
        var records = try records()
        records.remove(at: missing)
        let news = news(records)
        #expect(news.found.isEmpty)
        #expect(news.refused == 1)
    }

    @Test func `a node without port, with foreign text or with a foreign name is left out`() throws {
        let records = try records()
        let host = records[2].name
        var copy = records
        copy[1].content = .service(priority: 10, weight: 1, port: 0, target: host)
        #expect(news(copy).refused == 1)
        copy = records
        copy[3].content = .text([Array("path=/".utf8)])
        #expect(news(copy).refused == 1)
        copy = records
        copy[3].content = .text(ServiceTXT(service: "another", version: "latest").strings)
        #expect(news(copy).refused == 1)
    }

    @Test func `a lifetime of years is two minutes`() throws {
        #expect(try news(records(.max)).found.map(\.lifetime) == [120])
    }

    @Test func `queries bring nothing`() throws {
        #expect(try news(records(), flags: 0) == MDNSNews(DNSMessage()))
    }

    @Test("the old domain is read like the new", arguments: ["mdns-response-service", "mdns-announce"])
    func foundInLocal(id: String) throws {
        let news = MDNSNews(try DNSReader.message(Golden.message(id).inLocalDomain))
        #expect(news.found.map(\.service) == [Greeter.service])
        #expect(news.found.map(\.name.description) == ["\(Greeter.id).go.micro.srv.greeter.local."])
        #expect(news.found.map(\.question.description) == ["go.micro.srv.greeter.local."])
        #expect(news.gone.isEmpty && news.listed.isEmpty && news.refused == 0)
    }

    @Test func `goodbyes and lists of the old domain are read`() throws {
        let goodbye = MDNSNews(try DNSReader.message(Golden.message("mdns-goodbye").inLocalDomain))
        #expect(goodbye.gone.map(\.description) == ["\(Greeter.id).go.micro.srv.greeter.local."])
        for id in ["mdns-response-list", "mdns-list-response-captured"] {
            let list = MDNSNews(try DNSReader.message(Golden.message(id).inLocalDomain))
            #expect(list.listed.map(\.description) == ["go.micro.srv.greeter.local."])
            #expect(list.found.isEmpty && list.gone.isEmpty && list.refused == 0)
        }
    }

    @Test(
        "what else has its name in the old domain brings nothing, and counts as nothing",
        arguments: [
            ["txtvers=1", "rp=ipp"], [""], ["path=/"], ["00ff"], [],
            ServiceTXT(service: "another", version: "1").strings.map { String(decoding: $0, as: UTF8.self) },
        ],
        ["office._ipp._tcp.local.", "web._http._tcp.local.", "desk [00:11]._workstation._tcp.local.", "tv.local."])
    func foreign(text: [String], name: String) throws {
        let (name, host) = (try DNSName(name), try DNSName("office.local."))
        let records = [
            DNSRecord(name: try DNSName("_services._dns-sd._udp.local."), lifetime: 4_500, .pointer(name)),
            DNSRecord(name: try DNSName("_ipp._tcp.local."), lifetime: 4_500, .pointer(name)),
            DNSRecord(name: name, lifetime: 120, .service(priority: 0, weight: 0, port: 631, target: host)),
            DNSRecord(name: name, lifetime: 4_500, .text(text.map { Array($0.utf8) })),
            DNSRecord(name: host, lifetime: 120, .addressV4([10, 0, 0, 9])),
        ]
        #expect(news(records) == MDNSNews(DNSMessage()))
        #expect(news([records[3]]) == MDNSNews(DNSMessage()))
    }

    @Test func `a message with thousands of nodes counts for the first sixty-four`() throws {
        let host = try Greeter.host
        let records = try (0..<2_000).flatMap { number in
            let name = try DNSName("\(number).s.micro.")
            return [
                DNSRecord(name: name, lifetime: 120, .service(priority: 0, weight: 0, port: 1, target: host)),
                DNSRecord(name: name, lifetime: 120, .text(ServiceTXT(service: "s", version: "1").strings)),
            ]
        }
        let address = DNSRecord(name: host, lifetime: 120, .addressV4([10, 0, 0, 1]))
        #expect(news(records + [address]).found.count == 64)
    }
}
