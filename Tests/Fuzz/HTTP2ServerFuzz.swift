import Bytes
import HTTP

/// A whole connection of a server, with streams that answer: in pieces as in one, with windows that are kept, and never
/// more to send or to remember than was asked for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP2Server(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let input = Cutting(start, count) else { return -1 }
    var whole = Server()
    let first = input.read(cut: false) { whole.take(&$0, &$1) }
    var cut = Server()
    expectSame(first, input.read(cut: true) { cut.take(&$0, &$1) })
    return 0
}

/// What a session does, without tasks: each request is answered as soon as it is whole, as far as the windows allow.
private struct Server {
    private struct Stream {
        var record: StreamRecord
        var unsent = 0
        var unread = 0
        var trailers = HeaderFields()
    }

    private static let maximumStreams = 8
    private static let listLimit = 4_096

    private let start = ContinuousClock.now
    private var frames = 0
    private var connection: HTTP2ServerConnection
    private var streams: [UInt32: Stream] = [:]
    private var output = ByteBuffer()
    private var client = Client()

    init() {
        connection = HTTP2ServerConnection(listLimit: Self.listLimit, now: start)
        connection.writePreface(maximumStreams: Self.maximumStreams, to: &output)
    }

    /// Returns false at the end of the connection.
    mutating func take(_ input: inout ByteBuffer, _ trace: inout [String]) -> Bool {
        do throws(HTTP2Error) {
            while let (event, length) = try connection.next(input.span, now: now, output: &output) {
                precondition(length >= FrameHeader.size && length <= input.count)
                trace.append("\(event)")
                frames += 1
                do throws(HTTP2Error) {
                    try handle(event, length)
                } catch {
                    guard case .stream(let number) = error.scope, streams[number] != nil else { throw error }
                    trace.append("reset \(number) \(error.code)")
                    reset(number, error.code)
                    try connection.floods.chargeReset(at: now)
                }
                input.consume(length)
                answer()
                // Between two frames nothing is owed but acknowledgements and what the windows allow.
                client.read(&output, window: connection.peer.maximumFrameLength)
                if frames % 16 == 0 { connection.releaseMemory() }
            }
        } catch {
            trace.append("ended \(error.code)")
            return false
        }
        // More than a frame at its longest is never waited for.
        precondition(input.count < FrameHeader.size + FrameHeader.defaultMaximumLength)
        return true
    }

    /// The time follows the frames, so that it is the same however they are cut.
    private var now: ContinuousClock.Instant { start + .milliseconds(frames) }

    private mutating func handle(_ event: HTTP2ServerConnection.Event, _ length: Int) throws(HTTP2Error) {
        switch event {
        case .nothing, .connectionWindowGrew, .peerLeaves, .pingAnswered: break
        case .fields(let number, let endsStream, let dependsOnItself):
            if dependsOnItself { throw .stream(number, .protocolError, "") }
            try takeFields(number, endsStream)
        case .data(let number, let content, let flowLength, let endsStream):
            precondition(content.lowerBound >= FrameHeader.size && content.upperBound <= length)
            precondition(content.count <= flowLength && flowLength <= length - FrameHeader.size)
            try takeData(number, content.count, flowLength, endsStream)
        case .reset(let number):
            guard var stream = streams[number] else { return try late(.reset, number) }
            try stream.record.receive(.reset)
            close(number, stream)
            try connection.floods.chargeReset(at: now)
        case .windowUpdate(let number, let increment):
            guard streams[number] != nil else { return try late(.windowUpdate, number) }
            try streams[number]?.record.receive(.windowUpdate)
            try streams[number]?.record.sendWindow.grow(by: increment)
        case .initialWindowChanged(let old, let new):
            for number in streams.keys.sorted() {
                try streams[number]?.record.sendWindow.changeInitial(from: old, to: new)
            }
        case .refused(let error): throw error
        }
    }

    private mutating func late(_ event: StreamState.Event, _ number: UInt32) throws(HTTP2Error) {
        try connection.receiveLate(event, on: number, now: now)
    }

    private mutating func takeFields(_ number: UInt32, _ endsStream: Bool) throws(HTTP2Error) {
        precondition(connection.list.size <= Self.listLimit * (HPACKDecoder.discardFactor + 1) + 65_536)
        if var stream = streams[number] {
            try stream.record.receiveTrailers(connection.list, endsStream: endsStream, into: &stream.trailers)
            stream.unsent = stream.unread + 100
            streams[number] = stream
            return
        }
        guard !connection.isKnownClosed(number) else { return try late(.headers, number) }
        let before = connection.lastStream
        try connection.open(number)
        precondition(number > before && !number.isMultiple(of: 2))
        var head = RequestHead()
        do throws(HTTP2Error) {
            guard streams.count < Self.maximumStreams, !connection.list.isOverLimit else {
                throw .stream(number, .refusedStream, "")
            }
            try HTTP2Header.readRequest(connection.list, stream: number, endsStream: endsStream, into: &head)
        } catch {
            var record = StreamRecord(opening: number, endsStream: false, announced: nil, initialWindow: 0)
            record.send(.reset)
            connection.close(record)
            FrameWriter.writeReset(stream: number, code: error.code, to: &output)
            return try connection.floods.chargeReset(at: now)
        }
        let record = StreamRecord(
            opening: number, endsStream: endsStream, announced: head.fields.contentLength,
            initialWindow: connection.peer.initialWindow)
        streams[number] = Stream(record: record, unsent: endsStream ? head.targetSpan.count * 50 : 0)
    }

    private mutating func takeData(
        _ number: UInt32, _ length: Int, _ flowLength: Int, _ endsStream: Bool
    ) throws(HTTP2Error) {
        guard streams[number] != nil else {
            connection.consume(flowLength, to: &output)
            return try late(endsStream ? .dataWithEnd : .data, number)
        }
        do throws(HTTP2Error) {
            try streams[number]?.record.receiveData(length, flowLength: flowLength, endsStream: endsStream)
        } catch {
            connection.consume(flowLength, to: &output)
            throw error
        }
        streams[number]?.unread += flowLength
        // Half of the streams read at once, the others when all is there.
        if endsStream || number % 4 == 1 { try read(number, endsStream) }
        if endsStream { streams[number]?.unsent += length + 1 }
    }

    private mutating func read(_ number: UInt32, _ hasEnded: Bool) throws(HTTP2Error) {
        guard let count = streams[number]?.unread else { return }
        streams[number]?.unread = 0
        connection.consume(count, to: &output)
        guard !hasEnded, let increment = try streams[number]?.record.receiveWindow.consume(count) else { return }
        FrameWriter.writeWindowUpdate(stream: number, increment: increment, to: &output)
    }

    private mutating func reset(_ number: UInt32, _ code: HTTP2ErrorCode) {
        guard var stream = streams[number] else { return }
        stream.record.send(.reset)
        FrameWriter.writeReset(stream: number, code: code, to: &output)
        close(number, stream)
    }

    private mutating func close(_ number: UInt32, _ stream: Stream) {
        connection.consume(stream.unread, to: &output)
        connection.close(stream.record)
        streams[number] = nil
    }

    private mutating func answer() {
        for number in streams.keys.sorted() {
            guard var stream = streams[number], stream.record.hasReceivedEnd, stream.unsent > 0 else { continue }
            let allowed = min(stream.record.sendWindow.sendable, connection.sendWindow.sendable, 65_536)
            let count = min(stream.unsent, allowed)
            guard count > 0 else { continue }
            let length = min(count, connection.peer.maximumFrameLength)
            if client.statusIsDue(on: number) { writeHead(number) }
            stream.record.sendWindow.send(length)
            connection.sendWindow.send(length)
            stream.unsent -= length
            FrameWriter.writeDataHeader(stream: number, length: length, endsStream: stream.unsent == 0, to: &output)
            output.append([UInt8](repeating: 0x78, count: length))
            streams[number] = stream
            guard stream.unsent == 0 else { continue }
            stream.record.send(.dataWithEnd)
            connection.floods.creditAnswer()
            close(number, stream)
        }
    }

    private mutating func writeHead(_ number: UInt32) {
        var (block, head) = (ByteBuffer(), ResponseHead(.ok))
        head.fields.append(name: "x-stream", value: "\(number)")
        ForwardedResponse.write(
            head, framing: .chunked, date: ByteBuffer(), encoder: &connection.encoder, to: &block)
        FrameWriter.writeHeaders(
            block.span, stream: number, endsStream: false, maximumLength: connection.peer.maximumFrameLength,
            to: &output)
    }
}

/// Holds what the server sends against the rules.
private struct Client {
    private var reader = FrameReader(maximumLength: 0xff_ffff)
    private var decoder = HPACKDecoder()
    private var list = HPACKFieldList()
    private var answered: Set<UInt32> = []

    mutating func statusIsDue(on stream: UInt32) -> Bool { answered.insert(stream).inserted }

    mutating func read(_ output: inout ByteBuffer, window: Int) {
        do throws(HTTP2Error) {
            while let (frame, length) = try reader.next(output.span) {
                precondition(length - FrameHeader.size <= max(window, FrameHeader.defaultMaximumLength))
                if case .headers(_, let fragment, let isWhole, _, _) = frame {
                    precondition(isWhole)
                    decode(output.span.extracting(fragment))
                }
                output.consume(length)
            }
        } catch {
            fatalError("the server sent what no client takes: \(error)")
        }
        precondition(output.isEmpty, "half a frame was written")
    }

    private mutating func decode(_ block: Span<UInt8>) {
        do throws(HPACKProblem) {
            try decoder.decode(block, into: &list)
        } catch {
            fatalError("the server wrote fields that cannot be read: \(error)")
        }
        precondition(list.count == 2, "a status and one field")
    }
}
