internal import Bytes
package import Gateway
internal import HTTP
internal import Synchronization

/// What authorities find when they look by plain HTTP. All loops read it, and the control plane writes it.
package final class ChallengeBoard: Sendable {
    private let answers = Mutex<[String: String]>([:])

    package init() {}

    /// Shows a text under the name of a token, until it is removed.
    package func put(_ keyAuthorization: String, for token: String) {
        answers.withLock { $0[token] = keyAuthorization }
    }

    /// Shows it no more.
    package func remove(_ token: String) { _ = answers.withLock { $0.removeValue(forKey: token) } }

    func answer(to token: String) -> String? { answers.withLock { $0[token] } }
}

/// Answers on the plain port beside a server that speaks TLS: authorities get what they look for (RFC 8555, 8.3), and
/// everybody else is sent to the same place over TLS.
package final class ChallengeHandler: Handler {
    private static let folder = "/.well-known/acme-challenge/"

    private let board: ChallengeBoard
    private let hosts: Set<String>
    private let port: UInt16

    /// - Parameters:
    ///   - hosts: Those that have certificates. Requests for others are not sent anywhere.
    ///   - port: Where TLS is spoken.
    package init(board: ChallengeBoard, hosts: [String], port: UInt16) {
        self.board = board
        self.hosts = Set(hosts)
        self.port = port
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        let request = exchange.request
        let path = request.path
        if path.hasPrefix(Self.folder) {
            guard let answer = board.answer(to: String(path.dropFirst(Self.folder.count))) else {
                throw GatewayError(.notFound, "no challenge of this name is open")
            }
            return try await exchange.respond(.ok, contentType: "application/octet-stream", text: answer)
        }
        let host = request.host
        guard hosts.contains(host), path.hasPrefix("/") else {
            throw GatewayError(.notFound, "this port only sends the hosts of the gateway to https://")
        }
        var fields = HeaderFields()
        let place = port == 443 ? host : "\(host):\(port)"
        fields.append(.location, "https://\(place)\(path)\(request.query.map { "?\($0)" } ?? "")")
        var body = ByteBuffer()
        try await exchange.respond(.permanentRedirect, fields, body: &body)
    }
}
