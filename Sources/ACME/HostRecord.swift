internal import Bytes
internal import JSON
internal import Transports

/// What is known of one host's certificate. Moments are seconds since 1970.
struct HostRecord {
    let host: String
    /// Where in a span of time this gateway does its part; see `RenewalSchedule.due`.
    let chance = Double.random(in: 0..<1)
    var stored = StoredCertificate()
    var failures = FailureRecord()
    /// When it is renewed.
    var due = 0
    /// Nothing is asked before, because what is there is new, whatever the authority or the configuration says.
    private(set) var rest = 0
    /// When the authority is asked next when to renew. Zero for at once.
    var nextInquiry = 0
    /// True once it is told that another process asks.
    var isWaitingTold = false

    /// When something is to be done next.
    var nextAttempt: Int { max(due, rest, failures.nextAttempt) }

    /// Takes over a certificate that was read or got.
    ///
    /// - Parameter got: When it was got. Nil when it was read.
    mutating func take(_ stored: StoredCertificate, margin: Int?, got: Int? = nil) {
        self.stored = stored
        rest = stored.identity.map { RenewalSchedule.rest($0.validity, got: got) } ?? 0
        due = stored.identity.map { RenewalSchedule.due($0.validity, margin: margin, chance: chance) } ?? 0
        nextInquiry = 0
        isWaitingTold = false
    }
}

/// A certificate with its key, in one file, so that the two are exchanged in one moment.
struct StoredCertificate: Sendable {
    var identity: TLSIdentity?
    /// Differs whenever the file was exchanged.
    var mark = ""
    /// Its name in questions about its renewal; nil when it can have none.
    var identifier: String?
    /// Why a file that is there is not used; a sentence without a period.
    var problem: String?

    static func name(_ host: String) -> String { "\(host).pem" }

    /// Reads what is kept for the host. Never fails: what cannot be used is asked for again.
    static func load(_ host: String, from state: StateDirectory, now: Int) -> StoredCertificate {
        var stored = StoredCertificate(mark: state.mark(of: name(host)))
        do throws(ACMEFailure) {
            guard let bytes = try state.read(name(host)) else { return stored }
            stored.identity = try identity(host, bytes, now: now)
            stored.identifier = CertificateID.text(ofFirstIn: bytes)
        } catch {
            stored.problem = error.sentence
        }
        return stored
    }

    /// - Throws: When the certificate is not good for this host now.
    static func identity(_ host: String, _ bytes: [UInt8], now: Int) throws(ACMEFailure) -> TLSIdentity {
        do throws(TLSProblem) {
            let identity = try TLSIdentity(
                chain: bytes, key: bytes, origin: name(host), keyOrigin: name(host), now: now)
            guard identity.names.contains(host) else { throw TLSProblem("\(name(host)) is not for \(host)") }
            return identity
        } catch {
            throw ACMEFailure(.local, error.sentence)
        }
    }
}

/// How often it went wrong in a row. Kept in a file, so that a program that is started again and again does not ask again
/// and again.
struct FailureRecord: Sendable, Equatable {
    var count = 0
    /// How many of them were proofs that the authority did not believe; see `RenewalSchedule.challenges`.
    var unproven = 0
    /// When it went wrong last.
    var last = 0
    /// Nothing is asked before, because the server said so.
    var notBefore = 0
    var nextAttempt = 0

    static func name(_ host: String) -> String { "\(host).json" }

    /// One more.
    mutating func add(_ failure: ACMEFailure, now: Int, chance: Double) {
        count += 1
        if failure.kind == .unproven { unproven += 1 }
        last = now
        // A server that is out of its mind must not stop us for ever.
        notBefore = now + min(failure.retryAfter ?? 0, 7 * 86_400)
        let pause = RenewalSchedule.pause(
            after: count, chance: chance,
            first: failure.kind == .unreachable ? RenewalSchedule.shortFirstPause : RenewalSchedule.firstPause)
        nextAttempt = max(notBefore, now + pause)
    }

    func json(_ reason: String) -> [UInt8] {
        let value = JSONValue.object([
            "failures": .integer(count), "unproven": .integer(unproven), "last": .string(Moment(seconds: last).text()),
            "notBefore": .string(Moment(seconds: notBefore).text()),
            "next": .string(Moment(seconds: nextAttempt).text()),
            "reason": .string(reason),
        ])
        return Array((value.text(JSONStyle(indentation: "  ", escapesHTML: false)) + "\n").utf8)
    }

    /// Reads what was written. What cannot be read counts as nothing.
    ///
    /// - Parameter isStart: True when a person may have started the program anew, with the cause put right.
    static func load(_ host: String, from state: StateDirectory, isStart: Bool) -> FailureRecord {
        guard let bytes = (try? state.read(name(host))) ?? nil, let value = try? JSONParser.parse(bytes.span),
            let count = value["failures"]?.intValue, count > 0,
            let last = value["last"]?.stringValue.flatMap(Moment.seconds),
            let next = value["next"]?.stringValue.flatMap(Moment.seconds)
        else { return FailureRecord() }
        let notBefore = value["notBefore"]?.stringValue.flatMap(Moment.seconds) ?? 0
        let limit = isStart ? last + RenewalSchedule.longestPauseAtStart : .max
        return FailureRecord(
            count: count, unproven: max(0, value["unproven"]?.intValue ?? 0), last: last, notBefore: notBefore,
            nextAttempt: max(min(next, limit), notBefore))
    }
}
