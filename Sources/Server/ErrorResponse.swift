internal import Bytes
internal import Gateway
internal import HTTP

/// The one place where an error becomes a response: the error object of Go Micro as `application/json`, or a status for
/// clients that speak gRPC.
enum ErrorResponse {
    nonisolated(nonsending) static func send(_ error: GatewayError, to exchange: Exchange) async throws(GatewayError) {
        var fields = HeaderFields()
        if exchange.request.isGRPC, let type = GRPCContentType(of: exchange.request.fields) {
            fields.append(.contentType, type.text(as: type.form))
            error.grpcOutcome.write(to: &fields)
            var nothing = ByteBuffer()
            return try await exchange.respond(.ok, fields, body: &nothing)
        }
        fields.append(.contentType, "application/json")
        if error.code == .noNodes || error.code == .upstreamRefused { fields.append(name: "Retry-After", value: "1") }
        if !error.challenge.isEmpty {
            fields.append(.wwwAuthenticate, error.challenge)
            // What is true for one account is not for the next.
            fields.append(.cacheControl, "no-store")
        }
        if !error.allow.isEmpty { fields.append(name: "Allow", value: error.allow) }
        error.excess?.write(to: &fields)
        // Tells a client that it is the encoding which is not understood, and not the type (RFC 9110, 12.5.3).
        if error.code == .unsupportedEncoding { fields.append(.acceptEncoding, "gzip, deflate") }
        var body = ByteBuffer()
        error.report.write(to: &body)
        try await exchange.respond(error.status, fields, body: &body)
    }
}
