internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// The forms in which the dashboard answers, each with the fields that keep browsers from doing more than shown.
enum Answer {
    /// Everything comes from this server, nothing is written into the page, and no other page may frame it.
    static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    /// The fields of every answer. `caching` is the value of `Cache-Control`.
    static func fields(contentType: String, caching: String = "no-store") -> HeaderFields {
        var fields = HeaderFields()
        fields.append(.contentType, contentType)
        fields.append(.cacheControl, caching)
        fields.append(name: "Content-Security-Policy", value: contentSecurityPolicy)
        fields.append(name: "X-Content-Type-Options", value: "nosniff")
        fields.append(name: "X-Frame-Options", value: "DENY")
        fields.append(name: "Referrer-Policy", value: "no-referrer")
        fields.append(name: "Cross-Origin-Opener-Policy", value: "same-origin")
        fields.append(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        return fields
    }

    nonisolated(nonsending) static func json(_ value: JSONValue, to exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer()
        JSONWriter.write(value, to: &body)
        try await exchange.respond(.ok, fields(contentType: "application/json"), body: &body)
    }

    nonisolated(nonsending) static func text(
        _ status: Status, _ text: String, to exchange: Exchange
    ) async throws(GatewayError) {
        var body = ByteBuffer("\(text)\n")
        try await exchange.respond(status, fields(contentType: "text/plain; charset=utf-8"), body: &body)
    }

    /// An error: a page for people, and `{"error":{...}}` for everyone else.
    ///
    /// - Parameter allow: The methods for a 405.
    nonisolated(nonsending) static func error(
        _ status: Status, _ sentence: String, allow: String? = nil, to exchange: Exchange
    ) async throws(GatewayError) {
        // A registry that does not answer has no code of its own.
        exchange.refusal =
            status == .serviceUnavailable ? nil : GatewayError.Code.allCases.first { $0.status == status }
        let isPage = prefersPage(exchange.request)
        var fields = fields(contentType: isPage ? "text/html; charset=utf-8" : "application/json")
        if let allow { fields.append(.allow, allow) }
        var body = ByteBuffer()
        if isPage {
            body.append(page(status, sentence))
        } else {
            body.append("{\"error\":")
            MicroError(id: "go.micro.web", code: status.code, detail: sentence).write(to: &body)
            body.append("}")
        }
        try await exchange.respond(status, fields, body: &body)
    }

    /// Whether a browser shows the answer to a person, rather than a program reading it.
    private static func prefersPage(_ request: borrowing RequestHead) -> Bool {
        if request.path.hasPrefix("/api/") { return false }
        for range in request.fields.values(.accept).joined(separator: ",").lowercased().split(separator: ",") {
            let type = range.split(separator: ";")[0]
            if type.contains("text/html") { return true }
            if type.contains("application/json") { return false }
        }
        return false
    }

    private static func page(_ status: Status, _ sentence: String) -> String {
        let title = "\(status.code) \(status.reason)"
        let words = sentence.map { ["&": "&amp;", "<": "&lt;", ">": "&gt;"][$0] ?? String($0) }.joined()
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title)</title>
            <main>
            <h1>\(title)</h1>
            <p>\(words)</p>
            </main>
            </html>

            """
    }
}
