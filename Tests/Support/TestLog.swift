package import Logging
import Synchronization

/// Keeps what is logged.
package final class TestLog: Sendable {
    private let level: Logger.Level
    private let entries = Mutex<[(level: Logger.Level, message: String)]>([])

    /// - Parameter level: The least that is kept. Default all but traces.
    package init(level: Logger.Level = .debug) { self.level = level }

    package var messages: [String] { entries.withLock { $0.map(\.message) } }

    /// As `info: the registry is there`.
    package var lines: [String] { entries.withLock { $0.map { "\($0.level): \($0.message)" } } }

    package var logger: Logger { Logger(label: "test") { _ in Handler(log: self, logLevel: level) } }

    private struct Handler: LogHandler {
        let log: TestLog
        var logLevel: Logger.Level
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.entries.withLock { $0.append((event.level, "\(event.message)")) }
        }
    }
}

extension Logger {
    /// Drops what it is told.
    package static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
