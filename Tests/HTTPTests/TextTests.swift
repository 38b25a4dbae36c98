import HTTP
import Testing

struct TextTests {
    @Test(
        "a media type is read with its character set, and its parameters cannot confuse it",
        arguments: [
            ("application/json", "application/json", nil, .json),
            (" Application/JSON ; charset=UTF-8", "application/json", "utf-8", .json),
            ("application/problem+json;charset=\"utf-8\"", "application/problem+json", "utf-8", .json),
            ("application/json; charset=\"\\\"; x\"", "application/json", "\"; x", .json),
            ("application/json; a=\"; charset=x\"; charset=y", "application/json", "y", .json),
            ("application/json; charset=\"open", "application/json", nil, .json),
            ("application/json; charset=\"\\", "application/json", nil, .json),
            ("application/json;;; charset", "application/json", nil, .json),
            ("application/jsonx", "application/jsonx", nil, .other),
            ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded", nil, .form),
            ("multipart/form-data; boundary=x", "multipart/form-data", nil, .multipart),
            ("application/grpc", "application/grpc", nil, .grpc),
            ("application/grpc+json", "application/grpc+json", nil, .grpc),
            ("application/grpc-web", "application/grpc-web", nil, .other),
            ("application/protobuf", "application/protobuf", nil, .protobuf),
            ("application/x-protobuf", "application/x-protobuf", nil, .protobuf),
            ("application/proto", "application/proto", nil, .protobuf),
            ("application/octet-stream", "application/octet-stream", nil, .protobuf),
            ("application/proto-rpc", "application/proto-rpc", nil, .other),
            ("application/x-ndjson; charset=utf-8", "application/x-ndjson", "utf-8", .jsonLines),
            ("application/ndjson", "application/ndjson", nil, .jsonLines),
            ("application/jsonl", "application/jsonl", nil, .jsonLines),
            ("text/event-stream", "text/event-stream", nil, .eventStream),
            ("text/plain;charset=iso-8859-1", "text/plain", "iso-8859-1", .text),
            ("image/png", "image/png", nil, .other),
        ] as [(String, String, String?, MediaType.Kind)])
    func mediaTypes(text: String, essence: String, charset: String?, kind: MediaType.Kind) throws {
        let type = try #require(MediaType(text))
        #expect(type.essence == essence)
        #expect(type.charset == charset)
        #expect(type.kind == kind)
        #expect(MediaType.kind(of: text.utf8.span) == kind)
    }

    @Test(
        "how much a type is wanted is said by its weight",
        arguments: [
            (["text/event-stream"], 1_000), (["TEXT/EVENT-STREAM;q=0.5"], 500), (["text/event-stream ; Q=0.333"], 333),
            (["text/event-stream;charset=utf-8;q=0.2"], 200), (["a/b, text/event-stream;q=0,c/d"], 0),
            (["text/event-stream;q=0.000"], 0), (["text/event-stream;q=1.000"], 1_000),
            (["text/event-stream;q=x"], 1_000), (["text/event-stream;q=0x"], 1_000),
            (["text/event-stream;q=0.0001"], 1_000),
            (["text/event-stream;q=0."], 0), (["text/event-stream;q="], 1_000), (["text/event-stream;"], 1_000),
            (["a/b", "text/event-stream;q=0.1, text/event-stream;q=0.7"], 700), ([], nil), ([""], nil), (["*/*"], nil),
            (["text/event-streams"], nil), (["text/event-strea"], nil), (["text/*"], nil),
        ] as [([String], Int?)])
    func weights(lines: [String], weight: Int?) {
        var fields = HeaderFields()
        for line in lines { fields.append(.accept, line) }
        #expect(fields.acceptedWeight(of: "text/event-stream") == weight)
    }

    @Test(arguments: ["", "json", "/json", "application/", "a b/c", "a/b/c", ";", "application/json charset"])
    func `what has no type and subtype is no media type`(text: String) {
        #expect(MediaType(text) == nil)
    }

    @Test func `a hostile media type of a megabyte is read once`() {
        #expect(MediaType("a/b" + String(repeating: ";\"", count: 500_000)) != nil)
        #expect(MediaType("a/b;x=\"" + String(repeating: "\\", count: 1_000_000)) != nil)
        #expect(MediaType("a/b" + String(repeating: ";a=\"", count: 300_000)) != nil)
    }

    @Test(
        "a path has one form, in which nothing is empty or a dot",
        arguments: [
            ("/", nil), ("/a", nil), ("/a/", nil), ("/a/b.c/..d/e..", nil), ("/.well-known/x", nil), ("/a/...", nil),
            ("/%2", nil), ("/%2f", nil), ("/a%2f..%2fb", nil), ("*", nil), ("", nil), ("/%2e%2e%2e", nil),
            ("/a;/..;", nil),
            ("//", "/"), ("//a", "/a"), ("/a//b", "/a/b"), ("/a//", "/a/"), ("/.", "/"), ("/..", "/"), ("/./", "/"),
            ("/../", "/"), ("/a/.", "/a/"), ("/a/./b", "/a/b"), ("/a/..", "/"), ("/a/../", "/"), ("/a/../b", "/b"),
            ("/a/b/..", "/a/"), ("/a/b/../", "/a/"), ("/a/b/../c", "/a/c"), ("/a/b/../../c", "/c"), ("/../../a", "/a"),
            ("/a/%2e/b", "/a/b"), ("/a/%2E%2e/b", "/b"), ("/a/.%2e/b", "/b"), ("/a/%2e./b", "/b"),
            ("/a/b/%2e%2e", "/a/"),
            ("/a//../b", "/b"), ("/a/./../b/", "/b/"), ("/a/%2e", "/a/"), ("///", "/"), ("/a/../..//b", "/b"),
        ] as [(String, String?)])
    func canonicalPaths(path: String, canonical: String?) {
        #expect(PercentEncoding.canonicalPath(path.utf8.span) == canonical)
        if let canonical { #expect(PercentEncoding.canonicalPath(canonical.utf8.span) == nil) }
    }

    @Test(
        "percent-encoding is undone once, or refused",
        arguments: [
            ("", ""), ("a%20b", "a b"), ("%41%2f%C3%a9", "A/\u{e9}"), ("a+b", "a+b"), ("%2541", "%41"), ("%", nil),
            ("%4", nil),
            ("%4g", nil), ("%ff", nil), ("a%", nil), ("%%41", nil),
        ] as [(String, String?)])
    func decoding(text: String, decoded: String?) {
        #expect(PercentEncoding.decode(text) == decoded)
    }

    @Test func `what is encoded is decoded to the same, and plus is a space where it is said to be`() {
        let text = "a b/c?d=e&f+g%\u{e9}\0~-._"
        #expect(PercentEncoding.encode(text) == "a%20b%2Fc%3Fd%3De%26f%2Bg%25%C3%A9%00~-._")
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
        #expect(PercentEncoding.decode("a+b%2B", plusIsSpace: true) == "a b+")
    }

    @Test func `cookies are found on any line, and rubbish between them is passed over`() {
        var fields = HeaderFields()
        fields.append(.cookie, "===;;; a ; b = 1; =x;a=2=3")
        fields.append(.cookie, "c=4; a=5")
        #expect(Cookies.value(of: "a", in: fields) == "2=3")
        #expect(Cookies.value(of: "b", in: fields) == "1")
        #expect(Cookies.value(of: "c", in: fields) == "4")
        #expect(Cookies.value(of: "A", in: fields) == nil)
        #expect(Cookies.value(of: "d", in: fields) == nil)
        fields.append(.cookie, String(repeating: "x=y;", count: 1_000) + "z=1")
        #expect(Cookies.value(of: "z", in: fields) == "1")
    }
}
