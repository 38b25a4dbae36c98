import Bytes
import HTTP

/// Requests with their bodies, one after the other, and responses: whatever comes in pieces is read as what comes whole,
/// and no head is believed that our own writer would not repeat.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP1(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let input = Cutting(start, count) else { return -1 }
    if input.bytes.starts(with: "HTTP".utf8) {
        expectSame(responses(input, cut: false), responses(input, cut: true))
    } else {
        expectSame(requests(input, cut: false), requests(input, cut: true))
    }
    return 0
}

private func requests(_ input: Cutting, cut: Bool) -> [String] {
    var parser = RequestParser()
    var head = RequestHead()
    var body: BodyReader?
    return input.read(cut: cut) { buffer, trace in
        while true {
            if body != nil {
                guard drain(&body, &buffer, &trace) else { return false }
                if body != nil { return true }
            }
            do throws(RequestProblem) {
                guard try parser.take(from: &buffer, into: &head) else { return true }
                trace.append("\(head.method) \(head.path) \(head.query ?? "-") \(head.fields.count)")
                body = BodyReader(try BodyFraming.ofRequest(head))
            } catch {
                trace.append("refused \(error.status.code)")
                return false
            }
        }
    }
}

private func responses(_ input: Cutting, cut: Bool) -> [String] {
    var parser = ResponseParser()
    var head = ResponseHead(.ok)
    var body: BodyReader?
    return input.read(cut: cut) { buffer, trace in
        while true {
            if body != nil {
                guard drain(&body, &buffer, &trace) else { return false }
                if body != nil { return true }
            }
            do throws(ResponseProblem) {
                guard try parser.take(from: &buffer, into: &head) else { return true }
                trace.append("\(head.status.code) \(head.fields.count)")
                body = BodyReader(try BodyFraming.ofResponse(head, to: .get))
            } catch {
                trace.append("refused")
                return false
            }
        }
    }
}

/// Takes what there is of a body, and forgets the reader at its end.
private func drain(_ body: inout BodyReader?, _ buffer: inout ByteBuffer, _ trace: inout [String]) -> Bool {
    guard var reader = body else { return true }
    do throws(BodyProblem) {
        while !reader.isComplete {
            let step = try reader.next(buffer.span)
            if step.isIdle { break }
            precondition(step.skip >= 0 && step.take >= 0 && step.skip + step.take <= buffer.count)
            buffer.consume(step.skip)
            for byte in buffer.bytes.prefix(step.take) { trace.append("\(byte)") }
            buffer.consume(step.take)
        }
    } catch {
        trace.append("broken")
        return false
    }
    body = reader.isComplete ? nil : reader
    if reader.isComplete { trace.append("end \(reader.trailers.count)") }
    return true
}
