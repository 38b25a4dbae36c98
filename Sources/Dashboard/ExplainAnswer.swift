internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// `GET /api/explain?method=GET&path=/greeter/say/hello`: where a gateway would send a request, and why.
///
/// `host`, `body` and any number of `header=Name: value` say more of the request; `gateway` names one of several. The
/// request is read like one from a client, and decided by the handlers that serve; nothing is sent to anyone.
struct ExplainAnswer {
    /// The gateway of that name, or the first.
    typealias Lookup = (String?) -> (any ExplainingHandler)?

    private static let maximumBody = 64 << 10

    let explainers: Lookup

    nonisolated(nonsending) func send(to exchange: Exchange) async throws(GatewayError) {
        do throws(Refusal) {
            let asked = try Question(exchange.request.query ?? "")
            guard let handler = explainers(asked.gateway) else {
                throw Refusal("there is no gateway \(asked.gateway ?? "") in this program to ask")
            }
            let explanation = try asked.explanation(by: handler)
            try await answer(explanation, to: exchange)
        } catch {
            try await Answer.error(.badRequest, error.sentence, to: exchange)
        }
    }

    nonisolated(nonsending) private func answer(
        _ explanation: Explanation, to exchange: Exchange
    ) async throws(Refusal) {
        do throws(GatewayError) {
            try await Answer.json(["data": explanation.json], to: exchange)
        } catch {
            throw Refusal(error.report.detail)
        }
    }

    /// Why nothing can be explained, as a sentence without a period.
    struct Refusal: Error {
        let sentence: String
        init(_ sentence: String) { self.sentence = sentence }
    }
}

/// A request that someone imagines.
private struct Question {
    private(set) var gateway: String?
    private var method = "GET"
    private var target = "/"
    private var host = "localhost"
    private var headers: [String] = []
    private var body: [UInt8] = []

    init(_ query: String) throws(ExplainAnswer.Refusal) {
        var hasPath = false
        for part in query.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let value = PercentEncoding.decode(String(pair.count > 1 ? pair[1] : ""), plusIsSpace: true) else {
                throw ExplainAnswer.Refusal("\(pair[0].prefix(50)) is not percent-encoded UTF-8")
            }
            switch pair[0] {
            case "method": method = value
            case "path":
                target = value
                hasPath = true
            case "host": host = value
            case "header": headers.append(value)
            case "body": body = Array(value.utf8)
            case "gateway": gateway = value
            default:
                let known = ["method", "path", "host", "header", "body", "gateway"]
                let near = NearestWord.one(to: String(pair[0]), in: known).map { "; did you mean \($0)?" } ?? ""
                throw ExplainAnswer.Refusal("\(pair[0].prefix(50)) is no parameter of an explanation\(near)")
            }
        }
        guard hasPath else { throw ExplainAnswer.Refusal("name the path to explain, such as ?path=/greeter/say/hello") }
        for text in [method, target, host] + headers where text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw ExplainAnswer.Refusal("a request has no control characters in its head")
        }
    }

    func explanation(by handler: any ExplainingHandler) throws(ExplainAnswer.Refusal) -> Explanation {
        var text = ByteBuffer()
        text.append("\(method) \(target.wireForm) HTTP/1.1\r\nHost: \(host)\r\n")
        for header in headers { text.append("\(header)\r\n") }
        if !body.isEmpty { text.append("Content-Length: \(body.count)\r\n") }
        text.append("\r\n")
        var parser = RequestParser()
        var head = RequestHead()
        do throws(RequestProblem) {
            guard try parser.parse(text.span, into: &head) != nil else {
                throw RequestProblem(.badRequest, "The head has no end.")
            }
        } catch {
            let status = error.status
            throw ExplainAnswer.Refusal("such a request is answered with \(status.code) at once: \(error.reason)")
        }
        return handler.explain(head, body: body)
    }
}

extension String {
    /// With percent-encoding where a target needs it.
    fileprivate var wireForm: String {
        var form = ""
        for byte in utf8 {
            if byte > 0x20, byte < 0x7f {
                form.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                form += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return form
    }
}
