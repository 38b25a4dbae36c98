import Gateway
import Testing

@testable import micro

struct PrintingTests {
    @Test func `services are listed by name, once for each record`() {
        let services = [Service(name: "b"), Service(name: "b", version: "2"), Service(name: "a"), Service(name: "é")]
        #expect(ServiceText.list(services) == "a\nb\nb\né\n")
        #expect(ServiceText.list([]) == "")
    }

    @Test func `a service is shown with its nodes and the endpoints of its first version`() {
        let request = FieldDescription(
            name: "Request", type: "Request",
            fields: [
                FieldDescription(
                    name: "MessageState", type: "MessageState",
                    fields: [FieldDescription(name: "NoUnkeyedLiterals", type: "NoUnkeyedLiterals")]),
                FieldDescription(name: "name", type: "string"),
            ])
        let service = Service(
            name: "go.micro.srv.greeter",
            endpoints: [
                Endpoint(name: "Say.Chat", metadata: ["stream": "true"]),
                Endpoint(
                    name: "Say.Hello", request: request,
                    response: FieldDescription(
                        name: "Response", type: "Response", fields: [FieldDescription(name: "msg", type: "string")])),
            ],
            nodes: [Node(id: "n-1", address: "127.0.0.1:1", metadata: ["b": "2", "a": "1"])])
        let other = Service(
            name: "go.micro.srv.greeter", version: "", endpoints: [Endpoint(name: "Hidden.Call")],
            nodes: [Node(id: "n-2", address: "127.0.0.1:2")])
        let expected = """
            service  go.micro.srv.greeter

            version latest

            ID\tAddress\tMetadata
            n-1\t127.0.0.1:1\ta=1,b=2

            ID\tAddress\tMetadata
            n-2\t127.0.0.1:2\t

            Endpoint: Say.Chat

            Metadata: stream=true

            Request: {}

            Response: {}


            Endpoint: Say.Hello

            Request: {
            \tmessage_state MessageState {
            \t\tno_unkeyed_literals NoUnkeyedLiterals
            \t}
            \tname string
            }

            Response: {
            \tmsg string
            }


            """
        #expect(ServiceText.details([service, other]) == expected)
    }

    @Test func `a service without endpoints ends with its last node`() {
        let service = Service(
            name: "foo", version: "bar", nodes: [Node(id: "foo-1", address: "127.0.0.1:8080", metadata: ["a": "b"])])
        #expect(
            ServiceText.details([service])
                == "service  foo\n\nversion bar\n\nID\tAddress\tMetadata\nfoo-1\t127.0.0.1:8080\ta=b\n")
    }

    @Test func `names from the network cannot command the terminal`() {
        #expect(ServiceText.list([Service(name: "a\u{1b}[2Jb\n")]) == "a\\u{1B}[2Jb\\n\n")
    }

    @Test(
        "names of fields become snake case",
        arguments: [
            ("MessageState", "message_state"), ("name", "name"), ("UserID", "user_id"), ("HTTPServer", "http_server"),
            ("ID", "id"), ("already_snake", "already_snake"), ("XXX_sizecache", "xxx_sizecache"), ("v2Name", "v2_name"),
            ("", ""),
        ])
    func snakeCase(name: String, expected: String) {
        #expect(name.snakeCased == expected)
    }

    @Test(
        "an answer is indented with tabs, and keeps the order of its members and its digits",
        arguments: [
            (
                #"{"msg":"a","id":1.50,"l":[1,{}]}"#,
                "{\n\t\"msg\": \"a\",\n\t\"id\": 1.50,\n\t\"l\": [\n\t\t1,\n\t\t{}\n\t]\n}\n"
            ),
            (#"{"a":"<b>&"}"#, "{\n\t\"a\": \"<b>&\"\n}\n"),
            ("{}", "{}\n"), ("no json", "no json\n"), ("", ""),
        ])
    func answers(answer: String, expected: String) {
        #expect(String(decoding: AnswerText.indented(Array(answer.utf8)), as: UTF8.self) == expected)
    }

    @Test func `a raw answer is the bytes and a line feed`() {
        #expect(AnswerText.raw([0xff, 0x20]) == [0xff, 0x20, 0x0a])
        #expect(AnswerText.raw([]) == [])
    }

    @Test func `health is a table with two tabs between the columns`() {
        let report = HealthReport(
            service: "s",
            versions: [
                HealthReport.Version(
                    version: "latest",
                    nodes: [
                        HealthReport.NodeHealth(id: "s-1", address: "127.0.0.1:1", status: "ok"),
                        HealthReport.NodeHealth(id: "s-2", address: "127.0.0.1:2", status: "error 408: late"),
                    ])
            ])
        #expect(
            report.text == """
                service  s

                version latest

                node\t\taddress:port\t\tstatus
                s-1\t\t127.0.0.1:1\t\tok
                s-2\t\t127.0.0.1:2\t\terror 408: late

                """)
        #expect(report.hasHealthyNode)
    }
}
