import Gateway
import Glibc
import Logging
import Reactor
import Upstream

/// Reads the files of descriptors, and looks after them: when one changes, what it tells is exchanged. Files that are wrong
/// change nothing but the log.
actor DescriptorWatch {
    /// How often the files are looked at; see `CertificateWatch`.
    private static let interval = Duration.milliseconds(500)

    nonisolated let descriptors: Published<Descriptors>
    private let routes: RouteBook
    /// What was found at start and need not stop it.
    nonisolated let warnings: [String]
    private let files: DescriptorFiles
    private let loop: EpollEventLoop
    private let logger: Logger
    /// What the files looked like when they were last loaded, or found wrong.
    private var state: [String]
    /// Whether they have changed since, and may be in the middle of it.
    private var unsettled: [String]?

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private init(
        _ files: DescriptorFiles, state: [String], _ content: Descriptors, _ routes: RouteBook, on loop: EpollEventLoop,
        logger: Logger
    ) {
        self.files = files
        self.state = state
        self.loop = loop
        self.logger = logger
        descriptors = Published(content)
        self.routes = routes
        routes.replace(.descriptorFiles, with: content.routes)
        warnings = content.warnings
    }

    /// Reads the files for the first time.
    ///
    /// - Returns: Nil when there are none.
    static func start(
        _ paths: [String], into routes: RouteBook, on loop: EpollEventLoop, logger: Logger
    ) async throws(StartFailure) -> DescriptorWatch? {
        guard !paths.isEmpty else { return nil }
        let files = DescriptorFiles(paths)
        // In front of the first look, so that a change in between is noticed.
        let state = files.state()
        guard let loaded = await load(files) else { throw StartFailure("--descriptors: too much is read at once") }
        do throws(DescriptorFiles.Unusable) {
            let content = try loaded.get()
            logger.info("descriptors: \(content.summary)")
            return DescriptorWatch(files, state: state, content, routes, on: loop, logger: logger)
        } catch {
            throw StartFailure("--descriptors: \(error.sentence)", code: ExitCode.configuration)
        }
    }

    /// Runs as long as the program.
    func watch() async {
        while true {
            await loop.sleep(for: Self.interval)
            await look()
        }
    }

    private func look() async {
        let files = files
        guard let seen = await BlockingPool.shared.run({ files.state() }), seen != state else { return unsettled = nil }
        // Whoever writes a file takes a moment for it.
        guard unsettled == seen else { return unsettled = seen }
        guard let loaded = await Self.load(files) else { return }
        state = seen
        unsettled = nil
        do throws(DescriptorFiles.Unusable) {
            let content = try loaded.get()
            descriptors.replace(with: content)
            routes.replace(.descriptorFiles, with: content.routes)
            logger.notice("the descriptors are reloaded: \(content.summary)")
            for warning in content.warnings { logger.warning("\(warning)") }
        } catch {
            logger.error("the descriptors are not reloaded, those before stay in use: \(error.sentence)")
        }
    }

    /// Off the loops, since large ones take their time.
    private static func load(_ files: DescriptorFiles) async -> Result<Descriptors, DescriptorFiles.Unusable>? {
        await BlockingPool.shared.run {
            Result { () throws(DescriptorFiles.Unusable) in try files.load() }
        }
    }
}

extension Descriptors {
    fileprivate var summary: String {
        "\(serviceCount) \(serviceCount == 1 ? "service" : "services"), \(routes.count) declared"
            + " \(routes.count == 1 ? "route" : "routes")"
    }
}
