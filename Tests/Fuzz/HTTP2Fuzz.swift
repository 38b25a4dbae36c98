import Bytes
import HTTP

/// Frames, and the fields in them as requests: in pieces as in one, and never more than the bytes there are.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP2(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let input = Cutting(start, count) else { return -1 }
    expectSame(frames(input, cut: false), frames(input, cut: true))
    return 0
}

private func frames(_ input: Cutting, cut: Bool) -> [String] {
    var reader = FrameReader(maximumLength: 16_384, blockLimit: 8_192)
    var decoder = HPACKDecoder()
    var list = HPACKFieldList()
    var block = ByteBuffer()
    var settings = HTTP2Settings()
    return input.read(cut: cut) { buffer, trace in
        do throws(HTTP2Error) {
            while let (frame, length) = try reader.next(buffer.span) {
                precondition(length >= 9 && length <= buffer.count)
                trace.append("\(frame)")
                switch frame {
                case .headers(let stream, let fragment, let isWhole, let endsStream, _):
                    block = ByteBuffer(Array(buffer.bytes[fragment]))
                    if isWhole { try read(block, stream, endsStream, &decoder, &list, &trace) }
                case .continuation(let stream, let fragment, let isWhole):
                    block.append(Array(buffer.bytes[fragment]))
                    if isWhole { try read(block, stream, false, &decoder, &list, &trace) }
                case .settings(let payload):
                    try settings.apply(buffer.span.extracting(payload), isFromServer: false)
                case .data(_, let content, let flowLength, _):
                    precondition(content.upperBound <= length && content.count <= flowLength)
                default: break
                }
                buffer.consume(length)
            }
        } catch {
            trace.append("ended")
            return false
        }
        return true
    }
}

private func read(
    _ block: ByteBuffer, _ stream: UInt32, _ endsStream: Bool, _ decoder: inout HPACKDecoder,
    _ list: inout HPACKFieldList, _ trace: inout [String]
) throws(HTTP2Error) {
    do throws(HPACKProblem) {
        try decoder.decode(block.span, into: &list)
    } catch {
        throw .connection(.compressionError, "")
    }
    guard !list.isOverLimit else { return }
    var head = RequestHead()
    do throws(HTTP2Error) {
        try HTTP2Header.readRequest(list, stream: stream, endsStream: endsStream, into: &head)
        trace.append("\(head.method) \(head.path) \(head.fields.count)")
        checkFields(head)
    } catch {
        trace.append("refused")
    }
}

/// What goes to a node over HTTP/1.1 must not end a line.
private func checkFields(_ head: RequestHead) {
    var written = ByteBuffer()
    for index in 0..<head.fields.count {
        written.append(head.fields.nameSpan(at: index))
        written.append(head.fields.valueSpan(at: index))
    }
    written.append(head.pathSpan)
    precondition(!written.bytes.contains { $0 == 13 || $0 == 10 || $0 == 0 })
}
