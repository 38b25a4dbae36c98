/// A piece of the pool of names, in bytes.
struct NameRange: BitwiseCopyable {
    let start: UInt32
    let count: UInt32

    @inline(__always)
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// The types of fields, by their numbers in a descriptor (`FieldDescriptorProto.Type`).
enum FieldType: UInt8 {
    case double = 1
    case float, int64, uint64, int32, fixed64, fixed32, bool, string, group, message, bytes, uint32, `enum`
    case sfixed32, sfixed64, sint32, sint64

    @inline(__always)
    var wireType: WireType {
        switch self {
        case .double, .fixed64, .sfixed64: .fixed64
        case .float, .fixed32, .sfixed32: .fixed32
        case .string, .bytes, .message: .delimited
        case .group: .startGroup
        case .int32, .int64, .uint32, .uint64, .sint32, .sint64, .bool, .enum: .varint
        }
    }

    @inline(__always)
    var isMessage: Bool { self == .message || self == .group }

    var isPackable: Bool { wireType != .delimited && wireType != .startGroup }

    /// Whether keys of maps may be of this type.
    var isMapKey: Bool {
        switch self {
        case .double, .float, .bytes, .message, .group, .enum: false
        default: true
        }
    }
}

/// How often a field may be there, and how its values are written.
enum Cardinality: UInt8 { case singular, packed, expanded, map }

struct FieldTraits: OptionSet, BitwiseCopyable {
    let rawValue: UInt8
    /// Whether it is there cannot be told from its being zero.
    static let implicitPresence = FieldTraits(rawValue: 1)
    static let required = FieldTraits(rawValue: 2)
    /// `null` is a value of its type.
    static let nullable = FieldTraits(rawValue: 4)
}

/// What is to be known of a field while transcoding.
struct FieldEntry: BitwiseCopyable {
    let number: Int32
    /// The index of its message or enumeration, or -1.
    let reference: Int32
    /// The index of its oneof in its message, or -1.
    let oneof: Int32
    let type: FieldType
    let cardinality: Cardinality
    let traits: FieldTraits
    let jsonName: NameRange
    let protoName: NameRange
    /// The name as a member of a JSON object, with quotation marks and colon.
    let jsonLabel: NameRange
    let protoLabel: NameRange

    @inline(__always)
    var isImplicit: Bool { traits.contains(.implicitPresence) }
}

/// Where the entries of one thing begin in a table, and how many they are.
struct TableRange: BitwiseCopyable {
    let start: Int32
    let count: Int32

    @inline(__always)
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// What is to be known of a message type while transcoding.
struct MessageEntry: BitwiseCopyable {
    let name: NameRange
    /// In the order of their numbers.
    let fields: TableRange
    /// The hash table of both spellings of the fields' names; as many slots as a power of two.
    let slots: TableRange
    /// For each number from 0 on, the field's place in the message and one more, or 0. Empty if numbers lie far apart.
    let numbers: TableRange
    let oneofCount: Int32
    let hasRequiredFields: Bool
    let wellKnownType: WellKnownType
    let isMapEntry: Bool
}

/// What is to be known of an enumeration while transcoding.
struct EnumEntry: BitwiseCopyable {
    let name: NameRange
    /// In the order of their numbers, and those of one number as they were declared.
    let values: TableRange
    let slots: TableRange
    /// Of the value that was declared first.
    let defaultNumber: Int32
    let isClosed: Bool
    let isNullValue: Bool
}

struct EnumValueEntry: BitwiseCopyable {
    let number: Int32
    let name: NameRange
}

/// Everything about the types that transcoding needs, in few flat arrays: no reference is followed and no reference
/// count changes on the way.
struct SchemaTables: Sendable {
    var messages: [MessageEntry] = []
    var fields: [FieldEntry] = []
    var enums: [EnumEntry] = []
    var values: [EnumValueEntry] = []
    var numbers: [UInt16] = []
    var slots: [UInt16] = []
    var names: [UInt8] = []

    /// The most fields of a message and values of an enumeration, so that a place and its spelling fit into a slot.
    static let maximumMembers = 16_383

    func text(_ name: NameRange) -> String { String(decoding: names[name.range], as: UTF8.self) }
}

/// The tables, lent for one message.
struct SchemaView: ~Escapable {
    let messages: Span<MessageEntry>
    let fields: Span<FieldEntry>
    let enums: Span<EnumEntry>
    let values: Span<EnumValueEntry>
    let numbers: Span<UInt16>
    let slots: Span<UInt16>
    let names: Span<UInt8>

    @_lifetime(borrow tables)
    init(_ tables: borrowing SchemaTables) {
        messages = tables.messages.span
        fields = tables.fields.span
        enums = tables.enums.span
        values = tables.values.span
        numbers = tables.numbers.span
        slots = tables.slots.span
        names = tables.names.span
    }

    /// The place in the message of the field with that number; nil if it has none.
    @inline(__always)
    func place(ofNumber number: Int, in message: MessageEntry) -> Int? {
        if number < Int(message.numbers.count) {
            let place = Int(numbers[Int(message.numbers.start) + number])
            return place == 0 ? nil : place - 1
        }
        return message.numbers.count > 0 ? nil : search(number, in: message)
    }

    private func search(_ number: Int, in message: MessageEntry) -> Int? {
        var (low, high) = (0, Int(message.fields.count))
        while low < high {
            let middle = (low + high) / 2
            let found = Int(fields[Int(message.fields.start) + middle].number)
            if found == number { return middle }
            if found < number { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    @inline(__always)
    func field(_ place: Int, of message: MessageEntry) -> FieldEntry { fields[Int(message.fields.start) + place] }

    /// The place in the message of the field with that name, in either spelling; nil if it has none.
    @inline(__always)
    func place(ofName name: Span<UInt8>, in message: MessageEntry) -> Int? {
        let mask = Int(message.slots.count) - 1
        guard mask >= 0 else { return nil }
        var slot = Int(truncatingIfNeeded: NameTable.hash(name)) & mask
        while true {
            let entry = Int(slots[Int(message.slots.start) + slot])
            if entry == 0 { return nil }
            let field = fields[Int(message.fields.start) + (entry - 1) / 2]
            if isEqual(entry & 1 == 1 ? field.jsonName : field.protoName, name) { return (entry - 1) / 2 }
            slot = (slot + 1) & mask
        }
    }

    /// The number of the value with that name; nil if the enumeration has none.
    func number(ofValue name: Span<UInt8>, in entry: EnumEntry) -> Int32? {
        let mask = Int(entry.slots.count) - 1
        guard mask >= 0 else { return nil }
        var slot = Int(truncatingIfNeeded: NameTable.hash(name)) & mask
        while true {
            let place = Int(slots[Int(entry.slots.start) + slot])
            if place == 0 { return nil }
            let value = values[Int(entry.values.start) + place - 1]
            if isEqual(value.name, name) { return value.number }
            slot = (slot + 1) & mask
        }
    }

    /// The first declared of the names of a number; nil if it has none.
    func name(ofValue number: Int32, in entry: EnumEntry) -> NameRange? {
        var (low, high) = (0, Int(entry.values.count))
        while low < high {
            let middle = (low + high) / 2
            if values[Int(entry.values.start) + middle].number < number { low = middle + 1 } else { high = middle }
        }
        guard low < Int(entry.values.count) else { return nil }
        let value = values[Int(entry.values.start) + low]
        return value.number == number ? value.name : nil
    }

    @inline(__always)
    func isEqual(_ name: NameRange, _ other: Span<UInt8>) -> Bool {
        guard Int(name.count) == other.count else { return false }
        let start = Int(name.start)
        for index in other.indices where names[start + index] != other[index] { return false }
        return true
    }

    func text(_ name: NameRange) -> String {
        names.extracting(name.range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}

/// How names are found: open addressing, with at most half of the slots taken. Only names of the schema are in it, so a
/// client can choose names that collide but not how many do.
enum NameTable {
    /// FNV-1a.
    @inline(__always)
    static func hash(_ name: Span<UInt8>) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for index in name.indices { hash = (hash ^ UInt32(name[index])) &* 16_777_619 }
        return hash ^ hash >> 15
    }

    /// The slots for names, each with what is to be found by it, which is not 0.
    static func slots(_ names: [(name: [UInt8], entry: UInt16)]) -> [UInt16] {
        guard !names.isEmpty else { return [] }
        var size = 2
        while size < names.count * 2 { size *= 2 }
        var slots = [UInt16](repeating: 0, count: size)
        for (name, entry) in names {
            var slot = Int(hash(name.span)) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = entry
        }
        return slots
    }
}
