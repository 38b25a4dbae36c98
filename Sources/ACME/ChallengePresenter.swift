internal import Glibc
internal import Transports

/// Shows answers to authorities, where they look for them.
struct ChallengePresenter: Sendable {
    let context: TLSServerContext
    let board: ChallengeBoard

    func present(_ answer: ChallengeAnswer) throws(ACMEFailure) {
        switch answer.kind {
        case .http: board.put(answer.keyAuthorization, for: answer.token)
        case .tlsALPN:
            let identity = try ChallengeCertificate.identity(
                for: answer.host, keyAuthorization: answer.keyAuthorization, now: time(nil))
            do throws(TLSProblem) {
                try context.answerChallenge(for: answer.host, with: identity)
            } catch {
                throw ACMEFailure(.local, error.sentence)
            }
        }
    }

    func withdraw(_ answer: ChallengeAnswer) {
        switch answer.kind {
        case .http: board.remove(answer.token)
        case .tlsALPN: context.endChallenge(for: answer.host)
        }
    }
}
