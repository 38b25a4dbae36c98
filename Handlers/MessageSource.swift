internal import Bytes
internal import Gateway

/// Where the messages of a stream to a service come from.
struct MessageSource {
    private var lines: MessageLines?
    private var pieces: BodyPieces?

    /// One on each line of the body.
    init(_ lines: MessageLines) { self.lines = lines }

    /// A piece of the body in each.
    init(_ pieces: BodyPieces) { self.pieces = pieces }

    /// Whether a message with what path and query say goes before these.
    ///
    /// - Parameter hasFields: Whether they say anything.
    func needsFirst(_ hasFields: Bool) -> Bool { lines != nil && hasFields }

    /// Moves the next message into the buffer, which is empty.
    ///
    /// - Throws: What the client has to mend.
    mutating func tryTake(into message: inout ByteBuffer, of exchange: Exchange) throws(GatewayError) -> MessageArrival
    {
        if let arrival = try lines?.tryTake(into: &message, of: exchange) { return arrival }
        return try pieces?.tryTake(into: &message, of: exchange) ?? .end
    }
}

/// What a look at a request's body brought.
enum MessageArrival { case nothing, message, end }
