import Bytes
import JSON
import Testing

@testable import micro

struct ExplanationTextTests {
    private func text(_ json: String) throws -> String {
        ExplanationText(try JSONParser.parse(ByteBuffer(Array(json.utf8)).span)).text
    }

    @Test func `an explanation is a sentence, and below it what was looked at`() throws {
        let json = """
            {"sentence":"service s, endpoint A.B, handler rpc, by the route GET /a/{id} of service s, endpoint A.B",
             "request":{"method":"GET","host":"localhost","path":"/a/7"},"declaredRoutes":2,
             "tried":[{"route":"GET /a/{id}","origin":"service s, endpoint A.B","wins":true,"reason":"it fits best"},
                      {"route":"POST /a/{id}","origin":"x","wins":false,"reason":"it is for other methods"}],
             "nodes":[{"id":"n1","address":"10.0.0.1:1","version":"2","speaks":"mucp","canBeAsked":true,"state":"can be asked"}],
             "sends":{"message":"{\\"id\\":\\"7\\"}"}}
            """
        #expect(
            try text(json) == """
                GET /a/7 for host localhost
                  service s, endpoint A.B, handler rpc, by the route GET /a/{id} of service s, endpoint A.B
                routes, of 2 declared ones:
                  * GET /a/{id}: it fits best (service s, endpoint A.B)
                  - POST /a/{id}: it is for other methods (x)
                nodes:
                  * n1 at 10.0.0.1:1, version 2, speaks mucp: can be asked
                would send:
                  message: {"id":"7"}

                """)
    }

    @Test func `what a registry says cannot write into the terminal`() throws {
        let json = """
            {"sentence":"x\\u001b[2Jy","request":{"method":"GET","host":"h","path":"/"},"ownAnswer":"x"}
            """
        #expect(try !text(json).utf8.contains(0x1b))
    }
}
