// The list of gateways that run side by side, and the dashboard beside them.

extension ConfigurationReader {
    /// The most entries of the list.
    private static let maximumListeners = 64

    /// Each key that a gateway in the list may have, and the setting that it is.
    private static let gatewayKeys: [String: SettingKey] = Dictionary(
        uniqueKeysWithValues: Setting.ofOneGateway.map { (Setting.row($0).shownFlag(in: .api), $0) })

    /// The same for the dashboard: what `micro web` knows by a short name.
    private static let dashboardKeys: [String: SettingKey] = Dictionary(
        uniqueKeysWithValues: Setting.all.compactMap { setting in
            setting.shortNames.first { $0.commands.contains(.web) }.map { ($0.name, setting.key) }
        })

    mutating func readListeners(_ entry: FileNode.Entry) {
        guard case .list(let items) = entry.value.content else {
            return complain("listeners is a list, and this is \(entry.value.kind)", about: entry.value)
        }
        guard items.count <= Self.maximumListeners else {
            return complain("there are more than \(Self.maximumListeners) listeners", about: entry.key)
        }
        var names: Set<String> = []
        for item in items {
            guard case .table(let entries) = item.content else {
                complain("a listener has keys and values, such as address: :8080", about: item)
                continue
            }
            readListener(entries, item, &names)
        }
    }

    private mutating func readListener(_ entries: [FileNode.Entry], _ item: FileNode, _ names: inout Set<String>) {
        let name = readName(entries, item, &names)
        let serves = entries.first { $0.name == "serves" }
        let word = serves.flatMap { self.word($0) }
        if let serves, let word, !["gateway", "dashboard"].contains(word) {
            complain("serves: \(word) is not gateway or dashboard", about: serves.value)
        }
        if !entries.contains(where: { $0.name == "address" }) {
            complain("a listener needs an address, such as address: :8080", about: item)
        }
        if word == "dashboard" { return readDashboard(entries) }

        var values: [SettingKey: Settings.Resolved] = [:]
        for entry in entries where entry.name != "name" && entry.name != "serves" {
            guard let key = Self.gatewayKeys[entry.name] else {
                let known = ["name", "serves"] + Self.gatewayKeys.keys.sorted()
                complainOfUnknown(entry, "in a listener", known: known)
                continue
            }
            values[key] = value(of: entry, as: Setting.row(key).kind)
            if key == .apiAddress, let address = values[key] { claim(address, entry) }
        }
        file.gateways.append(
            ConfigurationFile.Gateway(name: name ?? "", origin: text.name(of: item.place), values: values))
    }

    private mutating func readDashboard(_ entries: [FileNode.Entry]) {
        for entry in entries where entry.name != "name" && entry.name != "serves" {
            guard let key = Self.dashboardKeys[entry.name] else {
                let known = ["name", "serves"] + Self.dashboardKeys.keys.sorted()
                complainOfUnknown(entry, "in the listener of the dashboard", known: known)
                continue
            }
            guard let value = value(of: entry, as: Setting.row(key).kind) else { continue }
            if key == .webAddress { claim(value, entry) }
            if let other = file.values.updateValue(value, forKey: key) {
                complain("\(key.rawValue) is given already (\(other.origin))", about: entry.key)
            }
        }
    }

    /// No two listeners can have the same address, unless the system chooses it.
    private mutating func claim(_ value: Settings.Resolved, _ entry: FileNode.Entry) {
        guard case .address(let address) = value.value, address.port != 0 else { return }
        let others = file.gateways.compactMap { $0.values[.apiAddress] } + [file.values[.webAddress]].compactMap(\.self)
        if let other = others.first(where: { $0.value == value.value }) {
            complain("\(address) is the address of another listener (\(other.origin))", about: entry.value)
        }
    }

    /// Names stand in the report, in the log and on the dashboard.
    private mutating func readName(
        _ entries: [FileNode.Entry], _ item: FileNode, _ names: inout Set<String>
    ) -> String? {
        guard let entry = entries.first(where: { $0.name == "name" }) else {
            complain("a listener needs a name, such as name: public", about: item)
            return nil
        }
        guard let name = word(entry) else { return nil }
        let isName = name.utf8.count <= 64 && name.utf8.allSatisfy(\.isOfName)
        if !isName || name.isEmpty {
            complain("a name has letters, digits, - . and _, and at most 64 of them", about: entry.value)
        } else if !names.insert(name).inserted {
            complain("\(name) is the name of another listener", about: entry.value)
        }
        return name
    }
}

extension UInt8 {
    fileprivate var isOfName: Bool {
        (0x30...0x39).contains(self) || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self)
            || "-._".utf8.contains(self)
    }
}
