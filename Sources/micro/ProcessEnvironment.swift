@preconcurrency import Glibc

/// What the process was started with.
enum ProcessEnvironment {
    /// The environment variables. Read once at start, before there are other threads.
    static func variables() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry = entry.successor()
        }
        return variables
    }

    /// Ends the process.
    static func exit(_ code: Int32) -> Never { Glibc.exit(code) }
}
