import Glibc
import Logging
import Reactor
import Transports

/// Looks after the certificates of a running server: when their files change, new connections get the new ones and those
/// that exist go on. Files that are wrong together change nothing but the log.
actor CertificateWatch {
    /// How often the files are looked at. They are looked at, and not watched by the kernel, because that works the same
    /// for files that are exchanged, for links that are turned, and for volumes of other machines.
    private static let interval = Duration.milliseconds(500)
    /// How often an end that comes near is told.
    private static let reminder = Duration.seconds(86_400)

    nonisolated let context: TLSServerContext
    /// What was found at start and need not stop it.
    nonisolated let warnings: [String]
    private let files: TLSFiles
    private let loop: EpollEventLoop
    private let logger: Logger
    /// What the files looked like when they were last loaded.
    private var state: [String]
    /// What they looked like when they were found wrong, and why.
    private var rejected: (state: [String], isTold: Bool)?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(
        _ files: TLSFiles, state: [String], context: TLSServerContext, warnings: [String], on loop: EpollEventLoop,
        logger: Logger
    ) {
        self.files = files
        self.state = state
        self.context = context
        self.warnings = warnings
        self.loop = loop
        self.logger = logger
    }

    /// Runs as long as the program.
    func watch() async {
        var reminded = loop.now
        while true {
            await loop.sleep(for: Self.interval)
            await look()
            if loop.now - reminded >= Self.reminder {
                reminded = loop.now
                remind()
            }
        }
    }

    private func look() async {
        let files = files
        guard let seen = await BlockingPool.shared.run({ files.state() }), seen != state else { return }
        if let rejected, rejected.state == seen, rejected.isTold { return }
        let loaded = await BlockingPool.shared.run {
            Result { () throws(TLSProblem) in try files.load() }
        }
        guard let loaded else { return }
        do throws(TLSProblem) {
            let content = try loaded.get()
            try context.replace(identities: content.identities, authorities: content.authorities)
            state = seen
            rejected = nil
            let names = content.identities.map { "\($0.names.first ?? $0.origin) until \($0.lastDay)" }
            logger.notice("the certificates are reloaded: \(names.joined(separator: ", "))")
            for warning in content.warnings { logger.warning("\(warning)") }
        } catch {
            refuse(seen, error)
        }
    }

    /// A certificate and its key are seldom exchanged in the same moment, so it is told only when it has stayed so.
    private func refuse(_ seen: [String], _ problem: TLSProblem) {
        let hasStayed = rejected?.state == seen
        if hasStayed {
            logger.error("the certificates are not reloaded, those before stay in use: \(problem.sentence)")
        }
        rejected = (seen, hasStayed)
    }

    private func remind() {
        let now = time(nil)
        for identity in context.identities {
            guard let sentence = identity.expiryWarning(now: now) else { continue }
            logger.log(level: identity.isUrgent(now: now) ? .error : .warning, "\(sentence)")
        }
    }
}
