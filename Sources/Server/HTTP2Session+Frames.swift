internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor

// What the client's frames do to the streams.
extension HTTP2Session {
    /// - Parameter input: The bytes that begin with the frame.
    func handle(_ event: HTTP2ServerConnection.Event, in input: borrowing ByteBuffer) throws(HTTP2Error) {
        switch event {
        case .nothing: break
        case .fields(let number, let endsStream, let dependsOnItself):
            try takeFields(number, endsStream: endsStream, dependsOnItself: dependsOnItself)
        case .data(let number, let content, let flowLength, let endsStream):
            try takeData(number, input.span.extracting(content), flowLength: flowLength, endsStream: endsStream)
        case .reset(let number): try takeReset(number)
        case .windowUpdate(let number, let increment):
            guard let stream = streams[number] else {
                return try connection.receiveLate(.windowUpdate, on: number, now: loop.now)
            }
            try stream.record.receive(.windowUpdate)
            try stream.record.sendWindow.grow(by: increment)
            stream.wakeup.fire()
        case .connectionWindowGrew: break  // Turns are granted after each round.
        case .initialWindowChanged(let old, let new):
            for stream in streams.values {
                try stream.record.sendWindow.changeInitial(from: old, to: new)
                stream.wakeup.fire()
            }
        case .peerLeaves: isPeerLeaving = true
        case .pingAnswered: sayFinalGoodbye()
        case .refused(let error): throw error
        }
    }

    /// Ends a stream because of what the client did on it.
    func refuse(_ number: UInt32, _ error: HTTP2Error) throws(HTTP2Error) {
        // On a stream that is not open nothing can be reset, and who sends malformed frames there knows no better.
        guard let stream = streams[number] else { throw error.ofConnection }
        stream.reset(error.code)
        try connection.floods.chargeReset(at: loop.now)
    }

    // MARK: Fields

    private func takeFields(_ number: UInt32, endsStream: Bool, dependsOnItself: Bool) throws(HTTP2Error) {
        if let stream = streams[number] {
            if dependsOnItself { throw .stream(number, .protocolError, "A stream depends on itself.") }
            return try takeTrailers(of: stream, endsStream: endsStream)
        }
        guard !connection.isKnownClosed(number) else {
            return try connection.receiveLate(.headers, on: number, now: loop.now)
        }
        try connection.open(number)
        guard !dependsOnItself else { return try deny(number, .protocolError) }
        guard farewell != .final, streams.count < configuration.maximumStreams,
            running < configuration.maximumStreams * 2
        else { return try deny(number, .refusedStream) }
        let stream = parked.popLast() ?? HTTP2Stream(of: self)
        do throws(HTTP2Error) {
            try stream.read(connection.list, number: number, endsStream: endsStream)
        } catch {
            stream.exchange.reset()
            context.accessLog?.record(malformed: GatewayError(.badRequest, error.reason), stream.exchange, bytes: 0)
            parked.append(stream)
            return try deny(number, error.code)
        }
        let isRefused = stream.isRefused
        begin(stream, number, endsStream: endsStream)
        if isRefused { try connection.floods.chargeReset(at: loop.now) }
    }

    /// Answers a request of HTTP/1.1 as the first stream.
    func open(upgraded head: RequestHead) throws(HTTP2Error) {
        try connection.open(1)
        let stream = HTTP2Stream(of: self)
        stream.exchange.request = head
        begin(stream, 1, endsStream: true)
    }

    private func begin(_ stream: HTTP2Stream, _ number: UInt32, endsStream: Bool) {
        streams[number] = stream
        running += 1
        let announced = stream.exchange.request.fields.contentLength
        stream.begin(
            StreamRecord(
                opening: number, endsStream: endsStream, announced: announced,
                initialWindow: connection.peer.initialWindow), announced: announced)
    }

    /// Refuses a stream before anything is known of it.
    private func deny(_ number: UInt32, _ code: HTTP2ErrorCode) throws(HTTP2Error) {
        var record = StreamRecord(opening: number, endsStream: false, announced: nil, initialWindow: 0)
        record.send(.reset)
        connection.close(record)
        FrameWriter.writeReset(stream: number, code: code, to: &output)
        try connection.floods.chargeReset(at: loop.now)
    }

    private func takeTrailers(of stream: HTTP2Stream, endsStream: Bool) throws(HTTP2Error) {
        try stream.takeTrailers(connection.list, endsStream: endsStream)
        stream.arrived()
    }

    // MARK: Content and resets

    private func takeData(
        _ number: UInt32, _ content: Span<UInt8>, flowLength: Int, endsStream: Bool
    ) throws(HTTP2Error) {
        guard let stream = streams[number] else {
            connection.consume(flowLength, to: &output)
            return try connection.receiveLate(endsStream ? .dataWithEnd : .data, on: number, now: loop.now)
        }
        do throws(HTTP2Error) {
            try stream.record.receiveData(content.count, flowLength: flowLength, endsStream: endsStream)
        } catch {
            connection.consume(flowLength, to: &output)
            throw error
        }
        if flowLength > content.count { consumed(flowLength - content.count, on: stream) }
        stream.take(content)
        stream.arrived()
    }

    private func takeReset(_ number: UInt32) throws(HTTP2Error) {
        guard let stream = streams[number] else {
            return try connection.receiveLate(.reset, on: number, now: loop.now)
        }
        try stream.record.receive(.reset)
        close(stream)
        stream.abandon()
        try connection.floods.chargeReset(at: loop.now)
    }

    /// Opens the windows again after content was read.
    func consumed(_ length: Int, on stream: HTTP2Stream) {
        guard length > 0 else { return }
        let before = output.count
        connection.consume(length, to: &output)
        stream.openWindow(by: length)
        if output.count > before { flushSoon() }
    }

    // MARK: The end of a stream

    /// Takes the stream out of those that are open. Its handler may go on for a while.
    func close(_ stream: HTTP2Stream) {
        guard streams.removeValue(forKey: stream.record.number) != nil else { return }
        connection.close(stream.record)
        turns.remove(stream)
    }

    /// The handler of a stream has returned, and the stream is closed. Returns whether it shall wait for another request.
    func finished(_ stream: HTTP2Stream) -> Bool {
        running -= 1
        turns.remove(stream)
        if isGone {
            wakeup.fire()
            return false
        }
        if isIdle {
            clock.becameIdle(at: loop.now)
            flushSoon()
        }
        guard parked.count < Self.parkingPlaces else { return false }
        parked.append(stream)
        return true
    }

    // MARK: What streams write

    /// How much content a stream may write now, as far as the connection is concerned.
    func room(for stream: HTTP2Stream) -> Int {
        var room = configuration.outputHighMark - output.count
        if room <= 0 {
            if !isGone { send() }
            room = configuration.outputHighMark - output.count
        }
        return turns.share(of: max(0, min(room, connection.sendWindow.sendable)), for: stream)
    }

    /// Writes the head of an answer.
    func write(_ head: borrowing ResponseHead, framing: BodyFraming, of stream: UInt32, endsStream: Bool) {
        var block = self.block.take()
        ForwardedResponse.write(
            head, framing: framing, date: context.date.line(at: loop.now), encoder: &connection.encoder, to: &block)
        write(&block, of: stream, endsStream: endsStream)
    }

    /// Writes the fields that end an answer.
    func write(trailers: borrowing HeaderFields, of stream: UInt32) {
        var block = self.block.take()
        ForwardedResponse.writeTrailers(trailers, encoder: &connection.encoder, to: &block)
        write(&block, of: stream, endsStream: true)
    }

    private func write(_ block: inout ByteBuffer, of stream: UInt32, endsStream: Bool) {
        FrameWriter.writeHeaders(
            block.span, stream: stream, endsStream: endsStream, maximumLength: connection.peer.maximumFrameLength,
            to: &output)
        block.removeAll()
        self.block = block.take()
    }

    /// Writes content, in as few frames as the client allows.
    func write(_ count: Int, of content: inout ByteBuffer, stream: UInt32, endsStream: Bool) {
        connection.sendWindow.send(count)
        var left = count
        repeat {
            let length = min(left, connection.peer.maximumFrameLength)
            left -= length
            FrameWriter.writeDataHeader(
                stream: stream, length: length, endsStream: endsStream && left == 0, to: &output)
            // Exchanging the memory of the buffers would take the output away from under its frames.
            output.append(content.span.extracting(0..<length))
            content.consume(length)
        } while left > 0
    }
}
