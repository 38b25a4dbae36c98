package import JSON

/// What `/stats` tells at one moment.
package struct StatisticsReport: Sendable {
    /// When the counting began, in seconds since 1970.
    package let started: Int
    package let process: RequestStatistics.Process
    /// The oldest first.
    package let buckets: [RequestStatistics.Bucket]

    package init(_ statistics: RequestStatistics, _ process: RequestStatistics.Process) {
        started = statistics.started
        buckets = statistics.buckets
        self.process = process
    }

    /// In the form of Micro v2. There is no garbage to be collected, so that takes no time.
    package var json: JSONValue {
        [
            "started": .integer(started), "memory": .string(memory), "threads": .integer(process.threads),
            "gc_pause": "0.000ms",
            "counters": .array(
                buckets.map { bucket in
                    var codes = JSONObject()
                    for (kind, count) in bucket.counts.sorted(by: { $0.key < $1.key }) {
                        codes["\(kind)0x"] = .integer(count)
                    }
                    return [
                        "timestamp": .integer(bucket.start), "status_codes": .object(codes),
                        "total_reqs": .integer(bucket.total),
                    ]
                }),
        ]
    }

    /// In memory, such as `12.34mb`.
    package var memory: String {
        let hundredths = process.memory / 10_000
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)mb"
    }

    /// The first digits of all statuses that were counted, sorted.
    package var kinds: [Int] { Set(buckets.flatMap(\.counts.keys)).sorted() }
}
