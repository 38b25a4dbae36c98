/// Runs the appliance: start order, signals, stop order.
enum Supervisor {
    /// Serves until a signal comes, and returns the exit code.
    static func run(_ configuration: ApplianceConfiguration) async -> Int32 {
        StandardStream.error.write("micro: this build cannot serve yet\n")
        return ExitCode.unavailable
    }
}
