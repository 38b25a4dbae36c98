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

    nonisolated(nonsending) static func page(_ page: String, to exchange: Exchange) async throws(GatewayError) {
        var body = ByteBuffer(page)
        try await exchange.respond(.ok, fields(contentType: "text/html; charset=utf-8"), body: &body)
    }

    /// Sends the client to another path, with the same method.
    nonisolated(nonsending) static func redirect(
        to reference: String, _ exchange: Exchange
    ) async throws(GatewayError) {
        var fields = HeaderFields()
        fields.append(.location, exchange.request.query.map { "\(reference)?\($0)" } ?? reference)
        var body = ByteBuffer()
        try await exchange.respond(.permanentRedirect, fields, body: &body)
    }

    /// An error: a page for people, and `{"error":{...}}` for everyone else.
    ///
    /// - Parameters:
    ///   - allow: The methods for a 405.
    ///   - retryAfter: The value of that field. Default none.
    ///   - challenge: How to become known, for a 401. Default none.
    ///   - leadsBack: Whether a page leads to the dashboard: it is at the root of the host that was asked, and open to
    ///     who asked. Default yes.
    nonisolated(nonsending) static func error(
        _ status: Status, _ sentence: String, allow: String? = nil, retryAfter: String? = nil, challenge: String = "",
        leadsBack: Bool = true, to exchange: Exchange
    ) async throws(GatewayError) {
        // A registry that does not answer has no code of its own.
        exchange.refusal =
            status == .serviceUnavailable ? nil : GatewayError.Code.allCases.first { $0.status == status }
        let isPage = prefersPage(exchange.request)
        var fields = fields(contentType: isPage ? "text/html; charset=utf-8" : "application/json")
        if let allow { fields.append(.allow, allow) }
        if !challenge.isEmpty { fields.append(.wwwAuthenticate, challenge) }
        if let retryAfter { fields.append(.retryAfter, retryAfter) }
        var body = ByteBuffer()
        if isPage {
            body.append(Page.error(status, sentence, at: leadsBack ? exchange.request.path : nil))
        } else {
            body.append("{\"error\":")
            MicroError(id: "go.micro.web", code: status.code, detail: sentence).write(to: &body)
            body.append("}")
        }
        try await exchange.respond(status, fields, body: &body)
    }

    /// What went wrong elsewhere, in the form of the dashboard's errors.
    nonisolated(nonsending) static func error(
        _ error: GatewayError, leadsBack: Bool = true, to exchange: Exchange
    ) async throws(GatewayError) {
        let isTransient = error.code == .noNodes || error.code == .upstreamRefused
        try await Self.error(
            error.status, error.report.detail, retryAfter: isTransient ? "1" : nil, challenge: error.challenge,
            leadsBack: leadsBack, to: exchange)
        exchange.note(error)
    }

    /// Whether a client wants the data of a page: it says so in `Accept`, or in the way of Micro v2, by the type of a
    /// request that has no content.
    static func prefersJSON(_ request: borrowing RequestHead) -> Bool {
        let type = (request.fields[.contentType] ?? "").split(separator: ";").first ?? ""
        if type.lowercased()[...].trimmingBlanks == "application/json" { return true }
        let wanted = request.fields.acceptedWeight(of: "application/json") ?? 0
        return wanted > request.fields.acceptedWeight(of: "text/html") ?? 0
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
}
