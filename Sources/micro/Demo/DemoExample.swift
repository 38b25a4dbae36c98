import Gateway
import JSON

/// A service of the demo that speaks Go Micro's RPC, and the two of the manual that are no greeters.
struct DemoExample: Sendable {
    let name: String
    let endpoints: [Endpoint]
    let methods: [String: MUCPService.Method]
    var streams: [String: MUCPConversation.Method] = [:]

    /// What `micro new` of Micro v2 makes: a call, two streams and two subscribers, of which the manual prints what they
    /// tell. Nothing is ever published to those.
    static let example = DemoExample(
        name: "go.micro.srv.example",
        endpoints: [
            Endpoint(
                name: "Example.Call", request: message("Request", ("name", "string")),
                response: message("Response", ("msg", "string")), metadata: ["stream": "false"]),
            Endpoint(
                name: "Example.PingPong", request: message("Stream"), response: message("Stream"),
                metadata: ["stream": "true"]),
            Endpoint(
                name: "Example.Stream", request: message("Stream"), response: message("Stream"),
                metadata: ["stream": "true"]),
            subscriber("Func"), subscriber("Example.Handle"),
        ],
        methods: ["Example.Call": hello],
        streams: ["Example.Stream": count, "Example.PingPong": pong])

    /// The service that the manual's first page calls.
    static let helloworld = DemoExample(
        name: "go.micro.service.helloworld",
        endpoints: [
            Endpoint(
                name: "Helloworld.Call", request: message("Request", ("name", "string")),
                response: message("Response", ("msg", "string")))
        ],
        methods: ["Helloworld.Call": hello])

    private static func message(_ type: String, _ fields: (name: String, type: String)...) -> FieldDescription {
        FieldDescription(
            name: type, type: type, fields: fields.map { FieldDescription(name: $0.name, type: $0.type) })
    }

    private static func subscriber(_ name: String) -> Endpoint {
        Endpoint(
            name: name, request: message("Message", ("say", "string")),
            metadata: ["subscriber": "true", "topic": "topic.go.micro.srv.example"])
    }

    private static let hello: MUCPService.Method = { request throws(MicroError) in
        ["msg": .string("Hello \(request["name"]?.stringValue ?? "")")]
    }

    /// As many messages as are asked for, one after the other.
    private static let count: MUCPConversation.Method = { request throws(MicroError) in
        let count = request["count"]?.intValue ?? 0
        guard (0...86_400).contains(count) else {
            throw MicroError(id: "example.Example.Stream", code: 400, detail: "count must be a number from 0 to 86400")
        }
        return MessageSeries(count: count, pause: .milliseconds(100)) { ["count": .integer($0)] }
    }

    /// One message for each.
    private static let pong: MUCPConversation.Method = { request throws(MicroError) in
        let stroke = request["stroke"] ?? .integer(0)
        return MessageSeries(count: 1, pause: .zero) { _ in ["stroke": stroke] }
    }
}
