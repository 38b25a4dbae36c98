import Gateway
import Synchronization
import Testing

struct RequestStatisticsTests {
    /// A clock that is turned by hand.
    private final class Hand: Sendable {
        let seconds = Mutex(1_000)
        var now: Int {
            get { seconds.withLock { $0 } }
            set { seconds.withLock { $0 = newValue } }
        }
    }

    private let hand = Hand()
    private func make() -> RequestStatistics { RequestStatistics { [hand] in hand.now } }

    @Test func `requests are counted by their status and the five seconds they were in`() {
        let statistics = make()
        for status in [200, 204, 404] { statistics.count(status) }
        hand.now = 1_004
        statistics.count(502)
        hand.now = 1_012
        statistics.count(101)
        #expect(statistics.started == 1_000)
        #expect(statistics.buckets.map(\.start) == [1_000, 1_010])
        #expect(statistics.buckets.map(\.counts) == [[2: 2, 4: 1, 5: 1], [1: 1]])
        #expect(statistics.buckets.map(\.total) == [4, 1])
    }

    @Test func `only the latest are kept, and a clock that goes back spoils nothing`() {
        let statistics = make()
        for step in 0..<100 {
            hand.now = 1_000 + 5 * step
            statistics.count(200)
        }
        #expect(statistics.buckets.count == RequestStatistics.maximumBuckets)
        #expect(statistics.buckets.last?.start == 1_495)
        hand.now = 1_000
        statistics.count(200)
        #expect(statistics.buckets.last?.total == 2)
    }
}
