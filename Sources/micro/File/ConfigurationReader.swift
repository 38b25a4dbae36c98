import Gateway

/// Reads a configuration file and finds everything that is wrong with it, not only the first thing.
struct ConfigurationReader {
    /// More are counted and not told.
    private static let maximumProblems = 50
    /// A value of which only the beginning is repeated.
    private static let maximumShown = 64

    let text: FileText
    var file: ConfigurationFile
    private var told: [(place: FilePlace, problem: Problem)] = []
    private var untold = 0

    private init(path: String, text: String) {
        self.text = FileText(path: path, text)
        file = ConfigurationFile(path: path)
    }

    /// - Returns: The file is of use only without problems.
    static func read(_ path: String, _ bytes: [UInt8]) -> (file: ConfigurationFile, problems: [Problem]) {
        let marked = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
        guard let text = String(validating: marked, as: UTF8.self) else {
            let readable = String(decoding: marked, as: UTF8.self).prefix { $0 != "\u{fffd}" }
            let line = readable.split(separator: "\n", omittingEmptySubsequences: false).count
            return (ConfigurationFile(path: path), [.configuration("\(path):\(line): this is no text in UTF-8")])
        }
        var reader = ConfigurationReader(path: path, text: text)
        do throws(FileFault) {
            if let root = try YAMLReader.read(text) { reader.readRoot(root) }
        } catch {
            reader.complain(error.sentence, at: error.place, length: error.length)
        }
        return (reader.file, reader.problems)
    }

    private var problems: [Problem] {
        let told = told.sorted { ($0.place.line, $0.place.column) < ($1.place.line, $1.place.column) }.map(\.problem)
        guard untold > 0 else { return told }
        return told + [.configuration("\(text.path): and \(untold) more problems like these")]
    }

    // MARK: What is wrong

    mutating func complain(_ sentence: String, at place: FilePlace, length: Int = 1) {
        guard told.count < Self.maximumProblems else { return untold += 1 }
        told.append((place, text.problem(sentence.asOneLine, at: place, length: length)))
    }

    mutating func complain(_ sentence: String, about node: FileNode) {
        complain(sentence, at: node.place, length: node.length)
    }

    /// - Parameters:
    ///   - place: Where the key stands, such as `in a listener`.
    ///   - known: The keys that may stand there.
    mutating func complainOfUnknown(_ entry: FileNode.Entry, _ place: String, known: [String]) {
        let near = NearestWord.one(to: entry.name, in: known)
        complain(
            "unknown key \(entry.name) \(place)"
                + (near == nil ? "; it may have \(known.joinedAsChoice)" : near.asQuestion),
            about: entry.key)
    }

    // MARK: The file

    private mutating func readRoot(_ root: FileNode) {
        if root.isNothing { return }
        guard case .table(let entries) = root.content else {
            return complain("a configuration file has keys and values, such as registry: memory", about: root)
        }
        for entry in entries {
            switch entry.name {
            case "listeners": readListeners(entry)
            case "routes": readRoutes(entry)
            case "rules": readRules(entry)
            default: readSetting(entry)
            }
        }
    }

    private mutating func readSetting(_ entry: FileNode.Entry) {
        guard let key = SettingKey(rawValue: entry.name) else { return judgeStranger(entry) }
        let setting = Setting.row(key)
        guard key != .config, !setting.commands.isDisjoint(with: CommandName.serving) else {
            return complain("\(entry.name) is a flag, and nothing that a file can say", about: entry.key)
        }
        guard let value = value(of: entry, as: setting.kind) else { return }
        if let other = file.values.updateValue(value, forKey: key) {
            complain("\(entry.name) is given a second time (\(other.origin))", about: entry.key)
        }
    }

    /// A key that is no setting's: perhaps the short name of one, or a setting of the original.
    private mutating func judgeStranger(_ entry: FileNode.Entry) {
        if let foreign = ForeignSetting.named(entry.name) { return judge(foreign, entry) }
        let near = NearestWord.one(to: entry.name, in: Self.rootKeys + Self.shortNames.keys.sorted())
        let names = near.map { (Self.shortNames[$0] ?? [$0]).joinedAsChoice }
        let hint = names == nil ? "; micro help settings lists them" : names.asQuestion
        complain("unknown key \(entry.name)\(hint)", about: entry.key)
    }

    private mutating func judge(_ foreign: ForeignSetting, _ entry: FileNode.Entry) {
        switch foreign.verdict {
        case .notYet:
            // Switched off is what we do anyway.
            if foreign.isBoolean, case .word(let word, _) = entry.value.content,
                (try? SettingKind.boolean.value(of: word)) == .boolean(false)
            {
                return
            }
            complain("\(entry.name) is not supported yet: leave it out", about: entry.key)
        case .noEffect(let reason):
            file.warnings.append("\(entry.name) (\(text.name(of: entry.key.place))) has no effect: \(reason)")
        }
    }

    private static let rootKeys =
        ["listeners", "routes", "rules"]
        + Setting.all.filter { $0.key != .config && !$0.commands.isDisjoint(with: CommandName.serving) }.map(
            \.key.rawValue)

    /// The keys that flags of single commands stand for, by the names of these flags.
    private static let shortNames: [String: [String]] = {
        var keys: [String: [String]] = [:]
        for setting in Setting.all {
            for short in setting.shortNames where !short.commands.isDisjoint(with: CommandName.serving) {
                keys[short.name, default: []].append(setting.key.rawValue)
            }
        }
        return keys
    }()

    // MARK: Values

    /// The value of a setting, or nil, with a complaint.
    mutating func value(of entry: FileNode.Entry, as kind: SettingKind) -> Settings.Resolved? {
        guard let written = written(entry, as: kind) else { return nil }
        do throws(BadSettingValue) {
            return Settings.Resolved(
                value: try kind.value(of: written), text: written, origin: .file(text.name(of: entry.key.place)))
        } catch {
            complain(error.sentence(about: "\(entry.name): \(written.prefix(Self.maximumShown))"), about: entry.value)
            return nil
        }
    }

    /// The value as a flag would have it.
    private mutating func written(_ entry: FileNode.Entry, as kind: SettingKind) -> String? {
        guard case .list(let items) = entry.value.content, kind.isList else {
            return word(entry, mustBePlain: kind.isNoText)
        }
        var words: [String] = []
        for item in items {
            guard case .word(let word, _) = item.content, !item.isNothing else {
                complain("an entry of \(entry.name) is a single value, not \(item.kind)", about: item)
                continue
            }
            // Each on its own, so that the mark stands under the one that is wrong.
            do throws(BadSettingValue) {
                _ = try kind.value(of: word)
                words.append(word)
            } catch {
                complain(error.sentence(about: "\(entry.name): \(word.prefix(Self.maximumShown))"), about: item)
            }
        }
        return words.count == items.count ? words.joined(separator: ",") : nil
    }

    /// The single value of a key, or nil, with a complaint.
    ///
    /// - Parameter mustBePlain: Whether quotes make it something else than what is wanted.
    mutating func word(_ entry: FileNode.Entry, mustBePlain: Bool = false) -> String? {
        guard case .word(let word, let isQuoted) = entry.value.content else {
            complain("\(entry.name) has a single value, and this is \(entry.value.kind)", about: entry.value)
            return nil
        }
        guard !entry.value.isNothing else {
            complain("\(entry.name) has no value; write one, or take the line out", about: entry.key)
            return nil
        }
        guard !(isQuoted && mustBePlain) else {
            complain("\(entry.name) is no text; take the quotes away", about: entry.value)
            return nil
        }
        return word
    }

    /// The single values in the list of a key, or the one that stands alone, with a complaint for each that is none.
    mutating func words(_ entry: FileNode.Entry) -> [FileNode] {
        guard case .list(let items) = entry.value.content else {
            return word(entry) == nil ? [] : [entry.value]
        }
        return items.filter { item in
            if case .word = item.content, !item.isNothing { return true }
            complain("an entry of \(entry.name) is a single value, not \(item.kind)", about: item)
            return false
        }
    }
}

extension SettingKind {
    /// True when its value in YAML is a number or a truth, which quotes would make a text.
    fileprivate var isNoText: Bool {
        switch self {
        case .boolean, .integer: true
        case .text, .duration, .size, .list, .addressRanges, .origins, .staticNodes, .word, .address: false
        }
    }
}
