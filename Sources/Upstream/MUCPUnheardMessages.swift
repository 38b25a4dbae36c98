internal import Bytes

/// What a stream has sent in envelopes to a service that has not said anything yet, kept to be sent once more without
/// them. All servers of Go Micro understand envelopes; others may not.
struct MUCPUnheardMessages {
    /// Messages, and bytes of them, that are kept. A stream that sends more before it hears anything is not repeated.
    private static let maximumCount = 64
    private static let maximumBytes = 65_536

    /// What each message begins with the second time.
    let head: ByteBuffer
    private var content = ByteBuffer()
    private var lengths: [Int] = []
    /// False once there was more than is kept.
    private(set) var isComplete = true

    init(head: ByteBuffer) { self.head = head }

    /// How many messages there are, without the one that opened the stream.
    var count: Int { lengths.count }

    mutating func append(_ message: borrowing ByteBuffer) {
        guard isComplete else { return }
        isComplete = lengths.count < Self.maximumCount && content.count + message.count <= Self.maximumBytes
        guard isComplete else {
            lengths = []
            return content.releaseMemory()
        }
        content.append(message)
        lengths.append(message.count)
    }

    /// Appends the stream so far, from its beginning, in protobuf without envelopes.
    func write(to output: inout ByteBuffer) {
        output.append(head)
        MUCPRequest.writeContent(ByteBuffer(), to: &output)
        var start = 0
        for length in lengths {
            output.append(head)
            MUCPRequest.writeContent(content.span.extracting(start..<(start + length)), to: &output)
            start += length
        }
    }
}
