import Gateway
import HTTP
import JSON
import Testing

struct ServiceRecordTests {
    /// As Go Micro writes it.
    private static let record = #"""
        {"name":"go.micro.srv.greeter","version":"latest","metadata":null,"endpoints":[{"name":"Greeter.Hello",
        "request":{"name":"HelloRequest","type":"HelloRequest","values":[{"name":"name","type":"string","values":null}]},
        "response":{"name":"HelloResponse","type":"HelloResponse","values":[{"name":"greeting","type":"string",
        "values":null}]},"metadata":{"stream":"false"}}],"nodes":[{"id":"go.micro.srv.greeter-1","address":"10.0.0.5:9090",
        "metadata":{"broker":"http","protocol":"mucp","registry":"etcd","server":"mucp","transport":"http"}}]}
        """#

    private func service(_ text: String) throws -> Service { try Service(json: JSONParser.parse(text)) }

    @Test func `a record of Go Micro is understood, and written again says the same`() throws {
        let service = try service(Self.record)
        #expect(service.name == "go.micro.srv.greeter")
        #expect(service.version == "latest")
        #expect(service.metadata.isEmpty)
        let endpoint = try #require(service.endpoints.first)
        #expect(endpoint.request?.fields == [FieldDescription(name: "name", type: "string")])
        #expect(endpoint.response?.type == "HelloResponse")
        #expect(!endpoint.isStream && !endpoint.isSubscriber)
        let node = try #require(service.nodes.first)
        #expect(node.address == "10.0.0.5:9090")
        #expect(node.wireProtocol == .mucp(transport: "http"))
        #expect(try Service(json: service.json) == service)
    }

    @Test(
        "what people write by hand is understood too",
        arguments: [
            (#"{"name":"a"}"#, ""), (#"{"name":"a","nodes":null,"endpoints":null,"metadata":null,"version":null}"#, ""),
            (#"{"Name":"a","NODES":[{"Id":"1","ADDRESS":"b:1"}]}"#, "b:1"),
            (#"{"name":"a","unknown":[1],"nodes":[{"id":"1","address":"b:1","more":{}}]}"#, "b:1"),
            // Go Micro before 1.8 keeps the port apart.
            (#"{"name":"a","nodes":[{"id":"1","address":"127.0.0.1","port":8080}]}"#, "127.0.0.1:8080"),
            (#"{"name":"a","nodes":[{"id":"1","address":"127.0.0.1:9090","port":8080}]}"#, "127.0.0.1:9090"),
            (#"{"name":"a","nodes":[{"id":"1","address":"127.0.0.1:9090","port":0}]}"#, "127.0.0.1:9090"),
            (#"{"name":"a","nodes":[{"id":"1","address":"::1","port":8080}]}"#, "[::1]:8080"),
            (#"{"name":"a","nodes":[{"id":"1","address":"fd00::5","port":80}]}"#, "[fd00::5]:80"),
        ])
    func byHand(text: String, address: String) throws {
        let service = try service(text)
        #expect(service.name == "a")
        #expect(service.nodes.map(\.address).joined() == address)
    }

    @Test(
        "what describes no service is refused with a sentence",
        arguments: [
            "[]", "7", "{}", #"{"name":""}"#, #"{"name":7}"#, #"{"name":"a","nodes":{}}"#, #"{"name":"a","nodes":[7]}"#,
            #"{"name":"a","nodes":[{"address":"b:1"}]}"#, #"{"name":"a","nodes":[{"id":"1","address":7}]}"#,
            #"{"name":"a","endpoints":[{"name":"x","request":7}]}"#, #"{"name":"a","metadata":{"k":1}}"#,
            #"{"name":"a","nodes":[{"id":"1","address":"b:1","metadata":[]}]}"#,
        ])
    func refused(text: String) {
        let error = #expect(throws: MalformedRecord.self) { try service(text) }
        #expect(error?.reason.isEmpty == false)
    }

    @Test func `descriptions without end are cut off`() throws {
        var value = #"{"name":"x","type":"t","values":null}"#
        for _ in 0..<25 { value = #"{"name":"x","type":"t","values":[\#(value)]}"# }
        let service = try service(#"{"name":"a","endpoints":[{"name":"e","request":\#(value)}]}"#)
        var depth = 0
        var field = service.endpoints.first?.request
        while let next = field?.fields.first { (field, depth) = (next, depth + 1) }
        #expect((4...16).contains(depth))
    }
}

struct MicroErrorTests {
    @Test(
        "an error is read from its text, and what is none is the sentence",
        arguments: [
            (
                #"{"id":"a","code":404,"detail":"gone","status":"Not Found"}"#,
                MicroError(id: "a", code: 404, detail: "gone")
            ),
            (#"{"ID":"a","Code":404,"Detail":"gone"}"#, MicroError(id: "a", code: 404, detail: "gone")),
            (#"{"detail":"gone"}"#, MicroError(id: "", code: 0, detail: "gone")),
            (#"{"code":"404"}"#, MicroError(id: "", code: 0, detail: #"{"code":"404"}"#)),
            ("plain", MicroError(id: "", code: 0, detail: "plain")), ("", MicroError(id: "", code: 0, detail: "")),
            ("{}", MicroError(id: "", code: 0, detail: "{}")), ("{", MicroError(id: "", code: 0, detail: "{")),
            ("\"text\"", MicroError(id: "", code: 0, detail: "\"text\"")),
        ])
    func read(text: String, error: MicroError) {
        #expect(MicroError(text: text) == error)
    }

    @Test(
        "an error is written with the members that it has",
        arguments: [
            (
                MicroError(id: "a", code: 404, detail: "gone"),
                #"{"id":"a","code":404,"detail":"gone","status":"Not Found"}"#
            ),
            (MicroError(id: "", code: 0, detail: "x"), #"{"detail":"x"}"#),
            (MicroError(id: "", code: 0, detail: ""), "{}"),
            (MicroError(id: "a", code: 799, detail: "\"\r\n"), #"{"id":"a","code":799,"detail":"\"\r\n"}"#),
        ])
    func write(error: MicroError, text: String) {
        #expect(error.text == text)
        #expect(MicroError(text: text).detail == (text == "{}" ? "{}" : error.detail))
    }
}

struct GatewayErrorTests {
    private static let statuses: [(GatewayError.Code, Int)] = [
        (.badRequest, 400), (.forbidden, 403), (.methodNotAllowed, 405), (.contentTooLarge, 413),
        (.unsupportedMediaType, 415), (.unsupportedEncoding, 415), (.requestTimeout, 408), (.headerFieldsTooLarge, 431),
        (.uriTooLong, 414), (.expectationFailed, 417), (.versionNotSupported, 505), (.misdirected, 421),
        (.notImplemented, 501),
        (.loopDetected, 508), (.tooManyRequests, 429), (.notAcceptable, 406), (.notFound, 404), (.noNodes, 503),
        (.upstreamRefused, 502),
        (.upstreamBroken, 502),
        (.upstreamTimedOut, 504), (.unauthorized, 401), (.clientGone, 408), (.application, 500), (.fault, 500),
    ]

    @Test("each code has its status, in the answer and in the report", arguments: statuses)
    func status(code: GatewayError.Code, status: Int) {
        let error = GatewayError(code, "a sentence", detail: "a host")
        #expect(error.status.code == status)
        let isNodes = error.blamesNode || code == .noNodes
        let id = isNodes ? "go.micro.client" : "go.micro.api"
        #expect(error.report == MicroError(id: id, code: status, detail: "a sentence"))
        #expect(error.detail == "a host")
    }

    @Test func `an error object without a code is completed by who reports it, and no other`() {
        let object = GatewayError(reportedBy: "greeter", MicroError(id: "x", code: 0, detail: "y"))
        #expect(
            object.completed(by: "go.micro.rpc").report
                == MicroError(id: "go.micro.rpc", code: 500, detail: "error during request: y"))
        for error in [MicroError(id: "", code: 0, detail: "it broke"), MicroError(id: "x", code: 409, detail: "y")] {
            let reported = GatewayError(reportedBy: "greeter", error)
            #expect(reported.completed(by: "go.micro.rpc") == reported)
        }
    }

    @Test func `the table names every code`() {
        #expect(Set(Self.statuses.map(\.0)) == Set(GatewayError.Code.allCases))
    }

    @Test func `only what no node can have done is done again without asking`() {
        for code in GatewayError.Code.allCases {
            let mayBe = GatewayError(code, "x", mayHaveBeenSent: true).isRetryable
            let never = GatewayError(code, "x", mayHaveBeenSent: false).isRetryable
            #expect(mayBe == (code == .upstreamRefused))
            #expect(never == (code == .upstreamRefused || code == .upstreamBroken))
        }
    }

    @Test(
        "the code of a service is the status if it is one of an error",
        arguments: [
            (400, 400), (404, 404), (599, 599), (0, 500), (200, 500), (302, 500), (600, 500), (99_999, 500), (-1, 500),
            (1, 500),
        ])
    func reported(code: Int, status: Int) {
        let error = GatewayError(reportedBy: "go.greeter", MicroError(id: "", code: code, detail: "d"))
        #expect(error.status.code == status)
        #expect(error.report.id == "go.greeter")
        // What can be no status of HTTP is no code (C137).
        #expect(error.report.code == ((100...999).contains(code) ? code : 500))
        #expect(error.code == .application)
        #expect(!error.blamesNode)
    }
}
