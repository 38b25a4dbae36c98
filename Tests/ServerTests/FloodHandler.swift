import Bytes
import Gateway
import HTTP
import Synchronization

/// Answers with more than any buffer should hold, and counts what it got rid of.
final class FloodHandler: Handler {
    static let size = 10_000_000
    let produced: Counter

    init(counting produced: Counter) { self.produced = produced }

    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        try exchange.begin(ResponseHead(.ok), body: .length(Self.size))
        while produced.value < Self.size {
            var piece = ByteBuffer([UInt8](repeating: 0x61, count: 10_000))
            try await exchange.write(&piece)
            produced.add(10_000)
        }
        try exchange.end()
    }
}

final class Counter: Sendable {
    private let total = Atomic(0)

    var value: Int { total.load(ordering: .relaxed) }
    func add(_ count: Int) { total.add(count, ordering: .relaxed) }
}
