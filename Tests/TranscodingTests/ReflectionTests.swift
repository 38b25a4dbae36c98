import Bytes
import JSON
import Testing
import Transcoding

struct ReflectionTests {
    private let golden = Golden.json("reflection.json")

    private func bytes(_ name: String) -> [UInt8] { Golden.bytes(hex: golden[name]?.stringValue ?? "") }

    @Test(
        "requests are written as the reference writes them",
        arguments: [
            (ReflectionRequest.services, "list"), (.fileContaining(symbol: "shop.v1.Shop"), "symbol"),
            (.file(named: "shop.proto"), "file"),
        ])
    func writes(request: ReflectionRequest, name: String) {
        var buffer = ByteBuffer()
        request.append(to: &buffer)
        #expect(Golden.hex(buffer.bytes) == golden[name]?.stringValue)
    }

    @Test func `answers are read, each kind`() throws {
        let files = bytes("files")
        #expect(try ReflectionResponse(files.span) == .files([Array("one".utf8), Array("two".utf8)]))
        let services = bytes("services")
        let names = ["shop.v1.Shop", "grpc.reflection.v1.ServerReflection"]
        #expect(try ReflectionResponse(services.span) == .services(names))
        let error = bytes("error")
        #expect(try ReflectionResponse(error.span) == .failure(code: 5, message: "no such symbol"))
    }

    @Test func `answers that say nothing, or too much, are refused`() {
        let services = bytes("services")
        #expect(throws: SchemaProblem.self) { try ReflectionResponse(services.span, maximumCount: 1) }
        for name in ["files", "services", "error"] {
            let answer = bytes(name)
            for count in 0..<answer.count {
                let cut = Array(answer[..<count])
                // Between two fields an answer may end; it then has less in it.
                if let response = try? ReflectionResponse(cut.span) {
                    #expect(response != (try? ReflectionResponse(answer.span)))
                }
            }
        }
        let nothing: [UInt8] = []
        #expect(throws: SchemaProblem.self) { try ReflectionResponse(nothing.span) }
    }
}
