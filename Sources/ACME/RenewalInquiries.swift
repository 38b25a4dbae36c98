internal import Glibc

/// Asks an authority when to renew certificates (RFC 9773). Nothing is signed for that.
final class RenewalInquiries {
    /// How long a directory is believed, in seconds.
    private static let lifetime = 3_600

    private let url: String
    private let conversation: HTTPConversation
    private var directory: Directory?
    private var readAt = 0

    init(_ url: String, _ conversation: HTTPConversation) {
        self.url = url
        self.conversation = conversation
    }

    /// Nil when the authority does not say such things.
    nonisolated(nonsending) func ask(_ identifier: String) async throws(ACMEFailure) -> RenewalInfo? {
        if directory == nil || time(nil) - readAt > Self.lifetime {
            let reply = try await conversation.exchange(ACMERequest(kind: .get, url: url))
            guard reply.isSuccess else { throw ProblemDocument(reply).failure(reply) }
            directory = try Directory(reply)
            readAt = time(nil)
        }
        guard let base = directory?.renewalInfo else { return nil }
        let request = ACMERequest(kind: .get, url: "\(base)\(base.hasSuffix("/") ? "" : "/")\(identifier)")
        return try RenewalInfo(try await conversation.exchange(request))
    }
}
