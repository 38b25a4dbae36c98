import Bytes
import HTTP

/// What came of reading a request: in a form that can be compared.
struct ReadRequest: Equatable, CustomStringConvertible {
    var description: String
    var length: Int?
}

/// Shows the parser the input in the pieces that end at these places, the last of which is its end.
func readRequest(_ input: [UInt8], upTo ends: [Int], limits: HeadLimits = HeadLimits()) -> ReadRequest {
    var parser = RequestParser(limits: limits)
    var head = RequestHead(target: "/left/over?from=before", authority: "other")
    for end in ends {
        do throws(RequestProblem) {
            guard let length = try parser.parse(input.span.extracting(0..<end), into: &head) else { continue }
            let framing = try BodyFraming.ofRequest(head)
            return ReadRequest(
                description:
                    "\(head.method) \(head.target) \(head.version) \(head.authority)\n\(head.fields)\n\(framing)",
                length: length)
        } catch {
            return ReadRequest(description: "\(error.status.code)", length: nil)
        }
    }
    return ReadRequest(description: "more", length: nil)
}

/// What a whole request leads to: 200, the status of its refusal, or 0 when more is needed.
func verdict(on text: String, limits: HeadLimits = HeadLimits()) -> Int {
    verdict(on: Array(text.utf8), limits: limits)
}

func verdict(on input: [UInt8], limits: HeadLimits = HeadLimits()) -> Int {
    let result = readRequest(input, upTo: [input.count], limits: limits)
    return Int(result.description) ?? (result.description == "more" ? 0 : 200)
}

/// A parsed head, from text that is known to be good.
func parsedRequest(_ text: String) throws -> RequestHead {
    var parser = RequestParser()
    var head = RequestHead()
    _ = try parser.parse(text.utf8.span, into: &head)
    return head
}

func parsedResponse(_ text: String) throws -> ResponseHead {
    var parser = ResponseParser()
    var head = ResponseHead(.ok)
    _ = try parser.parse(text.utf8.span, into: &head)
    return head
}

/// What came of reading content: the bytes, and how it ended.
struct ReadBody: Equatable {
    var content = ""
    var trailers = ""
    var rest = ""
    var problem: BodyProblem?
    var isComplete = false
}

/// Reads content whose bytes arrive in the pieces that end at these places.
func readBody(_ input: [UInt8], framing: BodyFraming, upTo ends: [Int], closes: Bool = false) -> ReadBody {
    var reader = BodyReader(framing)
    var result = ReadBody()
    var buffer = ByteBuffer()
    var fed = 0
    do throws(BodyProblem) {
        for end in ends {
            buffer.append(input.span.extracting(fed..<end))
            fed = end
            while true {
                let step = try reader.next(buffer.span)
                buffer.consume(step.skip)
                result.content += String(buffer.span.extracting(0..<step.take))
                buffer.consume(step.take)
                if step.isIdle { break }
            }
        }
        if closes { try reader.endOfInput() }
    } catch {
        result.problem = error
    }
    result.isComplete = reader.isComplete
    result.trailers = "\(reader.trailers)"
    result.rest = result.problem == nil ? buffer.text : ""
    return result
}
