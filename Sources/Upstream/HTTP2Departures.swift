internal import Bytes
internal import HTTP
internal import Reactor

// What a connection sends.
extension HTTP2Connection {
    private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    /// Writes what every connection begins with (RFC 9113, 3.4).
    func writePreface() {
        output.append(Self.preface)
        FrameWriter.writeSettings(
            [
                (.enablePush, 0), (.initialWindow, UInt32(limits.streamWindow)),
                (.maximumListSize, UInt32(limits.listSize)),
            ], to: &output)
        let further = limits.connectionWindow - 65_535
        if further > 0 { FrameWriter.writeWindowUpdate(stream: 0, increment: further, to: &output) }
    }

    /// Puts a stream into the queue, if it has something to send and can.
    func enqueue(_ stream: HTTP2Stream) {
        guard !stream.isQueued, stream.hasSomethingToSend else { return }
        guard stream.outgoing.isEmpty || stream.sendWindow.sendable > 0 else { return }
        stream.isQueued = true
        queue.append(stream)
    }

    /// Writes to the socket what there is, until it or the windows are full.
    func flush() {
        guard let channel, isConnected, !isClosed, !isDeaf else { return }
        while true {
            makeFrames()
            guard !output.isEmpty else { return }
            do throws(ChannelError) {
                guard try channel.tryWrite(&output) else { return }
            } catch {
                // It may have said why before it closed; the reader will find that, or the end.
                isDeaf = true
                output.removeAll()
                return wakeup.fire()
            }
        }
    }

    /// Makes frames of what streams have to send, one of each in turn.
    private func makeFrames() {
        while output.count < Self.highMark, let stream = queue.first {
            guard stream.outgoing.isEmpty || sendWindow.sendable > 0 else { return }
            queue.removeFirst()
            stream.isQueued = false
            makeFrame(of: stream)
            enqueue(stream)
        }
    }

    private func makeFrame(of stream: HTTP2Stream) {
        let frameLimit = min(peer.maximumFrameLength, FrameHeader.defaultMaximumLength)
        let length = min(stream.outgoing.count, stream.sendWindow.sendable, sendWindow.sendable, frameLimit)
        let ends = stream.endsAfterOutgoing && length == stream.outgoing.count
        guard length > 0 || ends, case .becomes(let state) = stream.state.after(ends ? .dataWithEnd : .data, .sent)
        else {
            return
        }
        FrameWriter.writeDataHeader(stream: stream.id, length: length, endsStream: ends, to: &output)
        output.append(length, consuming: &stream.outgoing)
        stream.sendWindow.send(length)
        sendWindow.send(length)
        stream.state = state
        uselessFrames = 0
        stream.didSend()
        if state == .ended { forget(stream) }
    }

    /// Lets the node send more on a stream.
    func openWindow(of stream: HTTP2Stream, by increment: Int) {
        guard !isClosed, (try? stream.receiveWindow.grow(by: increment)) != nil else { return }
        FrameWriter.writeWindowUpdate(stream: stream.id, increment: increment, to: &output)
        flush()
    }
}
