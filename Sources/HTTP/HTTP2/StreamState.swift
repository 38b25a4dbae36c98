/// Where a stream is in its life (RFC 9113, 5.1). There are no reserved streams, for nobody pushes here; and `closed` is
/// three states, for what may still arrive depends on who closed the stream.
package enum StreamState: CaseIterable, Sendable {
    case idle
    case open
    /// We are done sending.
    case halfClosedLocal
    /// The peer is done sending.
    case halfClosedRemote
    /// Both are done.
    case ended
    /// We sent RST_STREAM, so what the peer sent before it knew is not its fault.
    case resetByUs
    /// The peer sent RST_STREAM, after which it sends nothing.
    case resetByPeer

    /// A frame as far as a state is concerned. CONTINUATION counts as a part of its HEADERS.
    package enum Event: CaseIterable, Sendable {
        case headers, headersWithEnd, data, dataWithEnd, reset, windowUpdate, priority
    }

    /// Who sent a frame: the peer or we.
    package enum Direction: CaseIterable, Sendable {
        case received, sent
    }

    /// What a frame does to a stream.
    package enum Outcome: Equatable, Sendable {
        case becomes(StreamState)
        /// It is legal and too late. Fields must still be decoded, and content counts for the connection's window.
        case ignored
        /// RST_STREAM with this code.
        case streamError(HTTP2ErrorCode)
        /// GOAWAY with this code.
        case connectionError(HTTP2ErrorCode)
        /// It must not be sent; whoever tries has a mistake.
        case forbidden
    }

    /// Decides every frame in every state.
    package func after(_ event: Event, _ direction: Direction) -> Outcome {
        switch direction {
        case .received: afterReceiving(event)
        case .sent: afterSending(event)
        }
    }

    private func afterReceiving(_ event: Event) -> Outcome {
        switch (self, event) {
        // Anyone may send it at any time (5.1).
        case (_, .priority): .becomes(self)

        case (.idle, .headers): .becomes(.open)
        case (.idle, .headersWithEnd): .becomes(.halfClosedRemote)
        case (.idle, .data), (.idle, .dataWithEnd), (.idle, .reset), (.idle, .windowUpdate):
            .connectionError(.protocolError)

        case (.open, .headers), (.open, .data), (.open, .windowUpdate): .becomes(.open)
        case (.open, .headersWithEnd), (.open, .dataWithEnd): .becomes(.halfClosedRemote)

        case (.halfClosedLocal, .headers), (.halfClosedLocal, .data), (.halfClosedLocal, .windowUpdate):
            .becomes(.halfClosedLocal)
        case (.halfClosedLocal, .headersWithEnd), (.halfClosedLocal, .dataWithEnd): .becomes(.ended)

        case (.halfClosedRemote, .windowUpdate): .becomes(.halfClosedRemote)
        case (.halfClosedRemote, .headers), (.halfClosedRemote, .headersWithEnd), (.halfClosedRemote, .data),
            (.halfClosedRemote, .dataWithEnd):
            .streamError(.streamClosed)

        case (.open, .reset), (.halfClosedLocal, .reset), (.halfClosedRemote, .reset): .becomes(.resetByPeer)

        case (.ended, .windowUpdate), (.ended, .reset), (.resetByPeer, .windowUpdate), (.resetByPeer, .reset): .ignored
        case (.ended, .headers), (.ended, .headersWithEnd), (.ended, .data), (.ended, .dataWithEnd),
            (.resetByPeer, .headers), (.resetByPeer, .headersWithEnd), (.resetByPeer, .data),
            (.resetByPeer, .dataWithEnd):
            .connectionError(.streamClosed)

        case (.resetByUs, .headers), (.resetByUs, .headersWithEnd), (.resetByUs, .data), (.resetByUs, .dataWithEnd),
            (.resetByUs, .reset), (.resetByUs, .windowUpdate):
            .ignored
        }
    }

    private func afterSending(_ event: Event) -> Outcome {
        switch (self, event) {
        case (_, .priority): .becomes(self)

        case (.idle, .headers): .becomes(.open)
        case (.idle, .headersWithEnd): .becomes(.halfClosedLocal)
        case (.idle, .data), (.idle, .dataWithEnd), (.idle, .reset), (.idle, .windowUpdate): .forbidden

        case (.open, .headers), (.open, .data), (.open, .windowUpdate): .becomes(.open)
        case (.open, .headersWithEnd), (.open, .dataWithEnd): .becomes(.halfClosedLocal)

        case (.halfClosedLocal, .windowUpdate): .becomes(.halfClosedLocal)
        case (.halfClosedLocal, .headers), (.halfClosedLocal, .headersWithEnd), (.halfClosedLocal, .data),
            (.halfClosedLocal, .dataWithEnd):
            .forbidden

        case (.halfClosedRemote, .headers), (.halfClosedRemote, .data), (.halfClosedRemote, .windowUpdate):
            .becomes(.halfClosedRemote)
        case (.halfClosedRemote, .headersWithEnd), (.halfClosedRemote, .dataWithEnd): .becomes(.ended)

        case (.open, .reset), (.halfClosedLocal, .reset), (.halfClosedRemote, .reset): .becomes(.resetByUs)

        case (.ended, _), (.resetByUs, _), (.resetByPeer, _): .forbidden
        }
    }
}

/// Which streams there have been on a connection (RFC 9113, 5.1.1): those of the client are odd, those of the server
/// even, and each side's numbers only grow.
package struct StreamNumbers: Sendable {
    private let isServer: Bool
    /// The highest stream that the peer opened; 0 before the first.
    package private(set) var lastOfPeer: UInt32 = 0
    private var nextOwn: UInt32

    /// - Parameter isServer: Whether we are the server of the connection.
    package init(isServer: Bool) {
        self.isServer = isServer
        nextOwn = isServer ? 2 : 1
    }

    /// Whether the stream was never opened, by either side.
    package func isIdle(_ stream: UInt32) -> Bool {
        isOwn(stream) ? stream >= nextOwn : stream > lastOfPeer
    }

    /// Takes note of a stream that the peer opens.
    ///
    /// - Throws: PROTOCOL_ERROR of the connection for a number that is ours, or not above all before it.
    package mutating func open(_ stream: UInt32) throws(HTTP2Error) {
        guard stream != 0, !isOwn(stream), stream > lastOfPeer else {
            throw .connection(.protocolError, "A stream has a number that it cannot have.")
        }
        lastOfPeer = stream
    }

    /// The number of the next stream that we open; nil when there is none left, and a new connection is needed.
    package mutating func next() -> UInt32? {
        guard nextOwn <= FrameHeader.maximumStream else { return nil }
        defer { nextOwn += 2 }
        return nextOwn
    }

    private func isOwn(_ stream: UInt32) -> Bool { stream.isMultiple(of: 2) == isServer }
}
