internal import Gateway

/// Those who watch a registry.
struct Watchers {
    private var continuations: [AsyncStream<RegistryEvent>.Continuation] = []

    /// Events that one watcher may be behind; the oldest are lost first.
    private static let maximumBacklog = 1_024

    mutating func add() -> AsyncStream<RegistryEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RegistryEvent.self, bufferingPolicy: .bufferingNewest(Self.maximumBacklog))
        continuations.append(continuation)
        return stream
    }

    /// Tells all, and forgets those who do not listen any more.
    mutating func tell(_ event: RegistryEvent) {
        continuations.removeAll {
            if case .terminated = $0.yield(event) { true } else { false }
        }
    }

    /// Ends all streams.
    mutating func finish() {
        for continuation in continuations { continuation.finish() }
        continuations = []
    }
}
