import HTTP
import Testing

private typealias Outcome = StreamState.Outcome

/// By state, what HEADERS, HEADERS with END_STREAM, DATA, DATA with END_STREAM, RST_STREAM and WINDOW_UPDATE lead to:
/// another state by its letter (`i`dle, `o`pen, half closed `l`ocal or `r`emote, `e`nded, reset by `u`s or the `p`eer),
/// `-` ignored, `s` and `c` the stream's or the connection's error STREAM_CLOSED, `x` the connection's PROTOCOL_ERROR,
/// `f` forbidden.
private let received: [(StreamState, String)] = [
    (.idle, "orxxxx"), (.open, "ororpo"), (.halfClosedLocal, "lelepl"), (.halfClosedRemote, "sssspr"),
    (.ended, "cccc--"), (.resetByUs, "------"), (.resetByPeer, "cccc--"),
]
private let sent: [(StreamState, String)] = [
    (.idle, "olffff"), (.open, "ololuo"), (.halfClosedLocal, "fffful"), (.halfClosedRemote, "rereur"),
    (.ended, "ffffff"), (.resetByUs, "ffffff"), (.resetByPeer, "ffffff"),
]

private let events: [StreamState.Event] = [.headers, .headersWithEnd, .data, .dataWithEnd, .reset, .windowUpdate]

private func outcome(_ letter: Character) -> Outcome? {
    switch letter {
    case "i": .becomes(.idle)
    case "o": .becomes(.open)
    case "l": .becomes(.halfClosedLocal)
    case "r": .becomes(.halfClosedRemote)
    case "e": .becomes(.ended)
    case "u": .becomes(.resetByUs)
    case "p": .becomes(.resetByPeer)
    case "-": .ignored
    case "s": .streamError(.streamClosed)
    case "c": .connectionError(.streamClosed)
    case "x": .connectionError(.protocolError)
    case "f": .forbidden
    default: nil
    }
}

struct StreamStateTests {
    @Test("a frame that is received leads to the next state or to an error", arguments: received)
    func receiving(state: StreamState, letters: String) {
        for (event, letter) in zip(events, letters) {
            #expect(state.after(event, .received) == outcome(letter), "\(event)")
        }
        #expect(state.after(.priority, .received) == .becomes(state))
    }

    @Test("a frame that is sent leads to the next state or is forbidden", arguments: sent)
    func sending(state: StreamState, letters: String) {
        for (event, letter) in zip(events, letters) {
            #expect(state.after(event, .sent) == outcome(letter), "\(event)")
        }
    }

    @Test func `the tables of this test have every state and every event`() {
        for table in [received, sent] {
            #expect(table.map(\.0) == StreamState.allCases)
            #expect(table.allSatisfy { $0.1.count == events.count })
        }
        #expect(events + [.priority] == StreamState.Event.allCases)
    }

    @Test func `what a client opens is odd and grows, and what lies below is not idle`() throws {
        var numbers = StreamNumbers(isServer: true)
        for wrong: UInt32 in [0, 2] { #expect(throws: HTTP2Error.self) { try numbers.open(wrong) } }
        #expect(numbers.isIdle(5) && numbers.isIdle(2))
        try numbers.open(5)
        #expect(!numbers.isIdle(5) && !numbers.isIdle(3) && numbers.isIdle(7))
        for wrong: UInt32 in [1, 3, 5, 6] {
            let error = #expect(throws: HTTP2Error.self) { try numbers.open(wrong) }
            #expect(error?.code == .protocolError && error?.scope == .connection)
        }
        try numbers.open(0x7fff_ffff)
        #expect(throws: HTTP2Error.self) { try numbers.open(0x7fff_ffff) }
        #expect(numbers.lastOfPeer == 0x7fff_ffff)
    }

    @Test func `our own streams are numbered from one or two on`() {
        var client = StreamNumbers(isServer: false)
        #expect(client.isIdle(1))
        #expect([client.next(), client.next(), client.next()] == [1, 3, 5])
        #expect(!client.isIdle(5) && client.isIdle(7) && client.isIdle(2))
        var server = StreamNumbers(isServer: true)
        #expect(server.next() == 2)
    }
}
