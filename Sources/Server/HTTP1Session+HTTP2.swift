internal import Bytes
internal import Gateway
internal import HTTP

// The two ways from HTTP/1.1 to HTTP/2 on a connection without TLS: to begin with it (RFC 9113, 3.3), or to ask for it
// (RFC 7540, 3.2).
extension HTTP1Session {
    /// Whether the connection begins with HTTP/2; then the successor is there. While that is open, `mayBeginHTTP2` stays.
    func beginsHTTP2() -> Bool {
        switch match(&input) {
        case .partial: return false
        case .no:
            mayBeginHTTP2 = false
            return false
        case .whole:
            successor = makeHTTP2()
            return true
        }
    }

    private func match(_ input: inout ByteBuffer) -> HTTP2Preface.Match { HTTP2Preface.match(input.span) }

    /// Changes to HTTP/2 when the request asks for it as it must. Any other request is answered as if it had not asked,
    /// and so is one with content, which would come before HTTP/2 does.
    func changeToHTTP2() -> Bool {
        let head = exchange.request
        let fields = head.fields
        guard forwarding.scheme == "http", head.wantsUpgrade, fields.hasToken("h2c", in: .upgrade),
            fields.hasToken("http2-settings", in: .connection), request.isComplete, !isDraining,
            let settings = HTTP2Settings(upgrading: head)
        else { return false }
        var upgraded = head
        for name in [FieldName.upgrade, .connection, .http2Settings] { upgraded.fields.removeAll(name) }
        successor = makeHTTP2(upgraded: upgraded, settings: settings)
        return true
    }

    private func makeHTTP2(upgraded: RequestHead? = nil, settings: HTTP2Settings? = nil) -> HTTP2Session {
        HTTP2Session(
            channel: channel, wakeup: wakeup, handler: handler, context: context, forwarding: forwarding,
            isPeerLoopback: isPeerLoopback, input: input.take(), upgraded: upgraded, settings: settings)
    }
}
