import HTTP
import Testing

struct ContentCodingTests {
    @Test(
        "the coding that the client likes best is chosen",
        arguments: [
            ("gzip", ContentCoding.gzip), ("deflate", .deflate), ("gzip, deflate, br", .gzip), ("X-GZIP", .gzip),
            ("deflate;q=0.9, gzip;q=0.8", .deflate), ("gzip;q=0.001", .gzip), ("*", .gzip), ("*;q=0.5", .gzip),
            ("gzip;q=0, *", .deflate), ("gzip;q=0", nil), ("*;q=0", nil), ("br", nil), ("", nil), ("identity", nil),
            ("identity;q=0.5, gzip;q=0.4", nil), ("identity;q=0.5, gzip;q=0.5", .gzip), ("gzip ; Q=1.000", .gzip),
            ("gzip;q=1.001", nil), ("gzip;q=2", nil), ("gzip;q=", nil), ("gzip;q=0.0001", nil), ("gzip;x=1", nil),
            ("gzip;", nil), ("identity;q=0, deflate", .deflate), ("gzip,gzip;q=0", .gzip), ("gzipped", nil),
        ])
    func preferred(text: String, coding: ContentCoding?) {
        #expect(accepted(text).preferred == coding)
    }

    @Test(
        "content as it is can be refused",
        arguments: [
            ("identity;q=0", true), ("*;q=0", true), ("gzip, *;q=0", true), ("*;q=0, identity", false),
            ("gzip", false), ("identity;q=0.1", false), ("", false),
        ])
    func refused(text: String, isRefused: Bool) {
        #expect(accepted(text).refusesIdentity == isRefused)
    }

    @Test func `several lines are one list, and none accepts nothing`() {
        var fields = HeaderFields()
        #expect(AcceptedCodings(fields).preferred == nil)
        fields.append(.acceptEncoding, "br")
        fields.append(.acceptEncoding, "deflate")
        #expect(AcceptedCodings(fields).preferred == .deflate)
    }

    private func accepted(_ text: String) -> AcceptedCodings {
        var fields = HeaderFields()
        fields.append(.acceptEncoding, text)
        return AcceptedCodings(fields)
    }

    // MARK: Whether

    private func choice(
        status: Status = .ok, type: String? = "application/json", fields: [(String, String)] = [],
        body: BodyFraming = .length(2_000), accepting: String? = "gzip", method: HTTP.Method = .get,
        asking: [(String, String)] = []
    ) -> CodingChoice {
        var head = ResponseHead(status)
        if let type { head.fields.append(.contentType, type) }
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        var request = RequestHead(method: method)
        if let accepting { request.fields.append(.acceptEncoding, accepting) }
        for (name, value) in asking { request.fields.append(name: name, value: value) }
        return head.codingChoice(for: request, body: body, minimum: 1_024)
    }

    @Test(
        "what is text in the widest sense is compressed",
        arguments: [
            ("application/json", true), ("text/html; charset=utf-8", true), ("Application/Problem+JSON", true),
            ("image/svg+xml", true), ("application/xml", true), ("text/javascript", true), ("application/wasm", true),
            ("application/x-www-form-urlencoded", true), ("text/event-stream", false),
            ("text/event-stream;charset=utf-8", false), ("application/x-ndjson", false), ("text/x-ndjson", false),
            ("application/stream+json", false), ("application/grpc", false), ("application/grpc+json", false),
            ("application/grpc-web+json", false), ("application/connect+json", false), ("image/png", false),
            ("application/octet-stream", false), ("multipart/mixed", false), ("application/gzip", false),
            ("text", false),
        ])
    func types(type: String, isCompressed: Bool) {
        #expect(choice(type: type) == (isCompressed ? .coded(.gzip) : .asItIs))
    }

    @Test func `what must not be changed is not`() {
        for fields in [
            ("Content-Encoding", "br"), ("Cache-Control", "public, no-transform"), ("Content-Range", "bytes 0-1/2"),
            ("Content-Digest", "sha-256=:x:"), ("Content-MD5", "x"),
        ] {
            #expect(choice(fields: [fields]) == .asItIs)
        }
        #expect(choice(asking: [("Cache-Control", "no-transform")]) == .asItIs)
        for status in [Status.partialContent, .noContent] { #expect(choice(status: status) == .asItIs) }
        #expect(choice(type: nil) == .asItIs)
        #expect(choice(status: .notFound) == .coded(.gzip))
    }

    @Test func `short content stays as it is, unless the client refuses that`() {
        #expect(choice(body: .length(1_023)) == .asItIs)
        #expect(choice(body: .length(1_024)) == .coded(.gzip))
        #expect(choice(body: .length(10), accepting: "gzip, identity;q=0") == .coded(.gzip))
        #expect(choice(body: .length(0), accepting: "gzip, identity;q=0") == .asItIs)
        #expect(choice(body: .chunked) == .coded(.gzip))
        #expect(choice(body: .untilClose) == .coded(.gzip))
        #expect(choice(body: .none) == .asItIs)
    }

    @Test func `HEAD is answered as GET would be`() {
        #expect(choice(fields: [("Content-Length", "5000")], body: .none, method: .head) == .coded(.gzip))
        #expect(choice(fields: [("Content-Length", "50")], body: .none, method: .head) == .asItIs)
        #expect(choice(body: .none, method: .head) == .coded(.gzip))
    }

    @Test func `others are told when a client gets it as it is`() {
        #expect(choice(accepting: nil) == .notForThisClient)
        #expect(choice(accepting: "br") == .notForThisClient)
        #expect(choice(type: "image/png", accepting: nil) == .asItIs)
        #expect(choice(body: .length(10), accepting: nil) == .asItIs)
    }

    // MARK: How

    private func declared(
        _ choice: CodingChoice, status: Status = .ok, _ lines: [(String, String)], asking: String = ""
    )
        -> String
    {
        var head = ResponseHead(status)
        for (name, value) in lines { head.fields.append(name: name, value: value) }
        var request = RequestHead()
        if !asking.isEmpty { request.fields.append(.ifNoneMatch, asking) }
        head.declare(choice, answering: request)
        return head.fields.description
    }

    @Test func `compressed content has another length, another validator, and no ranges`() {
        let lines = [("Content-Length", "5000"), ("ETag", "\"a\""), ("Accept-Ranges", "bytes"), ("X", "y")]
        #expect(
            declared(.coded(.gzip), lines) == "X: y\nVary: Accept-Encoding\nETag: W/\"a\"\nContent-Encoding: gzip")
        #expect(declared(.notForThisClient, [("ETag", "\"a\"")]) == "ETag: \"a\"\nVary: Accept-Encoding")
        #expect(declared(.asItIs, lines).contains("Content-Length: 5000"))
        #expect(declared(.coded(.deflate), [("ETag", "W/\"a\"")]).hasPrefix("ETag: W/\"a\"\n"))
    }

    @Test(
        "what varies already is not said to twice",
        arguments: [("Accept-Encoding", 1), ("Origin, accept-encoding", 1), ("*", 1), ("Origin", 2)])
    func vary(value: String, count: Int) {
        #expect(
            declared(.coded(.gzip), [("Vary", value)]).split(separator: "\n").filter { $0.hasPrefix("Vary") }.count
                == count)
    }

    @Test func `a client that has it compressed is told by the validator that it has`() {
        #expect(
            declared(.notForThisClient, status: .notModified, [("ETag", "\"a\"")], asking: "W/\"a\"").contains(
                "W/\"a\""))
        #expect(!declared(.notForThisClient, status: .notModified, [("ETag", "\"a\"")], asking: "\"a\"").contains("W/"))
    }
}
