import Bytes

/// The fields of a head, in the order of their lines.
///
/// All of them lie in one piece of memory, written as they go over the wire (`Name: value`, CR, LF), with a table of
/// where each begins. There is no string and no dictionary, so filling one that has been used before allocates
/// nothing, and writing one out is a copy. Looking a name up walks the table, which is bounded by `HeadLimits`.
package struct HeaderFields: Sendable {
    struct Entry: Sendable {
        let start: UInt32
        let nameLength: UInt32
        let valueLength: UInt32
        let name: FieldName

        var nameRange: Range<Int> { Int(start)..<(Int(start) + Int(nameLength)) }
        /// After the name come a colon and a space.
        var valueRange: Range<Int> {
            let valueStart = Int(start) + Int(nameLength) + 2
            return valueStart..<(valueStart + Int(valueLength))
        }
        /// The whole line, its CR and LF included.
        var lineRange: Range<Int> { Int(start)..<(Int(start) + Int(nameLength) + Int(valueLength) + 4) }
    }

    private(set) var lines = ByteBuffer()
    private(set) var entries: [Entry] = []
    /// One bit for each `FieldName` that occurs, so that asking for an absent one costs nothing.
    private(set) var present: UInt64 = 0

    /// No fields, and no memory yet.
    package init() {}

    /// How many field lines.
    package var count: Int { entries.count }

    package var isEmpty: Bool { entries.isEmpty }

    // MARK: By name

    /// The value of the first line with this name.
    package subscript(_ name: FieldName) -> String? {
        guard let index = firstIndex(of: name) else { return nil }
        return value(at: index)
    }

    /// The value of the first line with this name, whatever its case.
    package subscript(_ name: String) -> String? {
        guard let index = firstIndex(named: name.utf8.span) else { return nil }
        return value(at: index)
    }

    /// The values of all lines with this name, in order.
    package func values(_ name: FieldName) -> [String] {
        guard contains(name) else { return [] }
        return entries.indices.filter { entries[$0].name == name }.map { value(at: $0) }
    }

    /// The values of all lines with this name, in order, whatever its case.
    package func values(named name: String) -> [String] {
        entries.indices.filter { nameSpan(at: $0).equalsIgnoringCase(name.utf8.span) }.map { value(at: $0) }
    }

    /// Whether a line has this name. Costs one comparison. Asked for `other`: whether there is a name not listed.
    @inline(__always)
    package func contains(_ name: FieldName) -> Bool { present & name.bit != 0 }

    /// Whether any line of this name lists this token between its commas, whatever its case.
    package func hasToken(_ token: StaticString, in name: FieldName) -> Bool {
        guard contains(name) else { return false }
        let bytes = lines.span
        for entry in entries where entry.name == name {
            var items = ListItems(entry.valueRange)
            while let item = items.next(in: bytes) {
                if bytes.extracting(item).equalsIgnoringCase(token) { return true }
            }
        }
        return false
    }

    /// The place of the first line with this name.
    package func firstIndex(of name: FieldName) -> Int? {
        guard contains(name) else { return nil }
        for index in entries.indices where entries[index].name == name { return index }
        return nil
    }

    /// The size as HTTP/2 counts it: all bytes of names and values, and 32 for each field (RFC 9113, 6.5.2).
    package var listSize: Int { entries.reduce(0) { $0 + Int($1.nameLength) + Int($1.valueLength) + 32 } }

    /// How many lines have this name.
    package func count(of name: FieldName) -> Int {
        guard contains(name) else { return 0 }
        var count = 0
        for entry in entries where entry.name == name { count += 1 }
        return count
    }

    /// The place of the first line with this name, whatever its case.
    package func firstIndex(named name: Span<UInt8>) -> Int? {
        let known = FieldName.of(name)
        guard known == .other else { return firstIndex(of: known) }
        guard contains(.other) else { return nil }
        for index in entries.indices where entries[index].name == .other {
            if nameSpan(at: index).equalsIgnoringCase(name) { return index }
        }
        return nil
    }

    /// Whether a line has this name, which is none of the listed ones, whatever its case. Costs one comparison where all
    /// names are listed.
    package func contains(unlisted name: StaticString) -> Bool {
        guard contains(.other) else { return false }
        let bytes = lines.span
        for entry in entries where entry.name == .other {
            if bytes.extracting(entry.nameRange).equalsIgnoringCase(name) { return true }
        }
        return false
    }

    // MARK: By place

    /// The name as it was sent.
    package func name(at index: Int) -> String { String(nameSpan(at: index)) }

    /// The value as text; bytes that are not UTF-8 become U+FFFD.
    package func value(at index: Int) -> String { String(valueSpan(at: index)) }

    /// The listed name, or `other`.
    @inline(__always)
    package func knownName(at index: Int) -> FieldName { entries[index].name }

    /// The name's bytes, as they were sent.
    @_lifetime(borrow self)
    package func nameSpan(at index: Int) -> Span<UInt8> { lines.span.extracting(entries[index].nameRange) }

    /// The value's bytes, without the blanks around them.
    @_lifetime(borrow self)
    package func valueSpan(at index: Int) -> Span<UInt8> { lines.span.extracting(entries[index].valueRange) }

    // MARK: Changing

    /// Adds a line. Bytes that would end it, CR, LF and NUL, become spaces.
    package mutating func append(_ name: FieldName, _ value: String) {
        precondition(name != .other, "a field needs a name")
        let start = lines.count
        lines.append(name.text)
        finish(start: start, known: name, value: value.utf8.span)
    }

    /// Adds a line. What a name must not contain becomes a hyphen; bytes that would end the line become spaces.
    /// For names and values of our own; those of others go through `append(untrusted:value:)`.
    package mutating func append(name: String, value: String) {
        let start = lines.count
        if name.utf8.span.isToken {
            lines.append(name)
        } else {
            for byte in name.utf8 { lines.append(byte.isTokenByte ? byte : .hyphen) }
            if name.isEmpty { lines.append(UInt8.hyphen) }
        }
        finish(start: start, known: FieldName.of(lines.span.extracting(start..<lines.count)), value: value.utf8.span)
    }

    /// Adds a line with a name of our own that is none of the listed ones. Bytes that would end it become spaces.
    ///
    /// - Precondition: `FieldName.of` says `other`, and the name is a token.
    package mutating func append(unlisted name: StaticString, _ value: Span<UInt8>) {
        let start = lines.count
        lines.append(name)
        assert(lines.span.extracting(start..<lines.count).isToken, "\(name) is no name")
        assert(FieldName.of(lines.span.extracting(start..<lines.count)) == .other, "\(name) is listed")
        finish(start: start, known: .other, value: value)
    }

    /// Adds a line from text that someone else chose.
    ///
    /// - Throws: `Malformed` when the name is no token, or the value has control bytes other than tab.
    package mutating func append(untrusted name: String, value: String) throws(Malformed) {
        guard name.utf8.span.isToken else { throw .name }
        for byte in value.utf8 where byte.isControl && byte != .tab { throw .value }
        append(name: name, value: value)
    }

    /// Adds a line from bytes that someone else chose, without making text of them.
    ///
    /// - Throws: `Malformed` when the name is no token, or the value has control bytes other than tab, or blanks
    ///   around it.
    package mutating func append(untrusted name: Span<UInt8>, value: Span<UInt8>) throws(Malformed) {
        let known = FieldName.of(name)
        guard known != .other || name.isToken else { throw .name }
        try Self.check(value)
        add(start: lines.count, nameLength: name.count, valueLength: value.count, known: known)
        lines.append(name)
        finishLine(value)
    }

    /// Adds a line with a listed name, and a value that someone else chose.
    ///
    /// - Throws: `Malformed`, as `append(untrusted:value:)` does.
    mutating func append(_ name: FieldName, untrusted value: Span<UInt8>) throws(Malformed) {
        try Self.check(value)
        let text = name.text
        add(start: lines.count, nameLength: text.utf8CodeUnitCount, valueLength: value.count, known: name)
        lines.append(text)
        finishLine(value)
    }

    /// Adds a line from a field of HTTP/2, whose name must be in lower case, and spells the name as HTTP/1.1 does: a
    /// listed one as it is listed, another with a capital after each hyphen. There are nodes that know no other.
    ///
    /// - Parameter known: The listed name, or `other`.
    /// - Throws: `Malformed`, as `append(untrusted:value:)` does, and for a name in upper case.
    mutating func append(
        lowerCase name: Span<UInt8>, known: FieldName, value: Span<UInt8>
    ) throws(Malformed) {
        guard known != .other || name.isToken else { throw .name }
        for index in name.indices where name[index] != name[index].lowercased { throw .name }
        guard known == .other else { return try append(known, untrusted: value) }
        try Self.check(value)
        add(start: lines.count, nameLength: name.count, valueLength: value.count, known: known)
        lines.reserve(name.count)
        var beginsWord = true
        for index in name.indices {
            let byte = name[index]
            lines.append(beginsWord && byte.isLetter ? byte & ~0x20 : byte)
            beginsWord = byte == .hyphen
        }
        finishLine(value)
    }

    private static func check(_ value: Span<UInt8>) throws(Malformed) {
        var index = value.firstControl(from: 0)
        while index < value.count {
            guard value[index] == .tab else { throw .value }
            index = value.firstControl(from: index + 1)
        }
        guard value.trimmingBlanks(value.indices) == value.indices else { throw .value }
    }

    @inline(__always)
    private mutating func finishLine(_ value: Span<UInt8>) {
        lines.append(": ")
        lines.append(value)
        lines.append("\r\n")
    }

    /// Which part of a field cannot be sent.
    package enum Malformed: Error, Equatable { case name, value }

    private mutating func finish(start: Int, known: FieldName, value: Span<UInt8>) {
        let nameLength = lines.count - start
        lines.append(": ")
        let valueStart = lines.count
        let trimmed = value.extracting(value.trimmingBlanks(value.indices))
        if trimmed.firstControl(from: 0) == trimmed.count {
            lines.append(trimmed)
        } else {
            for index in trimmed.indices {
                lines.append(trimmed[index].isControl && trimmed[index] != .tab ? .space : trimmed[index])
            }
        }
        add(start: start, nameLength: nameLength, valueLength: lines.count - valueStart, known: known)
        lines.append("\r\n")
    }

    /// Adds a line that was found valid, with the blanks that we would have written.
    mutating func append(_ line: Span<UInt8>, _ parsed: ParsedLine) {
        addEntry(parsed, offset: 0)
        lines.append(line.extracting(0..<parsed.nameLength))
        lines.append(": ")
        lines.append(line.extracting(parsed.value))
        lines.append("\r\n")
    }

    /// Adds an entry for a line whose bytes `appendBytes` will add.
    ///
    /// - Parameter offset: How many of those bytes come before the line.
    @inline(__always)
    mutating func addEntry(_ parsed: ParsedLine, offset: Int) {
        add(
            start: lines.count + offset, nameLength: parsed.nameLength, valueLength: parsed.value.count,
            known: parsed.known)
    }

    /// Adds the bytes of lines, each as it is written: name, colon, space, value, CR, LF.
    @inline(__always)
    mutating func appendBytes(_ bytes: Span<UInt8>) {
        if !bytes.isEmpty { lines.append(bytes) }
    }

    @inline(__always)
    private mutating func add(start: Int, nameLength: Int, valueLength: Int, known: FieldName) {
        present |= known.bit
        entries.append(
            Entry(
                start: UInt32(start), nameLength: UInt32(nameLength), valueLength: UInt32(valueLength), name: known))
    }

    /// Removes every line with this name.
    package mutating func removeAll(_ name: FieldName) {
        guard contains(name) else { return }
        entries.removeAll { $0.name == name }
        present &= ~name.bit
    }

    /// Removes every line with this name, whatever its case.
    package mutating func removeAll(named name: String) {
        let known = FieldName.of(name)
        guard known == .other else { return removeAll(known) }
        let lines = lines
        entries.removeAll { entry in
            entry.name == .other && lines.span.extracting(entry.nameRange).equalsIgnoringCase(name.utf8.span)
        }
        let hasOthers = entries.contains { $0.name == .other }
        if !hasOthers { present &= ~FieldName.other.bit }
    }

    /// Sets a field that occurs once: removes what there was, and adds a line.
    package mutating func set(_ name: FieldName, _ value: String) {
        removeAll(name)
        append(name, value)
    }

    /// How many bytes of lines there is memory for.
    package var capacity: Int { lines.capacity }

    /// Removes every line, with the memory or without.
    @inline(__always)
    package mutating func removeAll(keepingCapacity: Bool) {
        guard keepingCapacity else { return self = HeaderFields() }
        lines.removeAll()
        entries.removeAll(keepingCapacity: true)
        present = 0
    }
}

extension HeaderFields: Equatable {
    /// The same lines in the same order; names may differ in case.
    package static func == (one: HeaderFields, other: HeaderFields) -> Bool {
        guard one.count == other.count else { return false }
        for index in one.entries.indices {
            guard one.nameSpan(at: index).equalsIgnoringCase(other.nameSpan(at: index)) else { return false }
            guard one.valueSpan(at: index).equals(other.valueSpan(at: index)) else { return false }
        }
        return true
    }
}

extension HeaderFields: CustomStringConvertible {
    /// The lines, for logs of tests. Values may be secrets.
    package var description: String {
        entries.indices.map { "\(name(at: $0)): \(value(at: $0))" }.joined(separator: "\n")
    }
}

extension HeaderFields {
    /// Adds all lines of another.
    package mutating func append(contentsOf other: HeaderFields) {
        for entry in other.entries { append(entry, of: other) }
    }

    /// Adds one line of another.
    mutating func append(_ entry: Entry, of other: HeaderFields) {
        let start = lines.count
        lines.append(other.lines.span.extracting(entry.lineRange))
        add(
            start: start, nameLength: Int(entry.nameLength), valueLength: Int(entry.valueLength), known: entry.name)
    }
}
