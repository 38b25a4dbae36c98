import Bytes
import JSON

/// The making of a schema: first every type gets its place, then every field its type.
struct SchemaAssembly {
    private struct Declared {
        let name: String
        let message: ProtoMessage
        let features: ProtoFeatures
    }

    private enum Kind {
        case message(Int32)
        case enumeration(Int32)
    }

    private let missingImports: [String]
    private let maximumTypes: Int
    private var kinds: [String: Kind] = [:]
    private var messages: [Declared] = []
    private var enums: [(name: String, entry: ProtoEnum, isClosed: Bool)] = []
    private var services: [(scope: String, service: ProtoService)] = []
    private var tables = SchemaTables()

    init(missingImports: [String], maximumTypes: Int) {
        self.missingImports = missingImports
        self.maximumTypes = maximumTypes
    }

    /// Gives every type of a file its place.
    mutating func declare(_ file: ProtoFile) throws(SchemaProblem) {
        let features = file.features.within(ProtoFeatures(syntax: file.syntax, edition: file.edition))
        for message in file.messages { try declare(message, in: file.package, features) }
        for entry in file.enums { try declare(entry, in: file.package, features) }
        services += file.services.map { (file.package, $0) }
    }

    private mutating func declare(
        _ message: ProtoMessage, in scope: String, _ outer: ProtoFeatures
    ) throws(SchemaProblem) {
        let features = message.features.within(outer)
        let name = try declare(message.name, in: scope, .message(Int32(messages.count)))
        messages.append(Declared(name: name, message: message, features: features))
        for inner in message.messages { try declare(inner, in: name, features) }
        for inner in message.enums { try declare(inner, in: name, features) }
    }

    private mutating func declare(
        _ entry: ProtoEnum, in scope: String, _ outer: ProtoFeatures
    ) throws(SchemaProblem) {
        let name = try declare(entry.name, in: scope, .enumeration(Int32(enums.count)))
        enums.append((name, entry, entry.features.within(outer).isClosed ?? false))
    }

    private mutating func declare(_ name: String, in scope: String, _ kind: Kind) throws(SchemaProblem) -> String {
        let name = scope.isEmpty ? name : "\(scope).\(name)"
        guard !name.isEmpty, name.utf8.count <= 1_024 else {
            throw .impossible("a type has no name, or too long a one")
        }
        guard kinds.count < maximumTypes else { throw .tooLarge("more than \(maximumTypes) types") }
        guard kinds.updateValue(kind, forKey: name) == nil else { throw .duplicate("the type \(name)") }
        return name
    }

    /// Finds the type of every field and method, and makes the tables.
    mutating func finish() throws(SchemaProblem) -> SchemaSet {
        for entry in enums { try add(entry.entry, named: entry.name, isClosed: entry.isClosed) }
        for declared in messages { try add(declared) }
        var entries: [SchemaSet.ServiceEntry] = []
        var names: Set<String> = []
        for (scope, service) in services {
            let entry = try resolve(service, in: scope)
            guard names.insert(entry.name).inserted else { throw .duplicate("the service \(entry.name)") }
            entries.append(entry)
        }
        var messageIndexes: [String: Int32] = [:]
        var enumIndexes: [String: Int32] = [:]
        for (name, kind) in kinds {
            switch kind {
            case .message(let index): messageIndexes[name] = index
            case .enumeration(let index): enumIndexes[name] = index
            }
        }
        return SchemaSet(
            tables: tables, messageIndexes: messageIndexes, enumIndexes: enumIndexes,
            oneofs: messages.map(\.message.oneofs), serviceEntries: entries)
    }

    private func resolve(_ service: ProtoService, in scope: String) throws(SchemaProblem) -> SchemaSet.ServiceEntry {
        let name = scope.isEmpty ? service.name : "\(scope).\(service.name)"
        var methods: [SchemaSet.MethodEntry] = []
        var names: Set<String> = []
        for method in service.methods {
            let place = "\(name).\(method.name)"
            guard names.insert(method.name).inserted else { throw .duplicate("the method \(place)") }
            let (input, output) = (try find(method.input, from: place).1, try find(method.output, from: place).1)
            guard case .message(let input) = input, case .message(let output) = output else {
                throw .impossible("\(place) takes or gives an enumeration")
            }
            methods.append(
                SchemaSet.MethodEntry(
                    name: method.name, input: input, output: output, isClientStreaming: method.isClientStreaming,
                    isServerStreaming: method.isServerStreaming, rules: method.rules))
        }
        return SchemaSet.ServiceEntry(name: name, methods: methods)
    }

    /// Finds a type by its name. A name with a dot in front is complete; another is looked for in the scope, then in the
    /// one around it, and so on.
    private func find(_ name: String, from place: String) throws(SchemaProblem) -> (String, Kind) {
        if name.hasPrefix(".") {
            let name = String(name.dropFirst())
            if let kind = kinds[name] { return (name, kind) }
        } else {
            var scope = place[...]
            while !scope.isEmpty {
                scope = scope[..<(scope.lastIndex(of: ".") ?? scope.startIndex)]
                let candidate = scope.isEmpty ? name : "\(scope).\(name)"
                if let kind = kinds[candidate] { return (candidate, kind) }
            }
        }
        throw .unknownType(name, in: place, missingImports: missingImports)
    }
}

// Names, enumerations and messages, as entries of the tables.
extension SchemaAssembly {
    private mutating func intern(_ name: [UInt8]) -> NameRange {
        defer { tables.names += name }
        return NameRange(start: UInt32(tables.names.count), count: UInt32(name.count))
    }

    /// A name as a member's name in JSON. Where nothing needs escaping, the name itself is a part of that.
    private mutating func internLabel(_ name: String) -> (name: NameRange, label: NameRange) {
        var label = ByteBuffer()
        JSONWriter.write(name, to: &label)
        label.append(0x3A)
        let range = intern(label.bytes)
        guard label.count == name.utf8.count + 3 else { return (intern(Array(name.utf8)), range) }
        return (NameRange(start: range.start + 1, count: range.count - 3), range)
    }

    private mutating func appendSlots(_ slots: [UInt16]) -> TableRange {
        defer { tables.slots += slots }
        return TableRange(start: Int32(tables.slots.count), count: Int32(slots.count))
    }

    private mutating func add(_ entry: ProtoEnum, named name: String, isClosed: Bool) throws(SchemaProblem) {
        guard !entry.values.isEmpty else { throw .impossible("the enumeration \(name) has no values") }
        guard entry.values.count <= SchemaTables.maximumMembers else { throw .tooLarge("the enumeration \(name)") }
        let sorted = entry.values.enumerated().sorted {
            ($0.element.number, $0.offset) < ($1.element.number, $1.offset)
        }.map(\.element)
        let start = tables.values.count
        var names: [(name: [UInt8], entry: UInt16)] = []
        var seen: Set<String> = []
        for (place, value) in sorted.enumerated() {
            guard seen.insert(value.name).inserted else { throw .duplicate("the value \(name).\(value.name)") }
            let text = Array(value.name.utf8)
            tables.values.append(EnumValueEntry(number: value.number, name: intern(text)))
            names.append((text, UInt16(place + 1)))
        }
        tables.enums.append(
            EnumEntry(
                name: intern(Array(name.utf8)), values: TableRange(start: Int32(start), count: Int32(sorted.count)),
                slots: appendSlots(NameTable.slots(names)), defaultNumber: entry.values[0].number, isClosed: isClosed,
                isNullValue: name == "google.protobuf.NullValue"))
    }

    private mutating func add(_ declared: Declared) throws(SchemaProblem) {
        let name = declared.name
        guard declared.message.fields.count <= SchemaTables.maximumMembers else {
            throw .tooLarge("the message \(name)")
        }
        var fields: [ResolvedField] = []
        for field in declared.message.fields { fields.append(try resolve(field, of: declared)) }
        fields.sort { $0.number < $1.number }
        for (one, next) in zip(fields, fields.dropFirst()) where one.number == next.number {
            throw .duplicate("field number \(one.number) of \(name)")
        }
        let type = WellKnownType(name, fields)
        let start = tables.fields.count
        for field in fields { append(field) }
        tables.messages.append(
            MessageEntry(
                name: intern(Array(name.utf8)), fields: TableRange(start: Int32(start), count: Int32(fields.count)),
                slots: appendSlots(NameTable.slots(try spellings(of: fields, in: name))),
                numbers: appendNumbers(of: fields), oneofCount: (fields.map(\.oneof).max() ?? -1) + 1,
                hasRequiredFields: fields.contains { $0.traits.contains(.required) }, wellKnownType: type,
                isMapEntry: declared.message.isMapEntry))
    }

    private mutating func append(_ field: ResolvedField) {
        let json = internLabel(field.jsonName)
        let proto = field.name == field.jsonName ? json : internLabel(field.name)
        tables.fields.append(
            FieldEntry(
                number: Int32(field.number), reference: field.reference, oneof: field.oneof, type: field.type,
                cardinality: field.cardinality, traits: field.traits, jsonName: json.name, protoName: proto.name,
                jsonLabel: json.label, protoLabel: proto.label))
    }

    private mutating func appendNumbers(of fields: [ResolvedField]) -> TableRange {
        let start = tables.numbers.count
        guard let last = fields.last?.number, last <= fields.count * 4 + 16 else {
            return TableRange(start: Int32(start), count: 0)
        }
        tables.numbers += [UInt16](repeating: 0, count: last + 1)
        for (place, field) in fields.enumerated() { tables.numbers[start + field.number] = UInt16(place + 1) }
        return TableRange(start: Int32(start), count: Int32(last + 1))
    }

    /// Both names of every field, each with its place and spelling as an entry of the hash table. Where the declared name
    /// of one is the JSON name of another, the latter has it.
    private func spellings(
        of fields: [ResolvedField], in name: String
    ) throws(SchemaProblem) -> [(name: [UInt8], entry: UInt16)] {
        var taken: Set<String> = []
        var spellings: [(name: [UInt8], entry: UInt16)] = []
        for (place, field) in fields.enumerated() {
            guard taken.insert(field.jsonName).inserted else {
                throw .duplicate("the name \(field.jsonName) in \(name)")
            }
            spellings.append((Array(field.jsonName.utf8), UInt16(place * 2 + 1)))
        }
        for (place, field) in fields.enumerated() where taken.insert(field.name).inserted {
            spellings.append((Array(field.name.utf8), UInt16(place * 2 + 2)))
        }
        return spellings
    }
}

// The types of fields.
extension SchemaAssembly {
    private func resolve(_ field: ProtoField, of declared: Declared) throws(SchemaProblem) -> ResolvedField {
        let place = "\(declared.name).\(field.name)"
        guard (1...536_870_911).contains(field.number), !field.name.isEmpty else {
            throw .impossible("\(place) has no name, or an impossible number")
        }
        let features = field.features.within(declared.features)
        let (type, typeName, reference) = try type(of: field, place: place)
        var map: (key: FieldType, valueTypeName: String)?
        if field.label == .repeated, type == .message { map = try mapTypes(of: reference) }

        let isRepeated = field.label == .repeated
        let isPacked = type.isPackable && field.isPacked ?? features.isPacked ?? false
        let isRequired = field.label == .required || field.label == .optional && features.isRequired == true
        var oneof: Int32 = -1
        if let index = field.oneof {
            guard declared.message.oneofs.indices.contains(index), !isRepeated else {
                throw .impossible("\(place) is in a oneof that there is not")
            }
            if !field.isProto3Optional { oneof = Int32(index) }
        }
        var traits: FieldTraits = []
        if isRequired, !isRepeated { traits.insert(.required) }
        // Both fields of a map's entry are always written.
        if !isRepeated, !isRequired, field.oneof == nil, !type.isMessage, features.hasImplicitPresence == true,
            !declared.message.isMapEntry
        {
            traits.insert(.implicitPresence)
        }
        if typeName == "google.protobuf.Value" || typeName == "google.protobuf.NullValue" { traits.insert(.nullable) }
        let isDelimited = type == .message && features.isDelimited == true && map == nil && !declared.message.isMapEntry
        return ResolvedField(
            name: field.name, jsonName: field.jsonName.isEmpty ? ProtoField.jsonName(of: field.name) : field.jsonName,
            number: field.number, type: isDelimited ? .group : type, typeName: typeName, reference: reference,
            cardinality: map != nil ? .map : !isRepeated ? .singular : isPacked ? .packed : .expanded, traits: traits,
            oneof: oneof, mapKey: map?.key, mapValueTypeName: map?.valueTypeName ?? "")
    }

    private func type(
        of field: ProtoField, place: String
    ) throws(SchemaProblem) -> (type: FieldType, name: String, reference: Int32) {
        if let type = field.type, !type.isMessage, type != .enum { return (type, "", -1) }
        let (name, kind) = try find(field.typeName, from: place)
        switch kind {
        case .message(let index):
            guard field.type != .enum else { throw .impossible("\(place) is an enumeration, but \(name) is a message") }
            return (field.type ?? .message, name, index)
        case .enumeration(let index):
            guard field.type ?? .enum == .enum else {
                throw .impossible("\(place) is a message, but \(name) is an enumeration")
            }
            return (.enum, name, index)
        }
    }

    /// What a map's keys and values are; nil when the message is no entry of a map.
    private func mapTypes(of index: Int32) throws(SchemaProblem) -> (key: FieldType, valueTypeName: String)? {
        let entry = messages[Int(index)]
        guard entry.message.isMapEntry else { return nil }
        let fields = entry.message.fields.sorted { $0.number < $1.number }
        guard fields.map(\.number) == [1, 2], fields.allSatisfy({ $0.label != .repeated && $0.oneof == nil }),
            let key = fields[0].type, key.isMapKey, fields[1].type != .group
        else { throw .impossible("\(entry.name) is no entry of a map") }
        let place = "\(entry.name).\(fields[1].name)"
        return (key, try type(of: fields[1], place: place).name)
    }
}
