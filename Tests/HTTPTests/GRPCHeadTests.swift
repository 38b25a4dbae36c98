import Bytes
import HTTP
import Testing

struct GRPCHeadTests {
    @Test(
        "types of gRPC bodies",
        arguments: [
            ("application/grpc", GRPCContentType.Form.native, "", "application/grpc"),
            ("Application/GRPC+proto", .native, "+proto", "application/grpc+proto"),
            ("application/grpc+json; charset=utf-8", .native, "+json", "application/grpc+json"),
            ("application/grpc-web", .web, "", "application/grpc"),
            ("application/grpc-web+proto", .web, "+proto", "application/grpc+proto"),
            ("application/grpc-web-text", .webText, "", "application/grpc"),
            ("application/grpc-web-text+proto", .webText, "+proto", "application/grpc+proto"),
        ])
    func types(text: String, form: GRPCContentType.Form, suffix: String, native: String) throws {
        let read = GRPCContentType(text.utf8.span)
        let type = try #require(read)
        #expect(type.form == form)
        #expect(type.suffix == suffix)
        #expect(type.text(as: .native) == native)
    }

    @Test(
        "a call in gRPC comes over HTTP/2 or wants trailers, and one in gRPC-Web is one anyhow",
        arguments: [
            ("application/grpc", Version.http2, "", true), ("application/grpc", .http11, "", false),
            ("application/grpc", .http11, "trailers", true), ("application/grpc+json", .http10, "gzip", false),
            ("application/grpc-web+proto", .http11, "", true), ("application/json", .http2, "trailers", false),
        ])
    func calls(type: String, version: Version, te: String, isCall: Bool) {
        var fields = HeaderFields()
        fields.append(.contentType, type)
        if !te.isEmpty { fields.append(.te, te) }
        #expect(RequestHead(method: .post, version: version, fields: fields).isGRPC == isCall)
    }

    @Test(
        "other types", arguments: ["", "application/json", "application/grpcx", "application/grpc-webby", "text/plain"])
    func others(text: String) {
        let type = GRPCContentType(text.utf8.span)
        #expect(type == nil)
    }

    @Test func `the head of an answer is read, and what cannot be one is refused`() throws {
        func head(_ fields: [(String, String)]) throws -> ResponseHead {
            var encoder = HPACKEncoder()
            var block = ByteBuffer()
            encoder.beginBlock(to: &block)
            for (name, value) in fields { encoder.encode(name, value, to: &block) }
            var decoder = HPACKDecoder()
            var list = HPACKFieldList()
            try decoder.decode(block.span, into: &list)
            var head = ResponseHead(.ok)
            try HTTP2Header.readResponse(list, stream: 1, into: &head)
            return head
        }
        let good = try head([(":status", "404"), ("content-type", "a/b"), ("content-length", "3")])
        #expect(good.status == .notFound)
        #expect(good.fields[.contentType] == "a/b")
        let bad: [[(String, String)]] = [
            [], [("a", "b")], [(":status", "20")], [(":status", "2000")], [(":status", "abc")], [(":status", "101")],
            [("a", "b"), (":status", "200")], [(":status", "200"), (":status", "200")],
            [(":status", "200"), ("connection", "close")], [(":status", "200"), ("content-length", "x")],
            [(":status", "200"), ("a", " b")],
        ]
        for fields in bad { #expect(throws: HTTP2Error.self, "\(fields)") { try head(fields) } }
    }

    @Test func `the small reader of protobuf never reads past the end`() {
        let message: [UInt8] = [0x08, 0x96, 0x01, 0x12, 0x02, 0x61, 0x62, 0x1d, 0, 0, 0, 0, 0x20, 0x01]
        var fields = ProtobufFields()
        var read: [ProtobufFields.Field] = []
        while let field = fields.next(in: message.span) { read.append(field) }
        #expect(read.map(\.number) == [1, 2, 4])
        #expect(read.map(\.value) == [150, 0, 1])
        #expect(read.map(\.content) == [0..<0, 5..<7, 0..<0])
        for length in 0..<message.count {
            var fields = ProtobufFields()
            let part = Array(message.prefix(length))
            while let field = fields.next(in: part.span) { #expect(field.content.upperBound <= length) }
        }
    }
}
