package import Bytes
internal import HTTP
internal import JSON

/// The error object of Go Micro, which clients of the gateway receive as JSON: `{"id","code","detail","status"}`.
package struct MicroError: Error, Equatable {
    /// Where the error arose, such as `go.micro.api`.
    package var id: String
    /// Like an HTTP status code; 0 when the service gave none.
    package var code: Int
    /// One sentence for the person who called.
    package var detail: String
    /// A word of its own for clients that look for one, as the member `error`. Empty, the default, for none.
    package var word = ""

    package init(id: String, code: Int, detail: String) {
        self.id = id
        self.code = code
        self.detail = detail
    }

    /// Reads the text of a backend's error. What is no such object becomes the detail, with code 0.
    package init(text: String) {
        self.init(id: "", code: 0, detail: text)
        guard let json = try? JSONParser.parse(text), case .object(let object) = json else { return }
        let id = object.member(ignoringCase: "id")?.stringValue
        let code = object.member(ignoringCase: "code")?.intValue
        let detail = object.member(ignoringCase: "detail")?.stringValue
        guard id != nil || code != nil || detail != nil else { return }
        self.init(id: id ?? "", code: code ?? 0, detail: detail ?? "")
    }

    /// Appends the object, members in the order of the original, empty ones left out.
    package func write(to buffer: inout ByteBuffer) {
        var object = JSONObject()
        if !id.isEmpty { object["id"] = .string(id) }
        if code != 0 { object["code"] = .integer(code) }
        if !detail.isEmpty { object["detail"] = .string(detail) }
        if let phrase = Status(code)?.reason, !phrase.isEmpty { object["status"] = .string(phrase) }
        if !word.isEmpty { object["error"] = .string(word) }
        JSONWriter.write(.object(object), to: &buffer)
    }

    package var text: String {
        var buffer = ByteBuffer()
        write(to: &buffer)
        return buffer.text
    }
}
