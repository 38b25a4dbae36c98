import Gateway
import Testing

@testable import micro

struct StaticNodeTests {
    @Test func `nodes come one after the other, each with its protocol or without`() throws {
        let words = [
            "greeter=10.0.0.5:9090", "protocol=grpc", "go.web=localhost:80", "x=[::1]:1", "protocol=mucp",
            "y=b:2", "protocol=grpc", "secure=true", "secure=c:3",
        ]
        let nodes = try StaticNode.read(words, "")
        #expect(
            nodes == [
                StaticNode(service: "greeter", address: "10.0.0.5:9090", spoken: "grpc"),
                StaticNode(service: "go.web", address: "localhost:80"),
                StaticNode(service: "x", address: "[::1]:1", spoken: "mucp"),
                StaticNode(service: "y", address: "b:2", spoken: "grpc", isSecure: true),
                StaticNode(service: "secure", address: "c:3"),
            ])
        #expect(nodes[0].record.nodes[0].wireProtocol == .grpc)
        #expect(nodes[1].record.nodes[0].wireProtocol == .http)
        #expect(nodes[2].record.nodes[0].wireProtocol == .mucp(transport: "http"))
    }

    @Test(
        "what is no node is refused",
        arguments: [
            ["protocol=grpc"], ["greeter"], ["=a:1"], ["a=b"], ["a=:80"], ["a=b:0"], ["secure=true"],
            ["a=b:1", "protocol=x"], ["a=b:1", "secure=maybe"],
        ])
    func refused(words: [String]) {
        #expect(throws: BadSettingValue.self) { try StaticNode.read(words, "") }
    }

    @Test func `a misspelt protocol is guessed`() {
        let error = #expect(throws: BadSettingValue.self) { try StaticNode.read(["a=b:1", "protocol=grcp"], "") }
        #expect(error?.suggestion == "protocol=grpc")
    }
}
