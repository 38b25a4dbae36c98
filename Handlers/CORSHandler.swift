internal import Bytes
package import Gateway
internal import HTTP

/// Tells browsers which pages of other sites may read the answers of another handler (Fetch Standard, 3.3), and answers
/// itself when they ask beforehand whether they may send a request at all.
///
/// Nothing is said to anyone whom the policy does not name: an OPTIONS of theirs is a request like any other. Where a
/// service has said something itself, that holds.
package final class CORSHandler: Handler {
    private let policy: OriginPolicy
    private let next: any Handler

    /// - Parameter policy: Whose pages may.
    package init(_ policy: OriginPolicy, next: any Handler) {
        self.policy = policy
        self.next = next
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let answer = policy.crossOriginAnswer(to: exchange.request)
        exchange.crossOriginFields = answer.fields
        guard answer.isAllowed, exchange.request.isPreflight else { return try await next.handle(exchange) }
        var fields = HeaderFields()
        fields.append(name: "Access-Control-Allow-Methods", value: "POST, PATCH, GET, OPTIONS, PUT, DELETE, HEAD")
        fields.append(name: "Access-Control-Allow-Headers", value: exchange.request.askedFields)
        // As long as all browsers keep it.
        fields.append(name: "Access-Control-Max-Age", value: "600")
        fields.append(.vary, "Access-Control-Request-Method, Access-Control-Request-Headers")
        var nothing = ByteBuffer()
        try await exchange.respond(.noContent, fields, body: &nothing)
    }
}

extension RequestHead {
    /// Whether a browser asks if it may send a request (Fetch Standard, 3.3.2). Other OPTIONS ask what there is.
    fileprivate var isPreflight: Bool {
        method == .options && fields.contains(.accessControlRequestMethod) && fields.contains(.origin)
    }

    /// The fields that a page would like to send; those of Micro v2 when it names none, or what can be no list of them.
    fileprivate var askedFields: String {
        guard let text = fields[.accessControlRequestHeaders], text.utf8.count <= 1_024,
            text.utf8.allSatisfy({ $0.isFieldListByte })
        else {
            return "Accept, Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization"
        }
        return text
    }
}

extension UInt8 {
    /// Whether names of fields, commas and blanks consist of such bytes.
    fileprivate var isFieldListByte: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ","),
            UInt8(ascii: " "):
            true
        default: false
        }
    }
}
