internal import Bytes
internal import Gateway
internal import Glibc
internal import HTTP
internal import Reactor
internal import Transports
internal import Upstream

/// Talks to an ACME server by HTTPS. Each request has a connection of its own: there are a dozen in two months.
final class HTTPConversation {
    /// On one request and its answer.
    private static let limit = Duration.seconds(30)
    /// The largest answer, in bytes. Chains of certificates are some kilobytes.
    private static let maximumBody = 1 << 20

    private let client: HTTPClient
    private let userAgent: String

    init(on loop: any EventLoop, security: TLSClientContext, userAgent: String) {
        var configuration = PoolConfiguration()
        configuration.connectTimeout = .seconds(15)
        client = HTTPClient(
            pool: UpstreamPool(
                loop: loop, transport: TCPTransport(), security: security, configuration: configuration),
            maximumBody: Self.maximumBody)
        self.userAgent = userAgent
    }

    nonisolated(nonsending) func exchange(_ request: ACMERequest) async throws(ACMEFailure) -> ACMEReply {
        guard let url = SecureURL(request.url) else {
            throw ACMEFailure(.refused, "\(OperatorText.line(request.url)) is no https:// address of an ACME server")
        }
        let address = "\(url.host):\(url.port)"
        do throws(GatewayError) {
            let answer = try await client.send(
                head(request, url), body: ByteBuffer(request.body), to: address, isSecure: true,
                within: Self.limit)
            return reply(answer.head, answer.body)
        } catch {
            let origin = "node \(address) at \(address): "
            let detail = error.detail.hasPrefix(origin) ? String(error.detail.dropFirst(origin.count)) : error.detail
            throw ACMEFailure(.unreachable, "the ACME server at \(url.authority) does not answer: \(detail)")
        }
    }

    private func head(_ request: ACMERequest, _ url: SecureURL) -> RequestHead {
        var fields = HeaderFields()
        fields.append(.userAgent, userAgent)
        if let accept = request.accept { fields.append(.accept, accept) }
        if request.kind == .post { fields.append(.contentType, "application/jose+json") }
        let method: Method =
            switch request.kind {
            case .get: .get
            case .head: .head
            case .post: .post
            }
        return RequestHead(method: method, target: url.target, authority: url.authority, fields: fields)
    }

    private func reply(_ head: ResponseHead, _ body: ByteBuffer) -> ACMEReply {
        ACMEReply(
            status: head.status.code, nonce: head.fields["Replay-Nonce"], location: head.fields[.location],
            retryAfter: head.fields[.retryAfter].flatMap { RetryAfter.seconds($0, now: time(nil)) },
            body: body.bytes)
    }
}
