import Gateway
import Glibc

/// What a configuration file says, checked: its keys are the names of flags, and beside them it may list gateways and routes.
struct ConfigurationFile: Sendable {
    /// The longest file, in bytes.
    static let maximumSize = 1 << 20

    /// As it was named.
    let path: String
    /// Of every command, not only of the one that reads it.
    var values: [SettingKey: Settings.Resolved] = [:]
    /// In place of the one gateway that flags make. Empty when the file lists none.
    var gateways: [Gateway] = []
    /// In its order.
    var routes: [RouteRule] = []
    /// Who may do what. Empty when the file says nothing of it.
    var rules: [AccessRule] = []
    /// What has no effect; sentences without a period.
    var warnings: [String] = []

    /// One of the gateways that run side by side.
    struct Gateway: Sendable {
        let name: String
        /// `FILE:LINE`.
        let origin: String
        /// What it says itself; for the rest it is like the others.
        var values: [SettingKey: Settings.Resolved]
    }
}

/// Why a file cannot be read.
struct Unreadable: Error, Equatable {
    /// The end of a sentence whose subject is the file.
    let reason: String
}

extension ConfigurationFile {
    /// The content of a file. It blocks.
    static func content(of path: String) throws(Unreadable) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw unreadable() }
            guard count > 0 else { return bytes }
            bytes += piece.prefix(count)
            guard bytes.count <= maximumSize else { throw Unreadable(reason: "is longer than \(maximumSize) bytes") }
        }
    }

    private static func unreadable() -> Unreadable {
        switch errno {
        case ENOENT: Unreadable(reason: "does not exist")
        case EACCES: Unreadable(reason: "may not be read by this user")
        case EISDIR: Unreadable(reason: "is a directory")
        default: Unreadable(reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
    }
}
