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

    /// The name that a message within this one has in its first field; nothing else of it counts.
    mutating func name(_ tag: WireTag) throws(WireProblem) -> String {
        var reader = try message(tag)
        var name = ""
        while let tag = try reader.next() {
            if tag.number == 1 { name = try reader.text(tag) } else { try reader.skip(tag) }
        }
        return name
    }

    func problem(_ reason: String) -> WireProblem { wire.problem(reason) }
}

extension ProtoFile {
    init(_ reader: consuming DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2: package = try reader.text(tag)
            case 3: dependencies.append(try reader.text(tag))
            case 4: messages.append(try ProtoMessage(reader.message(tag)))
            case 5: enums.append(try ProtoEnum(reader.message(tag)))
            case 6: services.append(try ProtoService(reader.message(tag)))
            case 8: try features.read(50, of: reader.message(tag))
            case 12: syntax = try reader.text(tag)
            case 14: edition = Int(truncatingIfNeeded: try reader.number(tag))
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoMessage {
    init(_ reader: consuming DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2: fields.append(try ProtoField(reader.message(tag)))
            case 3: messages.append(try ProtoMessage(reader.message(tag)))
            case 4: enums.append(try ProtoEnum(reader.message(tag)))
            case 7:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    switch tag.number {
                    case 7: isMapEntry = try options.flag(tag)
                    case 12: try features.read(options.message(tag))
                    default: try options.skip(tag)
                    }
                }
            case 8: oneofs.append(try reader.name(tag))
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoField {
    init(_ reader: consuming DescriptorReader) throws(WireProblem) {
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
                    case 21: try features.read(options.message(tag))
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
    init(_ reader: consuming DescriptorReader) throws(WireProblem) {
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
            case 3: try features.read(7, of: reader.message(tag))
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoService {
    init(_ reader: consuming DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2: methods.append(try ProtoMethod(reader.message(tag)))
            default: try reader.skip(tag)
            }
        }
    }
}

extension ProtoMethod {
    init(_ reader: consuming DescriptorReader) throws(WireProblem) {
        while let tag = try reader.next() {
            switch tag.number {
            case 1: name = try reader.text(tag)
            case 2: input = try reader.text(tag)
            case 3: output = try reader.text(tag)
            case 4:
                var options = try reader.message(tag)
                while let tag = try options.next() {
                    if tag.number == HTTPRule.optionNumber {
                        rules = try HTTPRule.read(options.message(tag))
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
    /// Reads the features among options, of which nothing else counts.
    mutating func read(_ number: Int, of options: consuming DescriptorReader) throws(WireProblem) {
        while let tag = try options.next() {
            if tag.number == number { try read(options.message(tag)) } else { try options.skip(tag) }
        }
    }

    /// Reads a set of features, of which each may be there in parts.
    mutating func read(_ reader: consuming DescriptorReader) throws(WireProblem) {
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
