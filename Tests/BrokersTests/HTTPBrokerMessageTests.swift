import Brokers
import Bytes
import Gateway
import JSON
import Testing

struct HTTPBrokerMessageTests {
    /// A delivery of version 2.5 and later, as Go Micro writes it.
    private static let current =
        #"{"Header":{"Content-Type":"application/json","Micro-Id":"5f3a9d0e-0000-4000-8000-000000000001","#
        + #""Micro-Topic":"topic.greet"},"Body":"eyJuYW1lIjoiSm9obiJ9"}"#
    /// The same of version 1.
    private static let old =
        #"{"Header":{"Content-Type":"application/json",":topic":"topic.greet"},"Body":"eyJuYW1lIjoiSm9obiJ9"}"#

    private func decode(_ text: String) throws(BrokerError) -> (message: Message, topic: String) {
        try HTTPBrokerMessage.decode(ByteBuffer(text).span)
    }

    @Test func `a message is written as Go Micro writes it`() throws {
        let body = Array(#"{"name":"John"}"#.utf8)
        let id = "5f3a9d0e-0000-4000-8000-000000000001"
        let message = Message(header: ["Micro-Id": id, "Content-Type": "application/json"], body: body)
        #expect(HTTPBrokerMessage.encode(message, topic: "topic.greet", as: .current).text == Self.current)
        for form in [HTTPBrokerForm.version1, .bareTopic, .prefixedTopic] {
            let plain = Message(header: ["Content-Type": "application/json"], body: body)
            let text = HTTPBrokerMessage.encode(plain, topic: "topic.greet", as: form).text
            #expect(try JSONParser.parse(text) == JSONParser.parse(Self.old))
        }
    }

    @Test(
        "deliveries of every version are read, whatever the case of their members",
        arguments: [
            (current, #"{"name":"John"}"#), (old, #"{"name":"John"}"#),
            (#"{"header":{"Micro-Topic":"topic.greet"},"body":""}"#, ""),
            (#"{"HEADER":{":topic":"topic.greet"},"BODY":null}"#, ""),
            (#"{"Header":{"Micro-Topic":"topic.greet"}}"#, ""),
            (#" {"Header":{"Micro-Topic":"topic.greet"},"Body":"w6Q","other":[1]} "#, "ä"),
        ])
    func reads(text: String, body: String) throws {
        let (message, topic) = try decode(text)
        #expect(topic == "topic.greet")
        #expect(String(decoding: message.body, as: UTF8.self) == body)
        #expect(message.header["Micro-Topic"] == "topic.greet")
        #expect(message.header[":topic"] == nil)
    }

    @Test(
        "what is no message is refused",
        arguments: [
            "", "[]", "null", "{}", #"{"Header":null,"Body":"AA=="}"#, #"{"Header":{"Micro-Topic":""}}"#,
            #"{"Header":{"Micro-Topic":1}}"#, #"{"Header":[]}"#, #"{"Header":{"Micro-Topic":"a"},"Body":"?"}"#,
            #"{"Header":{"Micro-Topic":"a"},"Body":{}}"#, #"{"Header":{"Micro-Topic":"a"},"Body":"A"}"#,
        ])
    func refuses(text: String) {
        #expect(throws: BrokerError.self) { try decode(text) }
    }

    @Test func `a delivery that is cut anywhere is refused`() {
        for length in 0..<Self.current.utf8.count {
            #expect(throws: BrokerError.self) { try decode(String(Self.current.prefix(length))) }
        }
    }

    @Test func `a subscriber stands in the registry as those of Go Micro do`() throws {
        let broker = MemoryBroker()
        let all = try broker.subscribe(to: "topic.greet", queue: nil).subscriber
        let record = HTTPBrokerForm.current.record(of: all, at: "127.0.0.1:34729")
        #expect((record.name, record.version) == ("micro.http.broker", "ff.http.broadcast"))
        #expect(record.nodes[0].id.hasPrefix("topic.greet-"))
        #expect(record.nodes[0].address == "127.0.0.1:34729")
        #expect(record.nodes[0].metadata == ["broker": "http", "secure": "false", "topic": "topic.greet"])
        let member = try broker.subscribe(to: "topic.greet", queue: "q1").subscriber
        #expect(HTTPBrokerForm.current.record(of: member, at: "127.0.0.1:1").version == "q1")
        let names = HTTPBrokerForm.announced.map { $0.record(of: all, at: "127.0.0.1:1").name }
        #expect(names == ["micro.http.broker", "go.micro.http.broker", "topic:topic.greet"])
    }

    @Test func `the id of a subscriber is encoded in the target`() {
        #expect(HTTPBrokerForm.current.target(id: "a b&c-1") == "/?id=a%20b%26c-1")
        #expect(HTTPBrokerForm.version1.target(id: "n") == "/_sub?id=n")
    }
}
