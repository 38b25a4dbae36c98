import Handlers
import JSON
import Testing

struct FormFieldsTests {
    @Test(
        "a form is read like a query, except for escapes",
        arguments: [
            ("name=John&age=3", #"{"name":"John","age":3}"#), ("a[b]=1&a.c=x+y", #"{"a":{"b":1,"c":"x y"}}"#),
            (#"path=C:\new"#, #"{"path":"C:\\new"}"#), ("text=a%0D%0Ab", #"{"text":"a\r\nb"}"#), ("", "{}"),
        ])
    func encoded(body: String, payload: String) throws {
        #expect(try JSONValue.object(FormFields.parse(body.utf8.span)).text() == payload)
    }

    @Test func `parts become members, files in base64`() throws {
        let body = multipart([
            (#"form-data; name="name""#, [], "John"), (#"form-data; name="age""#, ["Content-Type: text/plain"], "3"),
            (#"form-data; name="a[b]""#, ["Content-Type: application/json"], #"{"c":[1]}"#),
            (#"form-data; name="file"; filename="x.txt""#, ["Content-Type: text/plain"], "hello"),
            (#"form-data; name="blob""#, ["Content-Type: application/octet-stream", "X-Other: y"], "\r\n--Bx\r"),
            (#"FORM-DATA ; NAME=plain"#, ["content-transfer-encoding: 8BIT"], ""),
            (#"form-data; name="q\"%22\\%0A%41""#, [], "é"),
        ])
        let payload: JSONObject = [
            "name": "John", "age": 3, "a": ["b": ["c": [1]]], "file": "aGVsbG8=", "blob": "DQotLUJ4DQ==", "plain": "",
            "q\"\"\\\n%41": "é",
        ]
        #expect(try FormFields.parse(multipart: body.utf8.span, boundary: "B") == payload)
    }

    @Test(
        "base64 has its padding",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("~~~???", "fn5+Pz8/"),
        ])
    func base64(content: String, text: String) throws {
        let body = multipart([(#"form-data; name="f"; filename="""#, [], content)])
        #expect(try FormFields.parse(multipart: body.utf8.span, boundary: "B") == ["f": .string(text)])
    }

    @Test(
        "a body that is not quite multipart is refused",
        arguments: [
            "", "x", "preamble\r\n--B\r\n", "--B", "--B\n", "--B\r\n", "--C\r\n", "--B--x", "--B--\r\nepilogue",
            "--Bx\r\n",
            "--B\r\n\r\nx\r\n--B--", "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data; name\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data, name=a\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data; name=a\n\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--B--",
            "--B\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--B--",
            "--B\r\nno colon\r\n\r\nx\r\n--B--", "--B\r\nContent-Disposition: form-data; name=a\r\n\r\nx\n--B--",
        ])
    func malformed(body: String) throws {
        let problem = try #require(throws: PayloadProblem.self) {
            try FormFields.parse(multipart: body.utf8.span, boundary: "B")
        }
        guard case .malformedMultipart = problem else {
            Issue.record(problem)
            return
        }
    }

    @Test func `an empty form is an empty object`() throws {
        #expect(try FormFields.parse(multipart: "--B--\r\n".utf8.span, boundary: "B").isEmpty)
    }

    @Test(
        "a boundary is 1 to 70 permitted characters",
        arguments: ["", "B ", "B\"", "é", String(repeating: "B", count: 71)])
    func boundary(boundary: String) {
        #expect(throws: PayloadProblem.malformedMultipart("the boundary is not one")) {
            try FormFields.parse(multipart: "--\(boundary)--".utf8.span, boundary: boundary)
        }
    }

    @Test func `cut anywhere, a body is refused`() throws {
        let body = Array(
            multipart([
                (#"form-data; name="a""#, ["Content-Type: text/plain"], "1"),
                (#"form-data; name="f"; filename="x""#, [], "\r\n-\r\n--\r\n--C"),
            ]).utf8)
        let whole = try FormFields.parse(multipart: body.span, boundary: "B")
        for length in 0..<body.count {
            let fields = try? FormFields.parse(multipart: body.span.extracting(0..<length), boundary: "B")
            // Only the line end after the last boundary may be missing, as a whole.
            #expect(fields == (length == body.count - 2 ? whole : nil))
        }
    }

    @Test func `headers, parts and text are limited and checked`() {
        let long = multipart([(#"form-data; name="a""#, ["X: " + String(repeating: "x", count: 8_192)], "1")])
        let many = multipart((0...1_000).map { ("form-data; name=f\($0)", [], "1") })
        let binary =
            Array("--B\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8) + [0xFF] + Array("\r\n--B--".utf8)
        #expect(throws: PayloadProblem.malformedMultipart("a header of more than 8192 bytes")) {
            try FormFields.parse(multipart: long.utf8.span, boundary: "B")
        }
        #expect(throws: PayloadProblem.tooManyFields(limit: 1_000)) {
            try FormFields.parse(multipart: many.utf8.span, boundary: "B")
        }
        #expect(throws: PayloadProblem.notUTF8(field: "a")) {
            try FormFields.parse(multipart: binary.span, boundary: "B")
        }
    }

    private func multipart(_ parts: [(disposition: String, headers: [String], content: String)]) -> String {
        let texts = parts.map { part in
            let lines = ["--B", "Content-Disposition: \(part.disposition)"] + part.headers + ["", part.content]
            return lines.joined(separator: "\r\n") + "\r\n"
        }
        return texts.joined() + "--B--\r\n"
    }
}
