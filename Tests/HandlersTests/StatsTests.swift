import Gateway
import HTTP
import Handlers
import TestSupport
import Testing

struct StatsTests {
    private let loop = ManualEventLoop()
    private let statistics = RequestStatistics { 1_000 }

    private func ask(_ target: String, process: (@Sendable () -> RequestStatistics.Process)?) -> ScriptedExchange {
        let scripted = ScriptedExchange(RequestHead(target: target), on: loop)
        let stage = Stage(loop: loop) { [statistics] in StatsHandler(statistics, process: process, next: Refusing()) }
        stage.play(scripted)
        return scripted
    }

    @Test func `answers and refusals are counted, and told at stats`() {
        let process: @Sendable () -> RequestStatistics.Process = { .init(memory: 0, threads: 1) }
        _ = ask("/fine", process: process)
        _ = ask("/other", process: process)
        #expect(ask("/stats", process: process).body.contains("<td>2</td><td>1</td><td>1</td>"))
        #expect(statistics.buckets.map(\.counts) == [[2: 2, 4: 1]])
    }

    @Test func `who only counts leaves stats to the next handler`() {
        #expect(ask("/stats", process: nil).failure?.status == .notFound)
        #expect(statistics.buckets.map(\.counts) == [[4: 1]])
    }
}

private final class Refusing: Handler {
    nonisolated(nonsending) func handle(_ exchange: Exchange) async throws(GatewayError) {
        guard exchange.request.path == "/fine" else { throw GatewayError(.notFound, "there is no such path") }
        try await exchange.respond(.ok, contentType: "text/plain", text: "fine")
    }
}
