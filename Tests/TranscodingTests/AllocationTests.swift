import Bytes
import CMallocCount
import Testing
import Transcoding

/// What one more message costs in memory.
struct AllocationTests {
    private static let text = Array(
        #"{"name":"John \"J\" Doe","age":42,"email":"john@example.com","isActive":true,"accountId":"123","roles":["a"]}"#
            .utf8)

    @Test func `a message asks for no memory once there was one like it, either way`() throws {
        let person = Golden.message("sample.Person")
        var transcoder = Transcoder()
        var (message, again) = (ByteBuffer(), ByteBuffer())
        var before = 0
        for round in 0..<110 {
            if round == 10 { before = malloc_count() }
            message.removeAll()
            again.removeAll()
            try transcoder.appendProtobuf(fromJSON: Self.text.span, as: person, to: &message)
            try transcoder.appendJSON(fromProtobuf: message.span, as: person, to: &again)
        }
        #expect(malloc_count() - before == 0)
        #expect(again.bytes == Self.text)
    }
}
