import Gateway

// The rules about who may do what.

extension ConfigurationReader {
    private static let keys = ["id", "resource", "scope", "access", "priority"]

    mutating func readRules(_ entry: FileNode.Entry) {
        guard case .list(let items) = entry.value.content else {
            return complain("rules is a list, and this is \(entry.value.kind)", about: entry.value)
        }
        guard items.count <= AccessRules.maximumCount else {
            return complain("there are more than \(AccessRules.maximumCount) rules", about: entry.key)
        }
        if items.isEmpty { complain("rules is empty; write one, or take the line out", about: entry.key) }
        var places: [String: String] = [:]
        for item in items {
            guard case .table(let entries) = item.content else {
                complain("a rule has keys and values, such as resource: service:go.micro.api.orders:*", about: item)
                continue
            }
            guard let rule = rule(entries, item) else { continue }
            if let other = places.updateValue(text.name(of: item.place), forKey: rule.id) {
                complain("the id \(rule.id) is taken by another rule (\(other))", about: item)
            }
            file.rules.append(rule)
        }
    }

    /// - Returns: Nil, with a complaint, when it is not complete.
    private mutating func rule(_ entries: [FileNode.Entry], _ item: FileNode) -> AccessRule? {
        var id = text.name(of: item.place)
        var (resource, scope): (AccessRule.Pattern?, AccessRule.Scope?)
        var (isGranted, priority, isWhole) = (true, 0, true)
        for entry in entries {
            switch entry.name {
            case "id": id = word(entry) ?? id
            case "resource":
                resource = self.resource(entry)
                if resource == nil { isWhole = false }
            case "scope": scope = self.scope(entry)
            case "access": isGranted = self.isGranted(entry)
            case "priority":
                if case .number(let number)? = value(of: entry, as: .integer(-1_000_000...1_000_000))?.value {
                    priority = number
                }
            default: complainOfUnknown(entry, "in a rule", known: Self.keys)
            }
        }
        if resource == nil, isWhole {
            complain("a rule needs a resource, such as resource: service:go.micro.api.orders:*", about: item)
        }
        // To leave it out would open something to everyone by mistake.
        if scope == nil {
            complain(
                "a rule needs a scope: <public> for everyone, \"*\" for every account, or that of some accounts",
                about: item)
        }
        guard let resource, let scope else { return nil }
        return AccessRule(id: id, scope: scope, isGranted: isGranted, priority: priority, resource: resource)
    }

    private mutating func resource(_ entry: FileNode.Entry) -> AccessRule.Pattern? {
        guard let word = word(entry) else { return nil }
        guard let pattern = AccessRule.Pattern(word) else {
            complain(
                "resource: \(word.prefix(64)) is not type:name:endpoint, such as service:go.micro.api.orders:*",
                about: entry.value)
            return nil
        }
        guard [AccessResource.type, "*"].contains(pattern.type.lowercased()) else {
            complain("the type \(pattern.type.prefix(64)) does not exist here: write service or *", about: entry.value)
            return nil
        }
        return pattern
    }

    private mutating func scope(_ entry: FileNode.Entry) -> AccessRule.Scope? { word(entry).map { .init($0) } }

    private mutating func isGranted(_ entry: FileNode.Entry) -> Bool {
        let words = ["granted", "denied"]
        guard let word = word(entry) else { return false }
        if !words.contains(word) {
            let near = NearestWord.one(to: word, in: words).asQuestion
            complain("access: \(word.prefix(64)) is not granted or denied\(near)", about: entry.value)
        }
        return word == "granted"
    }
}
