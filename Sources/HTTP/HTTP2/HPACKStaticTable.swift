/// The fields that every connection knows from the beginning (RFC 7541, appendix A). Places count from 1.
enum HPACKStaticTable {
    /// How many there are; the dynamic table's places begin above.
    static let count = 61

    /// - Precondition: 1 to `count`.
    @inline(__always)
    static func name(at index: Int) -> StaticString { fields[index - 1].name }

    /// - Precondition: 1 to `count`.
    @inline(__always)
    static func value(at index: Int) -> StaticString { fields[index - 1].value }

    /// The place of this field, and the first place of its name.
    static func find(_ name: Span<UInt8>, hash: UInt32, value: Span<UInt8>) -> (exact: Int?, named: Int?) {
        guard let first = firstIndex(of: name, hash: hash) else { return (nil, nil) }
        var index = first
        while index <= count, name.equals(self.name(at: index)) {
            if value.equals(self.value(at: index)) { return (index, first) }
            index += 1
        }
        return (nil, first)
    }

    private static func firstIndex(of name: Span<UInt8>, hash: UInt32) -> Int? {
        let slots = slots
        var slot = Int(hash & 0xff)
        while slots[slot] != 0 {
            let index = Int(slots[slot])
            if name.equals(self.name(at: index)) { return index }
            slot = (slot + 1) & 0xff
        }
        return nil
    }

    /// The first place of each name, in the slot that its hash names or the next free one; 0 is free.
    private static let slots: [UInt8] = {
        var slots = [UInt8](repeating: 0, count: 256)
        for index in 1...count where index == 1 || "\(name(at: index))" != "\(name(at: index - 1))" {
            var slot = Int("\(name(at: index))".utf8.span.nameHash & 0xff)
            while slots[slot] != 0 { slot = (slot + 1) & 0xff }
            slots[slot] = UInt8(index)
        }
        return slots
    }()

    private static let fields: [(name: StaticString, value: StaticString)] = [
        (":authority", ""),
        (":method", "GET"),
        (":method", "POST"),
        (":path", "/"),
        (":path", "/index.html"),
        (":scheme", "http"),
        (":scheme", "https"),
        (":status", "200"),
        (":status", "204"),
        (":status", "206"),
        (":status", "304"),
        (":status", "400"),
        (":status", "404"),
        (":status", "500"),
        ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"),
        ("accept-language", ""),
        ("accept-ranges", ""),
        ("accept", ""),
        ("access-control-allow-origin", ""),
        ("age", ""),
        ("allow", ""),
        ("authorization", ""),
        ("cache-control", ""),
        ("content-disposition", ""),
        ("content-encoding", ""),
        ("content-language", ""),
        ("content-length", ""),
        ("content-location", ""),
        ("content-range", ""),
        ("content-type", ""),
        ("cookie", ""),
        ("date", ""),
        ("etag", ""),
        ("expect", ""),
        ("expires", ""),
        ("from", ""),
        ("host", ""),
        ("if-match", ""),
        ("if-modified-since", ""),
        ("if-none-match", ""),
        ("if-range", ""),
        ("if-unmodified-since", ""),
        ("last-modified", ""),
        ("link", ""),
        ("location", ""),
        ("max-forwards", ""),
        ("proxy-authenticate", ""),
        ("proxy-authorization", ""),
        ("range", ""),
        ("referer", ""),
        ("refresh", ""),
        ("retry-after", ""),
        ("server", ""),
        ("set-cookie", ""),
        ("strict-transport-security", ""),
        ("transfer-encoding", ""),
        ("user-agent", ""),
        ("vary", ""),
        ("via", ""),
        ("www-authenticate", ""),
    ]
}
