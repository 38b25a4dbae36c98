internal import Bytes
internal import Glibc
package import Logging
package import Reactor
package import Transports

/// Gets certificates for a list of hosts, shows them, and renews them in time. Lives on the loop of the control plane;
/// requests never wait for it.
///
/// Hosts come one after the other, and of several processes with one folder only one asks at a time: the others take from
/// the folder what it has got.
package actor CertificateKeeper {
    /// How often the folder is looked at for what other processes have got.
    private static let glance = 30

    package nonisolated let context: TLSServerContext
    /// What authorities find by plain HTTP.
    package nonisolated let board = ChallengeBoard()
    /// What was found at start and need not stop it.
    package nonisolated let warnings: [String]

    private let loop: any EventLoop
    private let logger: Logger
    private let state: StateDirectory
    private let clientAuthorities: [UInt8]?
    private let inquiries: RenewalInquiries
    private let conversation: HTTPConversation
    private let presenter: ChallengePresenter
    private var configuration: ACMEConfiguration
    private var records: [HostRecord]

    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    /// Reads what is kept. Blocks, as everything does at the start of the program; asks nobody yet.
    ///
    /// - Parameters:
    ///   - policy: What is asked of clients.
    ///   - clientAuthorities: The content of a PEM file with those whose clients are believed.
    ///   - userAgent: How we introduce ourselves to the server.
    package init(
        _ configuration: ACMEConfiguration, in directory: String, policy: TLSServerContext.Policy,
        clientAuthorities: [UInt8]?, userAgent: String, on loop: any EventLoop, logger: Logger
    ) throws(ACMEFailure) {
        let state = StateDirectory("\(directory)/\(configuration.folder)")
        try state.prepare()
        let now = time(nil)
        var records: [HostRecord] = []
        var warnings: [String] = []
        for host in configuration.hosts {
            var record = HostRecord(host: host)
            record.take(StoredCertificate.load(host, from: state, now: now), margin: configuration.renewBefore)
            record.failures = FailureRecord.load(host, from: state, isStart: true)
            if let problem = record.stored.problem { warnings.append("\(problem); it is asked for anew") }
            records.append(record)
        }
        do throws(TLSProblem) {
            context = try TLSServerContext(
                policy: policy, identities: records.compactMap(\.stored.identity), authorities: clientAuthorities)
            let authorities = try configuration.authorities.map { path throws(TLSProblem) in
                try TLSFiles.authorities(in: path)
            }
            let security = try TLSClientContext(
                protocols: ["http/1.1"], authorities: authorities, authoritiesFlag: "--acme_ca_file")
            conversation = HTTPConversation(on: loop, security: security, userAgent: userAgent)
        } catch {
            throw ACMEFailure(.local, error.sentence)
        }
        self.configuration = configuration
        self.state = state
        self.records = records
        self.warnings = warnings
        self.clientAuthorities = clientAuthorities
        self.loop = loop
        self.logger = logger
        presenter = ChallengePresenter(context: context, board: board)
        inquiries = RenewalInquiries(configuration.directory, conversation)
    }

    /// Proves hosts in no other way than by TLS from now on: nobody listens to plain HTTP.
    package func leaveOutHTTP() { configuration.challenges.removeAll { $0 == .http } }

    /// Runs as long as the program.
    package func run() async {
        tellWhatIsThere()
        while true {
            var isWaiting = false
            for index in records.indices where await look(index) { isWaiting = true }
            await loop.sleep(for: isWaiting ? .seconds(1) : pause())
        }
    }

    private func tellWhatIsThere() {
        for record in records {
            if let identity = record.stored.identity {
                tell(
                    .info,
                    "\(record.host): certificate until \(Moment(seconds: identity.validity.upperBound).text()), to be renewed"
                        + " \(Moment(seconds: record.due).text())")
            } else if record.failures.nextAttempt > time(nil) {
                tell(
                    .warning,
                    "\(record.host): no certificate, and the last try failed (\(record.failures.count) in a row); next"
                        + " try \(Moment(seconds: record.failures.nextAttempt).text()), or after a restart without"
                        + " \(state.path)/\(FailureRecord.name(record.host))")
            }
        }
    }

    /// Until something is to be done, or the folder is to be looked at.
    private func pause() -> Duration {
        let next = (records.map(\.nextAttempt).min() ?? .max)
        let now = time(nil)
        return next <= now ? .milliseconds(200) : .seconds(min(next - now, Self.glance))
    }

    // MARK: One host

    /// Does what is to be done for a host. Returns true when another process is at it.
    private func look(_ index: Int) async -> Bool {
        await takeFromFolder(index)
        await inquire(index)
        guard records[index].nextAttempt <= time(nil) else { return false }
        return await !attempt(index)
    }

    /// Takes what another process has got.
    private func takeFromFolder(_ index: Int) async {
        let (host, state, known) = (records[index].host, state, records[index].stored.mark)
        let found = await BlockingPool.shared.run { () -> StoredCertificate? in
            let mark = state.mark(of: StoredCertificate.name(host))
            return mark == known ? nil : StoredCertificate.load(host, from: state, now: time(nil))
        }
        guard let stored = found ?? nil else { return }
        guard let identity = stored.identity else { return records[index].stored.mark = stored.mark }
        records[index].take(stored, margin: configuration.renewBefore)
        records[index].failures = FailureRecord()
        show()
        tell(
            .notice,
            "\(host): another process has got a certificate, until \(Moment(seconds: identity.validity.upperBound).text())"
        )
    }

    /// Asks the authority when to renew, where it says so.
    private func inquire(_ index: Int) async {
        let record = records[index]
        guard configuration.renewBefore == nil, let identifier = record.stored.identifier,
            let identity = record.stored.identity, record.nextInquiry <= time(nil)
        else { return }
        do throws(ACMEFailure) {
            guard let info = try await inquiries.ask(identifier) else {
                return records[index].nextInquiry = time(nil) + 86_400
            }
            records[index].nextInquiry = time(nil) + info.retryAfter
            // After its end a certificate is of no use, whatever the authority says.
            let due = min(RenewalSchedule.due(in: info.window, chance: record.chance), identity.validity.upperBound)
            guard due != record.due else { return }
            records[index].due = due
            let reason = info.explanation.map { " (\($0))" } ?? ""
            tell(
                .info,
                "\(record.host): to be renewed \(Moment(seconds: due).text()), as the authority suggests\(reason)")
        } catch {
            records[index].nextInquiry = time(nil) + 3_600
            tell(.debug, "\(record.host): the authority does not say when to renew: \(error.sentence)")
        }
    }

    /// Asks for a certificate. Returns false when another process is at it.
    private func attempt(_ index: Int) async -> Bool {
        let host = records[index].host
        do throws(ACMEFailure) {
            guard let lock = try await onDisk({ state throws(ACMEFailure) in try state.lock() }) else {
                if !records[index].isWaitingTold { tell(.info, "\(host): another process asks for certificates") }
                records[index].isWaitingTold = true
                return false
            }
            defer { lock.release() }
            // Whoever had the lock before may have got it, or may have failed.
            await takeFromFolder(index)
            if records[index].isWaitingTold {
                records[index].failures = try await onDisk { state throws(ACMEFailure) in
                    FailureRecord.load(host, from: state, isStart: false)
                }
                records[index].isWaitingTold = false
            }
            guard records[index].nextAttempt <= time(nil) else { return true }
            try await obtain(index)
        } catch {
            await fail(index, error)
        }
        return true
    }

    private func obtain(_ index: Int) async throws(ACMEFailure) {
        let record = records[index]
        let host = record.host
        let account = try await onDisk { state throws(ACMEFailure) in try state.accountKey() }
        let key = try SigningKey.generate()
        let chain = try await issue(record, account, key)
        let bytes = key.pem + chain
        let identity = try StoredCertificate.identity(host, bytes, now: time(nil))
        let mark = try await onDisk { state throws(ACMEFailure) in
            try state.write(bytes, to: StoredCertificate.name(host))
            state.remove(FailureRecord.name(host))
            return state.mark(of: StoredCertificate.name(host))
        }
        let stored = StoredCertificate(
            identity: identity, mark: mark, identifier: CertificateID.text(ofFirstIn: bytes))
        records[index].take(stored, margin: configuration.renewBefore, got: time(nil))
        records[index].failures = FailureRecord()
        show()
        tell(
            .notice,
            "\(host): new certificate until \(Moment(seconds: identity.validity.upperBound).text()), to be renewed"
                + " \(Moment(seconds: records[index].due).text())")
    }

    private func fail(_ index: Int, _ failure: ACMEFailure) async {
        let host = records[index].host
        records[index].failures.add(failure, now: time(nil), chance: records[index].chance)
        let failures = records[index].failures
        let use = records[index].stored.identity.map {
            "the one in use ends \(Moment(seconds: $0.validity.upperBound).text())"
        }
        tell(
            .error,
            "\(host): no \(use == nil ? "" : "new ")certificate: \(failure.sentence); \(use.map { "\($0), " } ?? "")next"
                + " try \(Moment(seconds: failures.nextAttempt).text())")
        // A folder that cannot be written to is what has just been told.
        _ = try? await onDisk { state throws(ACMEFailure) in
            try state.write(failures.json(failure.sentence), to: FailureRecord.name(host))
        }
    }

    private func tell(_ level: Logger.Level, _ sentence: String) { logger.log(level: level, "\(sentence)") }

    private func show() {
        do throws(TLSProblem) {
            try context.replace(
                identities: records.compactMap(\.stored.identity), authorities: clientAuthorities)
        } catch {
            tell(.error, "the certificates cannot be shown, those before stay in use: \(error.sentence)")
        }
    }

    // MARK: The way to a certificate

    /// Proves the host in one way, and if the authority does not see it, in the other.
    private func issue(
        _ record: HostRecord, _ account: SigningKey, _ key: SigningKey
    ) async throws(ACMEFailure) -> [UInt8] {
        let kinds = RenewalSchedule.challenges(configuration.challenges, after: record.failures.unproven)
        for (position, kind) in kinds.enumerated() {
            var wish = Issuance.Wish(
                directory: configuration.directory, host: record.host, account: account, key: key, challenge: kind)
            wish.email = configuration.email
            wish.external = configuration.external
            wish.agreesToTerms = configuration.agreesToTerms
            wish.replaces = record.stored.identifier
            tell(
                .info,
                "\(record.host): asking \(configuration.directory) for a certificate, by \(kind.rawValue); the authority"
                    + " will look at port \(kind.port) of \(record.host)")
            do throws(ACMEFailure) {
                return try await carryOut(wish)
            } catch {
                guard error.kind == .unproven, position + 1 < kinds.count else { throw error }
                tell(.warning, "\(record.host): \(error.sentence); trying \(kinds[position + 1].rawValue)")
            }
        }
        throw ACMEFailure(.local, "there is no way left to prove \(record.host)")
    }

    private func carryOut(_ wish: Issuance.Wish) async throws(ACMEFailure) -> [UInt8] {
        var issuance = Issuance(wish)
        var shown: [ChallengeAnswer] = []
        defer { for answer in shown { presenter.withdraw(answer) } }
        while true {
            switch try issuance.next() {
            case .send(let request):
                tell(.debug, "\(wish.host): \(request.kind) \(request.url)")
                try issuance.receive(try await conversation.exchange(request))
            case .wait(let duration): await loop.sleep(for: duration)
            case .present(let answer):
                try presenter.present(answer)
                shown.append(answer)
                if let terms = issuance.terms {
                    tell(.info, "\(wish.host): the terms of service at \(terms) are agreed to (--acme_agree_terms)")
                }
            case .finished(let chain): return chain
            }
        }
    }

    private func onDisk<Value: Sendable>(
        _ work: @escaping @Sendable (StateDirectory) throws(ACMEFailure) -> Value
    ) async throws(ACMEFailure) -> Value {
        let state = state
        let result = await BlockingPool.shared.run {
            Result { () throws(ACMEFailure) in try work(state) }
        }
        guard let result else { throw ACMEFailure(.local, "too much waits for the disk") }
        return try result.get()
    }
}
