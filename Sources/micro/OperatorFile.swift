import ACME
import Bytes
import Gateway
import Glibc
import HTTP
import JSON
import Synchronization

/// The file in which is kept what operators have declared. Everything here blocks.
final class OperatorFile: Sendable {
    static let name = "operator.json"

    /// Nil when there is no place for it.
    private let folder: StateDirectory?
    /// False for the usual place, which need not be there.
    private let isNamed: Bool
    /// False where everything is forgotten at the end.
    private let keeps: Bool
    /// As the file was when it was read or written last.
    private let mark = Mutex("")

    /// - Parameters:
    ///   - path: The folder that the operator has named, below which ours is; nil for the usual one.
    ///   - environment: Says where that is.
    init(in path: String?, _ environment: [String: String]) {
        // One of our own, as it is closed to others.
        let place = path.map { "\($0)/gateway" } ?? Self.usualFolder(environment)
        folder = place.map { StateDirectory($0, flag: "--state_dir") }
        isNamed = path != nil
        keeps = true
    }

    /// No file at all: nothing was kept, and nothing will be.
    init() {
        folder = nil
        isNamed = false
        keeps = false
    }

    /// What systemd gives, else the user's folder for state.
    static func usualFolder(_ environment: [String: String]) -> String? {
        func given(_ name: String) -> String? { environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        if let given = given("STATE_DIRECTORY") { return "\(given.prefix { $0 != ":" })/gateway" }
        if let given = given("XDG_STATE_HOME") { return "\(given)/micro/gateway" }
        return given("HOME").map { "\($0)/.local/state/micro/gateway" }
    }

    /// What was kept; nothing when there is no file.
    func read() throws(StartFailure) -> OperatorRules {
        guard let folder else { return OperatorRules() }
        // Whose home is closed to this program has kept nothing there.
        if !isNamed, access(folder.path, R_OK | X_OK) != 0 { return OperatorRules() }
        let path = "\(folder.path)/\(Self.name)"
        mark.withLock { $0 = folder.mark(of: Self.name) }
        do throws(ACMEFailure) {
            guard let bytes = try folder.read(Self.name) else { return OperatorRules() }
            return try Self.rules(in: bytes)
        } catch {
            throw StartFailure(
                "\(path) is not what micro api add and micro api set have written: \(error.sentence); put a good one"
                    + " back, or remove it to start without these routes and limits", code: ExitCode.configuration)
        }
    }

    private static func rules(in bytes: [UInt8]) throws(ACMEFailure) -> OperatorRules {
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONParser.parse(ByteBuffer(bytes).span)
        } catch {
            throw ACMEFailure(.local, "it is no JSON: \(error)")
        }
        do throws(OperatorRefusal) {
            return try OperatorRules(json: json)
        } catch {
            throw ACMEFailure(.local, error.sentence)
        }
    }

    /// Replaces the file, or leaves it as it is.
    func write(_ rules: OperatorRules) throws(OperatorRefusal) {
        guard keeps else { return }
        guard let folder else {
            throw OperatorRefusal(
                .serviceUnavailable, "there is no HOME to keep it in: start micro with --state_dir=FOLDER")
        }
        let bytes = Array((rules.json.text() + "\n").utf8)
        guard bytes.count <= StateDirectory.maximumSize else {
            throw OperatorRefusal(.conflict, "all routes and limits together are too long to keep: delete some first")
        }
        do throws(ACMEFailure) {
            try folder.prepare()
            let lock = try folder.lock()
            defer { lock?.release() }
            // Another program with the same folder has declarations of its own, which must not get lost.
            guard lock != nil, mark.withLock({ $0 == folder.mark(of: Self.name) }) else {
                throw ACMEFailure(
                    .local,
                    "\(folder.path)/\(Self.name) was changed by another program since this one has read it: start this"
                        + " one again, or give each a --state_dir of its own")
            }
            try folder.write(bytes, to: Self.name)
            mark.withLock { $0 = folder.mark(of: Self.name) }
        } catch {
            throw OperatorRefusal(.serviceUnavailable, "it cannot be kept: \(error.sentence)")
        }
    }
}
