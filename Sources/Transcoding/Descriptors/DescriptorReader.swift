/// Reads the fields of one message of `descriptor.proto`.
struct DescriptorReader: ~Escapable {
    private var wire: WireReader
    /// How many messages may lie within this one.
    private let depth: Int

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        wire = WireReader(bytes)
        depth = 32
    }

    @_lifetime(copy bytes)
    private init(_ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int) {
        wire = WireReader(bytes, range)
        self.depth = depth
    }

    /// The tag of the next field; nil at the end. Its value must be taken or skipped.
    mutating func next() throws(WireProblem) -> WireTag? { wire.isAtEnd ? nil : try wire.tag() }

    mutating func skip(_ tag: WireTag) throws(WireProblem) { try wire.skip(tag, depth: depth) }

    mutating func number(_ tag: WireTag) throws(WireProblem) -> UInt64 {
        guard tag.type == .varint else { throw problem("a number in an unexpected form") }
        return try wire.varint()
    }

    mutating func flag(_ tag: WireTag) throws(WireProblem) -> Bool { try number(tag) != 0 }

    /// Where the bytes of the value lie.
    mutating func range(_ tag: WireTag) throws(WireProblem) -> Range<Int> {
        guard tag.type == .delimited else { throw problem("a text or message in an unexpected form") }
        return try wire.delimited()
    }

    mutating func bytes(_ tag: WireTag) throws(WireProblem) -> [UInt8] {
        let range = try range(tag)
        return wire.bytes.extracting(range).withUnsafeBufferPointer { Array($0) }
    }

    mutating func text(_ tag: WireTag) throws(WireProblem) -> String {
        guard let text = String(validating: try bytes(tag), as: UTF8.self) else {
            throw problem("a text that is no UTF-8")
        }
        return text
    }

    /// A message within this one.
    @_lifetime(copy self)
    mutating func message(_ tag: WireTag) throws(WireProblem) -> DescriptorReader {
        guard depth > 0 else { throw problem(WireProblem.tooDeepReason) }
        let range = try range(tag)
        return DescriptorReader(wire.bytes, range, depth: depth - 1)
    }

    func problem(_ reason: String) -> WireProblem { wire.problem(reason) }
}

extension ProtoFile {
    init(_ reader: inout DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2: package = try reader.text(tag)
            case 3: dependencies.append(try reader.text(tag))
            case 4:
                var message = try reader.message(tag)
                messages.append(try ProtoMessage(&message))
            case 5:
                var message = try reader.message(tag)
                enums.append(try ProtoEnum(&message))
            case 6:
                var message = try reader.message(tag)
                services.append(try ProtoService(&message))
            case 8:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    if tag.number == 50 { try features.read(&options, tag) } else { try options.skip(tag) }
                }
            case 12: syntax = try reader.text(tag)
            case 14: edition = Int(truncatingIfNeeded: try reader.number(tag))
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoMessage {
    init(_ reader: inout DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2:
                var message = try reader.message(tag)
                fields.append(try ProtoField(&message))
            case 3:
                var message = try reader.message(tag)
                messages.append(try ProtoMessage(&message))
            case 4:
                var message = try reader.message(tag)
                enums.append(try ProtoEnum(&message))
            case 7:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    switch tag.number {
                    case 7: isMapEntry = try options.flag(tag)
                    case 12: try features.read(&options, tag)
                    default: try options.skip(tag)
                    }
                }
            case 8:
                var message = try reader.message(tag)
                var oneof = ""
                while let tag = try message.next() {
                    if tag.number == 1 { oneof = try message.text(tag) } else { try message.skip(tag) }
                }
                oneofs.append(oneof)
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoField {
    init(_ reader: inout DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 3: number = Int(truncatingIfNeeded: try reader.number(tag))
            case 4:
                guard let label = Label(rawValue: try reader.number(tag)) else { throw reader.problem("no label") }
                self.label = label
            case 5:
                guard let type = FieldType(rawValue: UInt8(truncatingIfNeeded: try reader.number(tag))) else {
                    throw reader.problem("field \(name) has an unknown type")
                }
                self.type = type
            case 6: typeName = try reader.text(tag)
            case 8:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    switch tag.number {
                    case 2: isPacked = try options.flag(tag)
                    case 21: try features.read(&options, tag)
                    default: try options.skip(tag)
                    }
                }
            case 9: oneof = Int(truncatingIfNeeded: try reader.number(tag))
            case 10: jsonName = try reader.text(tag)
            case 17: isProto3Optional = try reader.flag(tag)
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoEnum {
    init(_ reader: inout DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2:
                var message = try reader.message(tag)
                var value: (name: String, number: Int32) = ("", 0)
                while let tag = try message.next() {
                    switch tag.number {
                    case 1: value.name = try message.text(tag)
                    case 2: value.number = Int32(truncatingIfNeeded: try message.number(tag))
                    default: try message.skip(tag)
                    }
                }
                values.append(value)
            case 3:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    if tag.number == 7 { try features.read(&options, tag) } else { try options.skip(tag) }
                }
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoService {
    init(_ reader: inout DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2:
                var message = try reader.message(tag)
                methods.append(try ProtoMethod(&message))
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoMethod {
    init(_ reader: inout DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2: input = try reader.text(tag)
            case 3: output = try reader.text(tag)
            case 4:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    if tag.number == HTTPRule.optionNumber {
                        var rule = try options.message(tag)
                        rules = try HTTPRule.read(&rule)
                    } else {
                        try options.skip(tag)
                    }
                }
            case 5: isClientStreaming = try reader.flag(tag)
            case 6: isServerStreaming = try reader.flag(tag)
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoFeatures {
    /// Reads a set of features, of which each may be there in parts.
    mutating func read(_ options: inout DescriptorReader, _ tag: WireTag) throws(WireProblem) {
        var reader = try options.message(tag)
        while let tag = try reader.next() {
            switch tag.number {
            case 1:
                let presence = try reader.number(tag)
                hasImplicitPresence = presence == 2
                isRequired = presence == 3
            case 2: isClosed = try reader.number(tag) == 2
            case 3: isPacked = try reader.number(tag) == 1
            case 5: isDelimited = try reader.number(tag) == 2
            default: try reader.skip(tag)
            }
        }
    }
}
