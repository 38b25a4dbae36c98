import Bytes
import Gateway
import Glibc
import Logging
import Reactor
import Registries
import Server
import Synchronization
import Transports

/// Runs the appliance: start order, signals, stop order.
enum Supervisor {
    /// Serves until a signal comes, and returns the exit code.
    static func run(_ configuration: ApplianceConfiguration) async -> Int32 {
        let writer = LogWriter(.output)
        defer { writer.end() }
        let handler = LineLogHandler.standard(
            configuration.logs.format, level: configuration.logs.level,
            environment: ProcessEnvironment.variables(), writer: writer)
        let logger = Logger(label: "micro") { _ in handler }
        do throws(StartFailure) {
            let appliance = try await Appliance.start(configuration, logger: logger, logWriter: writer)
            let signal = await appliance.stopSignal()
            await appliance.stop(because: signal)
            return ExitCode.success
        } catch {
            StandardStream.error.write("micro: \(error.sentence)\n")
            return error.code
        }
    }
}

/// Why the appliance does not start.
struct StartFailure: Error {
    /// Says what, where, why, and what to do now.
    let sentence: String
    let code: Int32

    init(_ sentence: String, code: Int32 = ExitCode.unavailable) {
        self.sentence = sentence
        self.code = code
    }

    init(_ error: SystemError) { self.init("the system refuses: \(error)") }
}
