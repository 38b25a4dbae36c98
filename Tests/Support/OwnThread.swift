internal import Reactor

/// Has something that keeps a processor busy for long done on a thread of its own. On those that all tests share it would
/// hold up the tests of what happens in time.
package func onOwnThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    let loop = try EpollEventLoop(name: "busy")
    loop.start()
    defer { loop.stop() }
    try await Task(executorPreference: loop) { try body() }.value
}
