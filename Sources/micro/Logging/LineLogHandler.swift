import Bytes
import Glibc
import JSON
import Logging

/// Writes log events as lines: text for people, JSON objects for machines.
///
/// Every line is handed to the sink whole, so lines of several threads do not mix.
struct LineLogHandler: LogHandler {
    /// What a line looks like.
    enum Style: Sendable {
        /// `06:49:20.123 info    message key=value`.
        case text
        /// `{"time":"2026-11-21T06:49:20.123Z","level":"info","message":"...","key":"value"}`, metadata sorted.
        case json
    }

    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let style: Style
    /// Puts `<6>` and the like before each line, by which the journal knows the priority.
    private let hasPriority: Bool
    private let clock: @Sendable () -> Moment
    private let sink: @Sendable (String) -> Void

    /// - Parameter sink: Takes one line with its line feed, from any thread.
    init(
        style: Style, hasPriority: Bool = false, clock: @escaping @Sendable () -> Moment = Moment.now,
        sink: @escaping @Sendable (String) -> Void
    ) {
        self.style = style
        self.hasPriority = hasPriority
        self.clock = clock
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let given = event.metadata { all.merge(given) { _, new in new } }
        if let error = event.error { all["error"] = "\(error)" }
        let prefix = hasPriority ? "<\(event.level.syslogPriority)>" : ""
        sink(prefix + line(event.level, "\(event.message)", all.sorted { $0.key < $1.key }) + "\n")
    }

    private func line(
        _ level: Logger.Level, _ message: String, _ metadata: [(String, Logger.MetadataValue)]
    ) -> String {
        switch style {
        case .text:
            let name = level.rawValue + String(repeating: " ", count: max(0, 7 - level.rawValue.utf8.count))
            let pairs = metadata.map { " \($0)=\($1.description.asOneWord)" }.joined()
            return "\(clock().clock) \(name) \(message.asOneLine)\(pairs)"
        case .json:
            var object = JSONObject()
            object["time"] = .string(clock().text(.milliseconds))
            object["level"] = .string(level.rawValue)
            object["message"] = .string(message)
            // Metadata never replaces what every line has.
            for (key, value) in metadata where object[key] == nil { object[key] = value.json }
            return JSONValue.object(object).text(JSONStyle(escapesHTML: false))
        }
    }
}

extension LineLogHandler {
    /// The back end that fits this process. It never waits for whoever reads standard output.
    ///
    /// - Parameters:
    ///   - environment: `JOURNAL_STREAM` says that the journal reads along and understands priorities.
    ///   - writer: Of standard output.
    static func standard(
        _ format: LogFormat, level: Logger.Level, environment: [String: String], writer: LogWriter
    ) -> LineLogHandler {
        let output = StandardStream.output
        let isText = format.isText(onTerminal: output.isTerminal)
        let hasPriority = !output.isTerminal && !(environment["JOURNAL_STREAM"] ?? "").isEmpty
        var handler = LineLogHandler(style: isText ? .text : .json, hasPriority: hasPriority) {
            writer.write(ByteBuffer($0))
        }
        handler.logLevel = level
        return handler
    }
}

extension Logger.Level {
    /// The priority of syslog (RFC 5424, 6.2.1).
    fileprivate var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

extension Logger.MetadataValue {
    fileprivate var json: JSONValue {
        switch self {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .dictionary(let members):
            .object(JSONObject(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) }))
        case .array(let values): .array(values.map(\.json))
        }
    }
}

extension String {
    /// With control characters escaped, so that nobody can forge a line of the log.
    var asOneLine: String {
        guard unicodeScalars.contains(where: \.isControl) else { return self }
        return unicodeScalars.map { $0.isControl ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    /// In quotes where it would not be read as one word.
    fileprivate var asOneWord: String {
        let isPlain = !isEmpty && unicodeScalars.allSatisfy { !$0.isControl && !" \"=".unicodeScalars.contains($0) }
        return isPlain ? self : JSONValue.string(self).text(JSONStyle(escapesHTML: false))
    }
}

extension Unicode.Scalar {
    /// C0, C1 and DEL: what a terminal may take for a command.
    fileprivate var isControl: Bool { value < 0x20 || (0x7f...0x9f).contains(value) }
}
