internal import Synchronization

/// How many requests were answered lately, and with which class of status, over all loops.
package final class RequestStatistics: Sendable {
    /// The requests of a few seconds.
    package struct Bucket: Sendable, Equatable {
        /// When it began, in seconds since 1970.
        package let start: Int
        /// By the first digit of their status: 1 to 5.
        package fileprivate(set) var counts: [Int: Int] = [:]

        package var total: Int { counts.values.reduce(0, +) }
    }

    /// What the system says of this process.
    package struct Process: Sendable {
        /// In memory, in bytes.
        package var memory: Int
        package var threads: Int

        package init(memory: Int, threads: Int) {
            self.memory = memory
            self.threads = threads
        }
    }

    /// Seconds in a bucket, as in Micro v2.
    package static let bucketLength = 5
    /// Buckets that are kept, the latest ones: two minutes' worth if there always is a request.
    package static let maximumBuckets = 23

    /// When the counting began, in seconds since 1970.
    package let started: Int
    private let clock: @Sendable () -> Int
    private let state = Mutex<[Bucket]>([])

    /// - Parameter clock: The seconds since 1970.
    package init(clock: @escaping @Sendable () -> Int) {
        self.clock = clock
        started = clock()
    }

    /// Counts a request that was answered with this status, 100 to 599.
    package func count(_ status: Int) {
        let now = clock()
        let start = now - now % Self.bucketLength
        state.withLock { buckets in
            // A clock that is set back makes no new bucket before the last.
            if (buckets.last?.start ?? Int.min) < start {
                if buckets.count == Self.maximumBuckets { buckets.removeFirst() }
                buckets.append(Bucket(start: start))
            }
            buckets[buckets.count - 1].counts[status / 100, default: 0] += 1
        }
    }

    /// The oldest first. None for seconds without a request.
    package var buckets: [Bucket] { state.withLock { $0 } }
}
