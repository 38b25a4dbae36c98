package import Bytes

/// What a service that is subscribed to events of the gateway gets: `go.api.Event`, the same since Go Micro 1.
package struct EventMessage: Equatable {
    package var name: String
    /// Unlike that of any other event.
    package var id: String
    /// Seconds since 1970, UTC.
    package var timestamp: Int64
    /// Fields of the request.
    package var header: [(name: String, values: [String])]
    /// The body of the request, or its query in JSON.
    package var data: ByteBuffer

    package init(
        name: String, id: String, timestamp: Int64, header: [(name: String, values: [String])], data: ByteBuffer
    ) {
        self.name = name
        self.id = id
        self.timestamp = timestamp
        self.header = header
        self.data = data
    }

    /// The event in protobuf, without what is empty. Fields of the header are in the order of their names' bytes.
    package var protobuf: ByteBuffer {
        var message = ByteBuffer(capacity: data.count + 1_024)
        message.append(field: 1, name)
        message.append(field: 2, id)
        if timestamp != 0 {
            message.append(varint: 3 << 3)
            message.append(varint: UInt64(bitPattern: timestamp))
        }
        for (name, values) in header.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            var pair = ByteBuffer()
            pair.append(field: 1, name)
            // An empty value is a value all the same.
            for value in values { pair.append(field: 2, ByteBuffer(value), evenIfEmpty: true) }
            var entry = ByteBuffer()
            entry.append(field: 1, name)
            entry.append(field: 2, pair, evenIfEmpty: true)
            message.append(field: 4, entry, evenIfEmpty: true)
        }
        message.append(field: 5, data)
        return message
    }

    package static func == (one: EventMessage, other: EventMessage) -> Bool {
        one.protobuf.bytes == other.protobuf.bytes
    }
}

// The wire format of protobuf, as far as one flat message needs it.
extension ByteBuffer {
    fileprivate mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func append(field number: UInt64, _ text: String) {
        append(field: number, ByteBuffer(text))
    }

    fileprivate mutating func append(field number: UInt64, _ content: ByteBuffer, evenIfEmpty: Bool = false) {
        guard evenIfEmpty || !content.isEmpty else { return }
        append(varint: number << 3 | 2)
        append(varint: UInt64(content.count))
        append(content)
    }
}
