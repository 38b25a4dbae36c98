/// A setting of the original that this version does not have, so that whoever moves here is told what happens to it.
struct ForeignSetting: Sendable {
    /// The flag without dashes.
    let flag: String
    /// The variables that mean the same.
    let environment: [String]
    let isBoolean: Bool
    let verdict: Verdict

    enum Verdict: Sendable, Equatable {
        /// To go on without it would be wrong or unsafe, so we refuse to start.
        case notYet
        /// The program does without it. The reason ends a sentence.
        case noEffect(String)
    }

    /// Every one we know.
    static let all = refused + ignored

    static func named(_ flag: String) -> ForeignSetting? { all.first { $0.flag == flag } }

    private static func refusal(_ flag: String, isBoolean: Bool = false, _ environment: String...) -> ForeignSetting {
        ForeignSetting(
            flag: flag, environment: environment.isEmpty ? ["MICRO_\(flag.uppercased())"] : environment,
            isBoolean: isBoolean, verdict: .notYet)
    }

    private static func excuse(
        _ flag: String, isBoolean: Bool = false, because reason: String = "this version does not need it"
    ) -> ForeignSetting {
        ForeignSetting(
            flag: flag, environment: ["MICRO_\(flag.uppercased())"], isBoolean: isBoolean, verdict: .noEffect(reason))
    }

    // Whoever gives these expects encryption, access control or a fan-out that would silently be missing.
    private static let refused: [ForeignSetting] = [
        refusal("auth_id"), refusal("auth_secret"), refusal("auth_private_key"), refusal("plugin"),
        refusal("network"), refusal("network_address"), refusal("env"), refusal("proxy"),
    ]

    private static let perNode = "each node is spoken to in the protocol that it registered"
    private static let noCalls = "this program sends nothing to anyone unasked"
    private static let noStore = "this version stores nothing"

    private static let ignored: [ForeignSetting] = [
        excuse("client", because: perNode), excuse("server", because: perNode), excuse("transport", because: perNode),
        excuse("transport_address", because: perNode), excuse("report_usage", isBoolean: true, because: noCalls),
        excuse("auto_update", isBoolean: true, because: noCalls), excuse("update_url", because: noCalls),
        excuse("store", because: noStore), excuse("store_address", because: noStore),
        excuse("store_database", because: noStore), excuse("store_table", because: noStore),
        excuse("server_id"), excuse("server_version"), excuse("server_advertise"), excuse("server_metadata"),
        excuse("runtime"), excuse("runtime_source"), excuse("tracer"), excuse("tracer_address"),
        excuse("local", isBoolean: true), excuse("router_address"), excuse("gateway_address"),
        excuse("tunnel_address"),
        ForeignSetting(
            flag: "profile", environment: ["MICRO_DEBUG_PROFILE"], isBoolean: false,
            verdict: .noEffect("this version has no profiler")),
    ]
}
