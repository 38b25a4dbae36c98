internal import Bytes
internal import JSON

/// When certificates are renewed, and when what failed is tried again. Moments are seconds since 1970.
package enum RenewalSchedule {
    /// The pause after a first failure, in seconds.
    static let firstPause = 120
    /// The same when the server was not reached, so that nobody has counted anything: the network may be on its way.
    static let shortFirstPause = 10
    /// The longest pause between two tries, in seconds.
    static let longestPause = 12 * 3_600
    /// The longest pause before the first try after a start: somebody may have put things right.
    static let longestPauseAtStart = 300

    /// Some time before the end: a third of the life, or what was configured. Never in the first tenth of the life, so that
    /// no configuration can make a loop of it.
    ///
    /// - Parameters:
    ///   - margin: How long before the end, in seconds. Nil for a third of the life.
    ///   - chance: From 0 to below 1. Several gateways that got their certificates in one moment renew them in different
    ///     ones.
    package static func due(_ validity: ClosedRange<Int>, margin: Int?, chance: Double) -> Int {
        let life = validity.upperBound - validity.lowerBound
        let early = Int(chance * Double(life) / 30)
        return max(validity.upperBound - (margin ?? life / 3) - early, validity.lowerBound + life / 10)
    }

    /// Until when a certificate counts as new: a tenth of its life, or a day. An authority that always wants the renewal
    /// at once, or dates its certificates back, must not make a loop of it.
    ///
    /// - Parameter got: When it was got, if that is known.
    static func rest(_ validity: ClosedRange<Int>, got: Int?) -> Int {
        let starts = [validity.lowerBound] + (got.map { [$0] } ?? [])
        return starts.map { $0 + min(max(validity.upperBound - $0, 0) / 10, 86_400) }.max() ?? 0
    }

    /// Some time in the window that the authority suggests (RFC 9773, 4.2).
    package static func due(in window: ClosedRange<Int>, chance: Double) -> Int {
        window.lowerBound + Int(chance * Double(window.upperBound - window.lowerBound))
    }

    /// How long to wait after so many failures in a row, in seconds: three times as long each time, with a tenth more or
    /// less.
    static func pause(after failures: Int, chance: Double, first: Int = firstPause) -> Int {
        var pause = first
        for _ in 0..<min(max(failures - 1, 0), 10) { pause *= 3 }
        pause = min(pause, longestPause)
        return pause - pause / 10 + Int(chance * Double(pause) / 5)
    }

    /// In which ways a host is proved in one attempt: in all of them at first, and then in turn, since authorities count
    /// failed proofs.
    static func challenges(_ kinds: [ChallengeKind], after failures: Int) -> [ChallengeKind] {
        failures == 0 || kinds.isEmpty ? kinds : [kinds[failures % kinds.count]]
    }
}

/// When an authority suggests to renew a certificate (RFC 9773, 4.2).
package struct RenewalInfo: Sendable, Equatable {
    package let window: ClosedRange<Int>
    /// After so many seconds it is to be asked again.
    package let retryAfter: Int
    package let explanation: String?

    /// - Throws: When it says nothing that can be understood.
    package init(_ reply: ACMEReply) throws(ACMEFailure) {
        guard reply.isSuccess else { throw ProblemDocument(reply).failure(reply) }
        let value = try reply.object("renewal information")
        guard let start = value["suggestedWindow"]?["start"]?.stringValue.flatMap(Moment.seconds),
            let end = value["suggestedWindow"]?["end"]?.stringValue.flatMap(Moment.seconds), start < end
        else { throw ACMEFailure(.refused, "the ACME server suggests no window for a renewal") }
        window = start...end
        retryAfter = min(max(reply.retryAfter ?? 6 * 3_600, 60), 86_400)
        explanation = value["explanationURL"]?.stringValue.map(OperatorText.line)
    }
}
