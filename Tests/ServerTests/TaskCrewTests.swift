import Reactor
import Server
import TestSupport
import Testing

/// Work that waits as often as it is told, and notes what it does.
private final class Work: LoopTask {
    let wakeup = Wakeup()
    var waits: Int
    var hasEnded = false

    init(waits: Int) { self.waits = waits }

    nonisolated(nonsending) func run() async {
        while waits > 0 {
            waits -= 1
            await wakeup.wait()
        }
        hasEnded = true
    }
}

/// The domain of a loop, which starts tasks as a worker does.
private actor Starter {
    private let loop: ManualEventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private(set) var started = 0

    init(_ loop: ManualEventLoop) { self.loop = loop }

    private final class Box {
        let task: any LoopTask
        init(_ task: any LoopTask) { self.task = task }
    }

    private func start(_ box: Box) {
        started += 1
        Task.immediate(executorPreference: loop) { await self.run(box) }
    }

    private func run(_ box: Box) async { await box.task.run() }

    /// Runs the script with a crew on this loop, and returns how many tasks were started for it.
    func play(_ script: (TaskCrew) async -> Void) async -> Int {
        let crew = TaskCrew(TaskStarter { [unowned self] task in start(Box(task)) })
        await script(crew)
        while crew.spareCount > 0 { crew.thin() }
        await Task.yield()
        return started
    }
}

struct TaskCrewTests {
    private func play(_ script: @escaping @Sendable (TaskCrew) async -> Void) async -> Int {
        let loop = ManualEventLoop()
        let starter = Starter(loop)
        let counted = Counted()
        Task(executorPreference: loop) { counted.number = await starter.play(script) }
        loop.drain()
        return counted.number
    }

    /// Unchecked because the hand-turned loop and the test share one thread.
    private final class Counted: @unchecked Sendable {
        var number = -1
    }

    @Test func `work that comes after other work has ended uses its task`() async {
        let started = await play { crew in
            for _ in 0..<10 {
                let work = Work(waits: 0)
                crew.run(work)
                #expect(!work.hasEnded, "it runs later, and not within the call")
                await Task.yield()
                await Task.yield()
                #expect(work.hasEnded)
                #expect(crew.spareCount == 1)
            }
        }
        #expect(started == 1)
    }

    @Test func `work that waits keeps its task, and other work gets another`() async {
        let started = await play { crew in
            let slow = [Work(waits: 1), Work(waits: 1)]
            for work in slow { crew.run(work) }
            for _ in 0..<3 { await Task.yield() }
            #expect(crew.spareCount == 0)
            for work in slow { work.wakeup.fire() }
            for _ in 0..<3 { await Task.yield() }
            #expect(slow.allSatisfy { $0.hasEnded })
            #expect(crew.spareCount == 2)
        }
        #expect(started == 2)
    }
}
