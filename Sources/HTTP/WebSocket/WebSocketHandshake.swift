internal import Bytes

/// Why a request does not become a WebSocket.
package struct WebSocketRefusal: Error, Equatable {
    /// 400, or 426 when asking in another way would help.
    package let status: Status
    /// What is wrong, as a sentence for the client.
    package let reason: String

    /// The head of the answer. It always names the version that would do (RFC 6455, 4.4), and has no content.
    package var response: ResponseHead {
        var head = ResponseHead(status)
        if status == .upgradeRequired {
            head.fields.append(.upgrade, "websocket")
            head.fields.append(.connection, "Upgrade")
        }
        head.fields.append(.secWebSocketVersion, "13")
        head.fields.append(.contentLength, "0")
        return head
    }
}

/// A client's request for a WebSocket that was found valid (RFC 6455, 4.2; RFC 8441 for HTTP/2), and our answer to it.
///
/// Extensions are not looked at, for none is spoken. Whether the `Origin` may is for the caller to decide.
package struct WebSocketHandshake: Sendable, Equatable {
    /// The most subprotocols that a client may offer.
    package static let maximumSubprotocols = 32

    /// As sent: the base64 of 16 bytes. Empty over HTTP/2, where nothing has to be proved.
    package let key: String
    /// What the client offers, its favourite first; names have a case.
    package let subprotocols: [String]

    /// Checks a request.
    ///
    /// - Throws: A refusal with 426 when `Upgrade` does not name WebSocket or the version is not 13; with 400 when
    ///   anything else is not as it must be, content included: it would be read as frames.
    package init(_ head: borrowing RequestHead) throws(WebSocketRefusal) {
        guard head.method == .get else { throw .bad("A WebSocket is asked for with GET.") }
        guard head.version == .http11 else { throw .bad("A WebSocket is asked for with HTTP/1.1.") }
        guard head.fields.hasToken("websocket", in: .upgrade) else { throw .other("Upgrade does not name websocket.") }
        guard head.fields.hasToken("upgrade", in: .connection) else { throw .bad("Connection does not name Upgrade.") }
        guard head.fields.values(.secWebSocketVersion) == ["13"] else { throw .other("The version must be 13.") }
        guard !head.fields.contains(.transferEncoding), head.fields[.contentLength] ?? "0" == "0" else {
            throw .bad("A request for a WebSocket has no content.")
        }
        let keys = head.fields.values(.secWebSocketKey)
        guard keys.count == 1, keys[0].utf8.count == 24, Base64.decode(lenient: keys[0].utf8.span)?.count == 16 else {
            throw .bad("Sec-WebSocket-Key is not one text of 16 bytes in base64.")
        }
        key = keys[0]
        subprotocols = try Self.subprotocols(in: head.fields)
    }

    /// Checks an extended CONNECT of HTTP/2 with the protocol `websocket` (RFC 8441, 5).
    ///
    /// - Throws: A refusal with 426 when the version is not 13, with 400 for a bad list of subprotocols.
    package init(extendedConnect head: borrowing RequestHead) throws(WebSocketRefusal) {
        guard head.fields.values(.secWebSocketVersion) == ["13"] else { throw .other("The version must be 13.") }
        key = ""
        subprotocols = try Self.subprotocols(in: head.fields)
    }

    private init(key: String, subprotocols: [String]) {
        self.key = key
        self.subprotocols = subprotocols
    }

    /// The same offer with a key, for a node that is to be asked over HTTP/1.1.
    package func adding(key: String) -> Self { Self(key: key, subprotocols: subprotocols) }

    private static func subprotocols(in fields: borrowing HeaderFields) throws(WebSocketRefusal) -> [String] {
        var names: [String] = []
        for place in 0..<fields.count where fields.knownName(at: place) == .secWebSocketProtocol {
            let bytes = fields.valueSpan(at: place)
            var items = ListItems(bytes.indices)
            while let item = items.next(in: bytes) {
                let name = String(bytes.extracting(item))
                guard bytes.extracting(item).isToken, !names.contains(name), names.count < maximumSubprotocols else {
                    throw .bad("Sec-WebSocket-Protocol is not a list of up to 32 different names.")
                }
                names.append(name)
            }
        }
        return names
    }

    /// The client's favourite of those that are spoken here; nil when there is none.
    package func subprotocol(among spoken: [String]) -> String? { subprotocols.first { spoken.contains($0) } }

    /// The answer that makes the connection a WebSocket: 101. The session of an HTTP/2 connection sends 200 instead.
    ///
    /// - Parameter subprotocol: One that the client offered; nil, the default, for none.
    package func response(subprotocol: String? = nil) -> ResponseHead {
        var head = ResponseHead(.switchingProtocols)
        if !key.isEmpty {
            head.fields.append(.upgrade, "websocket")
            head.fields.append(.connection, "Upgrade")
            head.fields.append(.secWebSocketAccept, Self.accept(key: key))
        }
        if let subprotocol { head.fields.append(.secWebSocketProtocol, subprotocol) }
        return head
    }

    /// Checks that a server's answer switches to WebSocket, and answers this key (RFC 6455, 4.1).
    ///
    /// - Throws: What is wrong. The connection is no WebSocket then, and cannot be used for anything else either.
    package static func checkAnswer(_ head: borrowing ResponseHead, to key: String) throws(ResponseProblem) {
        guard head.status == .switchingProtocols, head.version == .http11 else {
            throw ResponseProblem("The node answered \(head.status.code) to a request for a WebSocket.")
        }
        guard head.fields.hasToken("websocket", in: .upgrade), head.fields.hasToken("upgrade", in: .connection) else {
            throw ResponseProblem("The node switched to another protocol than WebSocket.")
        }
        guard head.fields.values(.secWebSocketAccept) == [accept(key: key)] else {
            throw ResponseProblem("The node's Sec-WebSocket-Accept does not answer the key.")
        }
    }

    /// What a server answers to a key (RFC 6455, 4.2.2).
    package static func accept(key: String) -> String {
        Base64.encode(SHA1.digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8.span).span)
    }
}

extension WebSocketRefusal {
    /// What is there is a WebSocket, and the request asks for none: 426.
    package static let missing = WebSocketRefusal(
        status: .upgradeRequired, reason: "This is a WebSocket; ask for it with Upgrade: websocket.")

    fileprivate static func bad(_ reason: String) -> Self { Self(status: .badRequest, reason: reason) }
    fileprivate static func other(_ reason: String) -> Self { Self(status: .upgradeRequired, reason: reason) }
}

extension RequestHead {
    /// Whether a request in HTTP/1.1 wants to become a WebSocket, whatever else is right or wrong about it. An older client
    /// cannot switch (RFC 9110, 7.8), so its wish is ignored.
    package var wantsWebSocket: Bool {
        fields.contains(.upgrade) && version == .http11 && fields.hasToken("websocket", in: .upgrade)
    }
}
