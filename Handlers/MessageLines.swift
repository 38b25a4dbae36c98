internal import Bytes
internal import Gateway
internal import JSON

/// Takes the messages of a stream from a request's body, which has one JSON value on each line.
struct MessageLines {
    /// The most that is read at once.
    private static let readSize = 65_536

    /// In bytes.
    private let maximumLength: Int
    private var input = ByteBuffer()
    /// Bytes at the front of the input that hold no line feed.
    private var searched = 0
    private var number = 0
    private var isComplete = false

    /// - Parameter maximumLength: The longest line accepted, in bytes.
    init(maximumLength: Int) { self.maximumLength = maximumLength }

    /// Moves the next line that is not blank into the message, which is empty. A last line needs no line feed.
    ///
    /// - Throws: `.badRequest` for a line that is no JSON, `.contentTooLarge` for one that is too long, which it is as
    ///   soon as that is certain.
    mutating func tryTake(into message: inout ByteBuffer, of exchange: Exchange) throws(GatewayError) -> MessageArrival
    {
        while true {
            if let length = lineLength() {
                guard length <= maximumLength + 1 else { throw tooLong }
                message.append(length, consuming: &input)
                searched = 0
                number += 1
                if try Self.isMessage(message, onLine: number) { return .message }
                message.removeAll()
            } else if isComplete {
                return .end
            } else {
                guard input.count <= maximumLength else { throw tooLong }
                guard let count = try exchange.tryReadBody(into: &input, atMost: Self.readSize) else { return .nothing }
                isComplete = count == 0
            }
        }
    }

    /// How long the next line is, with its line feed. Nil when not all of it is there.
    private mutating func lineLength() -> Int? {
        if let index = Self.firstLineFeed(in: input, from: searched) { return index + 1 }
        searched = input.count
        return isComplete && !input.isEmpty ? input.count : nil
    }

    private static func firstLineFeed(in input: borrowing ByteBuffer, from start: Int) -> Int? {
        let bytes = input.span
        for index in start..<bytes.count where bytes[index] == 0x0a { return index }
        return nil
    }

    private var tooLong: GatewayError {
        GatewayError(
            .contentTooLarge, "line \(number + 1) of the body is longer than the limit of \(maximumLength) bytes")
    }

    /// False for a blank line.
    private static func isMessage(_ line: borrowing ByteBuffer, onLine number: Int) throws(GatewayError) -> Bool {
        let bytes = line.span
        var isBlank = true
        for index in bytes.indices where bytes[index] > 0x20 { isBlank = false }
        guard !isBlank else { return false }
        do throws(PayloadProblem) {
            _ = try Payload.isObject(bytes)
            return true
        } catch {
            throw GatewayError(.badRequest, "line \(number) of the body: \(error)")
        }
    }
}
