import Bytes
import JSON

// Messages that have a JSON form of their own.
extension ProtobufFromJSON {
    mutating func timestamp() throws(JSONProblem) {
        guard cursor.current == 0x22 else { throw cursor.expected("a time in a string") }
        let start = cursor.offset
        let extent = try takeString()
        guard let moment = Moment(rfc3339: content(extent)), moment.isProtobufTimestamp else {
            throw JSONProblem(offset: start, reason: "no time such as \"2006-01-02T15:04:05.999Z\"")
        }
        append(Int64(moment.seconds), moment.nanoseconds)
    }

    mutating func duration() throws(JSONProblem) {
        guard cursor.current == 0x22 else { throw cursor.expected("a duration in a string") }
        let start = cursor.offset
        let extent = try takeString()
        guard let duration = ProtobufDuration(content(extent)) else {
            throw JSONProblem(offset: start, reason: "no duration such as \"1.5s\"")
        }
        append(duration.seconds, duration.nanoseconds)
    }

    private mutating func append(_ seconds: Int64, _ nanoseconds: Int32) {
        if seconds != 0 {
            out.append(tag: 1, .varint)
            out.append(varint: UInt64(bitPattern: seconds))
        }
        if nanoseconds != 0 {
            out.append(tag: 2, .varint)
            out.append(varint: UInt64(bitPattern: Int64(nanoseconds)))
        }
    }

    /// Paths between commas, each in lower camel case, which becomes snake case.
    mutating func fieldMask() throws(JSONProblem) {
        guard cursor.current == 0x22 else { throw cursor.expected("paths of fields in a string") }
        let start = cursor.offset
        let extent = try takeString()
        // Copied, as it may lie in the scratch that is written to; these are rare and short.
        let text = content(extent).withUnsafeBufferPointer { Array($0) }
        guard !text.isEmpty else { return }
        let isValid = appendPaths(text.span)
        guard isValid else {
            throw JSONProblem(offset: start, reason: "no paths of fields such as \"user.displayName,photo\"")
        }
    }

    private mutating func appendPaths(_ text: Span<UInt8>) -> Bool {
        out.append(tag: 1, .delimited)
        var opening = scratch.lengths.open(in: &out)
        for index in text.indices {
            switch text[index] {
            case 0x2C:
                guard scratch.lengths.length(since: opening, in: out) > 0 else { return false }
                scratch.lengths.close(opening, in: &out)
                out.append(tag: 1, .delimited)
                opening = scratch.lengths.open(in: &out)
            case 0x41...0x5A:
                out.append(0x5F)
                out.append(text[index] + 0x20)
            case 0x5F: return false
            default: out.append(text[index])
            }
        }
        guard scratch.lengths.length(since: opening, in: out) > 0 else { return false }
        scratch.lengths.close(opening, in: &out)
        return true
    }

    /// Any JSON value.
    mutating func value(_ message: MessageEntry, depth: Int) throws(JSONProblem) {
        switch cursor.current {
        case 0x7B, 0x5B:
            let isObject = cursor.current == 0x7B
            let field = schema.field(isObject ? 4 : 5, of: message)
            out.append(tag: Int(field.number), .delimited)
            let opening = scratch.lengths.open(in: &out)
            try self.message(Int(field.reference), depth: depth - 1)
            scratch.lengths.close(opening, in: &out)
        case 0x22: try scalar(schema.field(2, of: message), isTagged: true)
        case 0x74, 0x66: try scalar(schema.field(3, of: message), isTagged: true)
        case 0x6E: try scalar(schema.field(0, of: message), isTagged: true)
        default: try scalar(schema.field(1, of: message), isTagged: true)
        }
    }

    /// An object with `@type` and either the fields of that type or, if it has a form of its own, that as `value`.
    mutating func any(depth: Int) throws(JSONProblem) {
        let start = cursor.offset
        guard cursor.current == 0x7B else { throw cursor.expected("an object") }
        guard let index = try anyType(depth: depth) else { return }
        let message = schema.messages[index]
        out.append(tag: 2, .delimited)
        let opening = scratch.lengths.open(in: &out)
        cursor.offset = start
        if message.wellKnownType.isValueOfAny {
            try anyValue(index, depth: depth - 1)
        } else {
            guard depth > 1 else { throw cursor.problem(WireProblem.tooDeepReason) }
            try object(message, depth: depth - 1, isInAny: true)
        }
        let isEmpty = scratch.lengths.length(since: opening, in: out) == 0
        scratch.lengths.close(opening, in: &out)
        if isEmpty { out.removeLast(2) }
    }

    /// Looks for `@type`, wherever it stands, writes it and finds the type; nil after an empty object, which has none.
    private mutating func anyType(depth: Int) throws(JSONProblem) -> Int? {
        let start = cursor.offset
        guard try cursor.takeStart(depth: depth, end: 0x7D) else { return nil }
        repeat {
            try cursor.takeToKey()
            let name = try takeString()
            try cursor.takeColon()
            guard isEqual(content(name), "@type") else {
                try cursor.skipValue(depth: depth * 2)
                continue
            }
            // The type may be last, within others whose types are last: then everything is read again and again.
            lookedAhead += cursor.offset - start
            guard lookedAhead <= 4_096 + cursor.bytes.count * 4 else {
                throw JSONProblem(offset: start, reason: "\"@type\" must come sooner")
            }
            guard cursor.current == 0x22 else { throw cursor.expected("the address of a type") }
            let place = cursor.offset
            let extent = try takeString()
            let address = content(extent).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
            guard let slash = address.lastIndex(of: "/"),
                let index = types.messageIndexes[String(address[address.index(after: slash)...])]
            else { throw JSONProblem(offset: place, reason: "a type that is not known here") }
            out.append(field: 1, address)
            return Int(index)
        } while try cursor.takeCommaOrEnd(0x7D, "after an object member")
        throw JSONProblem(offset: start, reason: "\"@type\" is missing")
    }

    private mutating func anyValue(_ index: Int, depth: Int) throws(JSONProblem) {
        let start = cursor.offset
        var (hasType, hasValue) = (false, false)
        _ = try cursor.takeStart(depth: 1, end: 0x7D)
        repeat {
            try cursor.takeToKey()
            let offset = cursor.offset
            let name = try takeString()
            let isType = isEqual(content(name), "@type")
            guard isType || isEqual(content(name), "value") else {
                throw JSONProblem(offset: offset, reason: "there is no such field")
            }
            guard isType ? !hasType : !hasValue else {
                throw JSONProblem(offset: offset, reason: Self.twice)
            }
            try cursor.takeColon()
            if isType {
                hasType = true
                _ = try cursor.takeString()
            } else {
                hasValue = true
                try message(index, depth: depth)
            }
        } while try cursor.takeCommaOrEnd(0x7D, "after an object member")
        guard hasValue else { throw JSONProblem(offset: start, reason: "the member \"value\" is missing") }
    }

    /// Passes over the type of an Any, or over the value of one that has no fields, after the name.
    mutating func skipMember(isType: Bool) throws(JSONProblem) {
        try cursor.takeColon()
        if isType {
            guard cursor.current == 0x22 else { throw cursor.expected("the address of a type") }
            _ = try cursor.takeString()
        } else {
            guard cursor.current == 0x7B else { throw cursor.expected("an empty object") }
            guard try !cursor.takeStart(depth: 1, end: 0x7D) else { throw cursor.problem("there is no such field") }
        }
    }
}
