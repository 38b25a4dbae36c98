import Gateway
import Synchronization

/// A registry that says what a test wants, and notes what it was asked: service names, `*` for all.
final class ScriptedRegistry: Registry {
    private struct State {
        var services: [Service]
        var failure: String?
        var questions: [String] = []
        var watchers: [AsyncStream<RegistryEvent>.Continuation] = []
        var isHeld = false
        var held: [CheckedContinuation<[Service], Never>] = []
    }

    private let state: Mutex<State>
    private let asked: AsyncStream<Int>
    private let counts: AsyncStream<Int>.Continuation

    let name = "scripted"

    init(_ services: [Service]) {
        state = Mutex(State(services: services))
        (asked, counts) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .unbounded)
    }

    var questions: [String] { state.withLock { $0.questions } }

    func set(_ services: [Service]) { state.withLock { ($0.services, $0.failure) = (services, nil) } }

    func fail(_ reason: String) { state.withLock { $0.failure = reason } }

    /// From now on, questions wait for `release`.
    func hold() { state.withLock { $0.isHeld = true } }

    /// Answers what waits.
    func release(with services: [Service]) {
        let held = state.withLock { state in
            defer { (state.isHeld, state.held) = (false, []) }
            return state.held
        }
        for continuation in held { continuation.resume(returning: services) }
    }

    func tell(_ event: RegistryEvent) { state.withLock { $0.watchers }.forEach { $0.yield(event) } }

    /// Returns when so many questions were asked since the beginning.
    func asked(times: Int) async {
        for await count in asked where count >= times { return }
    }

    func services(named name: String) async throws(RegistryError) -> [Service] {
        try await answer(name).filter { $0.name == name }
    }

    func services() async throws(RegistryError) -> [Service] { try await answer("*") }

    func watch() async -> AsyncStream<RegistryEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: RegistryEvent.self, bufferingPolicy: .unbounded)
        state.withLock { $0.watchers.append(continuation) }
        return stream
    }

    private func answer(_ question: String) async throws(RegistryError) -> [Service] {
        let (services, failure, isHeld, count) = state.withLock { state in
            state.questions.append(question)
            return (state.services, state.failure, state.isHeld, state.questions.count)
        }
        if isHeld {
            return await withCheckedContinuation { continuation in
                state.withLock { $0.held.append(continuation) }
                counts.yield(count)
            }
        }
        counts.yield(count)
        if let failure { throw RegistryError(failure) }
        return services
    }
}
