// What servers tell browsers about pages of other origins.
extension HeaderFields {
    /// Removes everything that a response says about which pages may read it.
    package mutating func removeAllCrossOrigin() {
        guard contains(.other) else { return }
        for name in [
            "Allow-Origin", "Allow-Credentials", "Allow-Methods", "Allow-Headers", "Expose-Headers", "Max-Age",
        ] { removeAll(named: "Access-Control-\(name)") }
    }
}
