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
        message.append(text: name, field: 1)
        message.append(text: id, field: 2)
        if timestamp != 0 {
            message.append(number: 3 << 3)
            message.append(number: Int(timestamp))
        }
        for pair in header.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
            message.append(pair, field: 4)
        }
        message.append(content: data, field: 5)
        return message
    }

    package static func == (one: EventMessage, other: EventMessage) -> Bool {
        one.protobuf.bytes == other.protobuf.bytes
    }
}
