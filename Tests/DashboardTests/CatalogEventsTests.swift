import Gateway
import HTTP
import Reactor
import TestSupport
import Testing

struct CatalogEventsTests {
    @Test func `the catalog is told at once, and then each time there is another`() {
        let rig = Rig()
        let events = rig.get("/api/events")
        #expect(events.field("Content-Type") == "text/event-stream")
        #expect(events.framing == .chunked)
        #expect(events.take() == "event: catalog\ndata: {\"generation\":0}\n\n")
        rig.replaceCatalog(generation: 5, [])
        #expect(events.take() == "event: catalog\ndata: {\"generation\":5}\n\n")
        #expect(events.flushes == 2)
        #expect(!events.isOver)
    }

    @Test func `a quiet stream shows every 15 seconds that it lives`() {
        let rig = Rig()
        let events = rig.get("/api/events")
        _ = events.take()
        rig.loop.advance(by: .seconds(14))
        #expect(events.take() == "")
        rig.replaceCatalog(generation: 1, [])
        _ = events.take()
        rig.loop.advance(by: .seconds(14))
        #expect(events.take() == "", "the 15 seconds begin anew with each event")
        rig.loop.advance(by: .seconds(1))
        #expect(events.take().hasPrefix(":"))
        rig.loop.advance(by: .seconds(15))
        #expect(events.take().hasPrefix(":"))
    }

    @Test func `the stream ends when its client leaves, and leaves nothing behind`() {
        let rig = Rig()
        let events = rig.get("/api/events")
        events.leave()
        rig.loop.drain()
        #expect(events.isOver)
        #expect(events.failure?.code == .clientGone)
        #expect(rig.loop.timers.count == 0)
        rig.replaceCatalog(generation: 1, [])
        #expect(rig.loop.drain() == 0)
    }

    @Test func `the stream ends in order when the server stops, so that stopping need not wait for it`() {
        let rig = Rig()
        let events = rig.get("/api/events")
        events.windDown()
        rig.loop.drain()
        #expect(events.isEnded)
        #expect(events.failure == nil)
        #expect(rig.loop.timers.count == 0)
    }

    @Test func `two clients are told of the same change`() {
        let rig = Rig()
        let clients = [rig.get("/api/events"), rig.get("/api/events")]
        for client in clients { _ = client.take() }
        rig.replaceCatalog(generation: 2, [])
        #expect(clients.map { $0.take() } == Array(repeating: "event: catalog\ndata: {\"generation\":2}\n\n", count: 2))
    }

    @Test func `HEAD has the head of the stream and ends`() {
        let events = Rig().request(.head, "/api/events")
        #expect(events.status == 200)
        #expect(events.isEnded)
        #expect(events.body == "")
    }
}
