internal import Bytes
internal import HTTP
internal import Reactor

// What a connection receives.
extension HTTP2Connection {
    /// Frames that bring nothing, one after the other; more are an attack or a fault.
    private static let maximumUselessFrames = 10_000
    /// Interim responses to one request; more are a fault of the node.
    private static let maximumInterims = 32

    /// Takes all whole frames from the input.
    ///
    /// - Throws: What ends the connection.
    func takeFrames() throws(HTTP2Error) {
        var bytes = input.take()
        defer { input = bytes }
        if !hasSettings, bytes.isOldHTTP {
            throw .connection(.protocolError, "It answers in HTTP/1.1, so it is no server of gRPC or HTTP/2.")
        }
        while !isClosed, let (frame, length) = try reader.next(bytes.span) {
            do throws(HTTP2Error) {
                try take(frame, bytes)
            } catch {
                guard case .stream(let id) = error.scope else { throw error }
                reset(id, error)
            }
            bytes.consume(length)
        }
    }

    private func take(_ frame: Frame, _ bytes: borrowing ByteBuffer) throws(HTTP2Error) {
        if !hasSettings {
            guard case .settings = frame else {
                throw .connection(.protocolError, "The first frame was not SETTINGS.")
            }
        }
        switch frame {
        case .data(let id, let content, let flowLength, let ends):
            try takeData(id, bytes.span.extracting(content), flowLength: flowLength, ends: ends)
        case .headers(let id, let fragment, let isWhole, let ends, _):
            let part = bytes.span.extracting(fragment)
            if isWhole { return try takeBlock(id, part, ends: ends) }
            fragments.removeAll()
            fragments.append(part)
            endsWithFragments = ends
        case .continuation(let id, let fragment, let isWhole):
            fragments.append(bytes.span.extracting(fragment))
            guard isWhole else { return }
            let whole = fragments.take()
            try takeBlock(id, whole.span, ends: endsWithFragments)
        case .reset(let id, let code): try takeReset(id, code)
        case .settings(let payload): try takeSettings(bytes.span.extracting(payload))
        case .ping(let payload, let isAnswer): try takePing(bytes.span.extracting(payload), isAnswer: isAnswer)
        case .goAway(let last, let code, let debug):
            takeGoAway(last, code, reason: String(bytes.span.extracting(debug.prefix(200))))
        case .windowUpdate(let id, let increment): try takeWindowUpdate(id, by: increment)
        case .refused(let error): throw error
        case .priority, .settingsAcknowledged, .unknown: try countUseless()
        }
    }

    private func countUseless() throws(HTTP2Error) {
        uselessFrames += 1
        guard uselessFrames <= Self.maximumUselessFrames, output.count <= Self.controlMark else {
            throw .connection(.enhanceYourCalm, "It sends frames without end that bring nothing.")
        }
    }

    /// A frame of a stream that is not under way: one of the past may be late, one of the future is a fault.
    private func checkLate(_ id: UInt32) throws(HTTP2Error) {
        guard !numbers.isIdle(id) else { throw .connection(.protocolError, "A frame is for a stream that never was.") }
        try countUseless()
    }

    /// Ends one stream for what the node did wrong on it.
    private func reset(_ id: UInt32, _ error: HTTP2Error) {
        FrameWriter.writeReset(stream: id, code: error.code, to: &output)
        guard let stream = streams[id] else { return }
        stream.state = .resetByUs
        finish(stream, .broken(error.reason))
    }

    private func finish(_ stream: HTTP2Stream, _ failure: HTTP2Stream.Failure) {
        if !stream.hasEnded { stream.failure = failure }
        forget(stream)
        stream.wakeup.fire()
    }

    // MARK: Content

    private func takeData(_ id: UInt32, _ content: Span<UInt8>, flowLength: Int, ends: Bool) throws(HTTP2Error) {
        try takeNote(ofReceived: flowLength)
        if content.isEmpty, !ends { try countUseless() } else { uselessFrames = 0 }
        guard let stream = streams[id] else { return try checkLate(id) }
        guard case .becomes(let state) = stream.state.after(ends ? .dataWithEnd : .data, .received) else {
            throw .stream(id, .streamClosed, "Content came after the end.")
        }
        guard stream.hasHead else { throw .stream(id, .protocolError, "Content came before the head.") }
        try stream.receiveWindow.receive(flowLength)
        try stream.content.receive(content.count, endsStream: ends, stream: id)
        quietPings = 0
        stream.state = state
        stream.incoming.append(content)
        if flowLength > content.count { stream.didTake(flowLength - content.count) }
        if ends { end(stream) }
        stream.wakeup.fire()
    }

    /// The connection's window is opened again as soon as content is here, so that one stream that nobody reads does not
    /// stop the others; each has its own window for that.
    private func takeNote(ofReceived length: Int) throws(HTTP2Error) {
        try receiveWindow.receive(length)
        let owed = limits.connectionWindow - receiveWindow.available
        guard owed >= limits.connectionWindow / 2 else { return }
        try receiveWindow.grow(by: owed)
        FrameWriter.writeWindowUpdate(stream: 0, increment: owed, to: &output)
    }

    private func end(_ stream: HTTP2Stream) {
        stream.hasEnded = true
        if stream.state == .ended { forget(stream) }
    }

    // MARK: Fields

    private func takeBlock(_ id: UInt32, _ block: Span<UInt8>, ends: Bool) throws(HTTP2Error) {
        do throws(HPACKProblem) {
            try decoder.decode(block, into: &list)
        } catch {
            throw error.connectionError
        }
        guard let stream = streams[id] else { return try checkLate(id) }
        guard case .becomes(let state) = stream.state.after(ends ? .headersWithEnd : .headers, .received) else {
            throw .stream(id, .streamClosed, "Fields came after the end.")
        }
        guard !list.isOverLimit else { throw .stream(id, .enhanceYourCalm, "The header of its answer is too long.") }
        uselessFrames = 0
        quietPings = 0
        if stream.hasHead {
            guard ends else { throw .stream(id, .protocolError, "Trailers came before the end.") }
            try HTTP2Header.readTrailers(list, stream: id, into: &stream.trailers)
            try stream.content.receive(0, endsStream: true, stream: id)
        } else {
            try HTTP2Header.readResponse(list, stream: id, into: &stream.head)
            guard try isFinal(stream, ends: ends) else { return }
            stream.hasHead = true
            stream.content = ContentCount(announced: stream.isAnswerBare ? nil : stream.head.fields.contentLength)
            if !stream.head.status.forbidsContent {
                try stream.content.receive(0, endsStream: ends, stream: id)
            }
        }
        stream.state = state
        if ends { end(stream) }
        stream.wakeup.fire()
    }

    private func isFinal(_ stream: HTTP2Stream, ends: Bool) throws(HTTP2Error) -> Bool {
        guard stream.head.status.isInformational else { return true }
        stream.interims += 1
        guard !ends, stream.interims <= Self.maximumInterims else {
            throw .stream(stream.id, .protocolError, "Interim responses came without a final one.")
        }
        return false
    }

    // MARK: The rest

    private func takeReset(_ id: UInt32, _ code: HTTP2ErrorCode) throws(HTTP2Error) {
        guard let stream = streams[id] else { return try checkLate(id) }
        stream.state = .resetByPeer
        finish(
            stream,
            code == .refusedStream ? .unprocessed("it took no more requests on the connection") : .reset(code))
    }

    private func takeSettings(_ payload: Span<UInt8>) throws(HTTP2Error) {
        try countUseless()
        let before = peer.initialWindow
        // Until it says otherwise a node allows any number; what the last connection has learnt is no more than a guess.
        if !hasSettings { peer.maximumStreams = nil }
        try peer.apply(payload, isFromServer: true)
        encoder.setAllowedTableSize(peer.headerTableSize)
        for stream in streams.values where before != peer.initialWindow {
            try stream.sendWindow.changeInitial(from: before, to: peer.initialWindow)
            enqueue(stream)
        }
        hasSettings = true
        FrameWriter.writeSettingsAcknowledgement(to: &output)
        learnedStreamLimit()
    }

    private func takePing(_ payload: Span<UInt8>, isAnswer: Bool) throws(HTTP2Error) {
        try countUseless()
        if isAnswer { pingSentAt = nil } else { FrameWriter.writePing(payload, isAnswer: true, to: &output) }
    }

    private func takeGoAway(_ last: UInt32, _ code: HTTP2ErrorCode, reason: String) {
        stopTakingRequests()
        let sentence = "it is closing the connection" + (code == .noError ? "" : ": \(code) \(reason)")
        for stream in streams.values where stream.id > last { finish(stream, .unprocessed(sentence)) }
        if streams.isEmpty { end() }
    }

    private func takeWindowUpdate(_ id: UInt32, by increment: Int) throws(HTTP2Error) {
        guard id != 0 else { return try sendWindow.grow(by: increment) }
        guard let stream = streams[id] else { return try checkLate(id) }
        try stream.sendWindow.grow(by: increment)
        enqueue(stream)
    }
}

extension ByteBuffer {
    /// Whether it begins as an answer of HTTP/1 does.
    fileprivate var isOldHTTP: Bool {
        let bytes = span
        return bytes.count >= 5 && bytes[0] == 0x48 && bytes[1] == 0x54 && bytes[2] == 0x54 && bytes[3] == 0x50
            && bytes[4] == 0x2f
    }
}
