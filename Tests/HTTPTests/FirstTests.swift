import Bytes
import HTTP
import Testing

struct FirstTests {
    @Test func `a request is read`() throws {
        var parser = RequestParser()
        var head = RequestHead()
        let buffer = ByteBuffer("GET /a/b?c=d HTTP/1.1\r\nHost: A.Example.:80\r\nX-Y:z \r\n\r\nrest")
        let length = try parser.parse(buffer.span, into: &head)
        #expect(length == buffer.count - 4)
        #expect(head.method == .get)
        #expect(head.path == "/a/b")
        #expect(head.query == "c=d")
        #expect(head.host == "a.example")
        #expect(head.authority == "A.Example.:80")
        #expect(head.fields["x-y"] == "z")
        #expect(try BodyFraming.ofRequest(head) == .none)
    }

    @Test func `a chunked body is read`() throws {
        var reader = BodyReader(.chunked)
        var buffer = ByteBuffer("5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nX-T: v\r\nHost: evil\r\n\r\nnext")
        var body = ""
        while !reader.isComplete {
            let step = try reader.next(buffer.span)
            try #require(!step.isIdle)
            buffer.consume(step.skip)
            body += String(buffer.span.extracting(0..<step.take))
            buffer.consume(step.take)
        }
        #expect(body == "hello!")
        #expect(buffer.text == "next")
        #expect(reader.trailers.description == "X-T: v")
    }
}
