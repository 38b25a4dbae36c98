import Reactor
import TestSupport
import Testing

struct TimerHeapTests {
    @Test("deadlines fire as a plain list of them would", arguments: 1...50 as ClosedRange<UInt64>)
    func model(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let loop = ManualEventLoop()
        let start = loop.now
        var deadlines = (0..<20).map { _ in Deadline(on: loop, firing: Wakeup()) }
        var model = [Int?](repeating: nil, count: 20)
        var hasExpired = [Bool](repeating: false, count: 20)
        var now = 0
        for _ in 0..<500 {
            let index = Int.random(in: 0..<20, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0...4:
                let moment = now + Int.random(in: 0...50, using: &random)
                deadlines[index].set(start + .milliseconds(moment))
                (model[index], hasExpired[index]) = (moment, false)
            case 5:
                deadlines[index].clear()
                (model[index], hasExpired[index]) = (nil, false)
            case 6:
                deadlines[index].cancel()
                (model[index], hasExpired[index]) = (nil, false)
            case 7:
                deadlines[index].cancel()
                deadlines[index] = Deadline(on: loop, firing: Wakeup())
                (model[index], hasExpired[index]) = (nil, false)
            default:
                now += Int.random(in: 0...20, using: &random)
                loop.timers.fire(at: start + .milliseconds(now))
                for index in model.indices {
                    guard let moment = model[index], moment <= now else { continue }
                    (model[index], hasExpired[index]) = (nil, true)
                }
            }
            #expect(deadlines.map(\.hasExpired) == hasExpired)
            #expect(
                deadlines.map { $0.at.map { start.duration(to: $0) / .milliseconds(1) } }
                    == model.map { $0.map(Double.init) })
            // The heap may look too early, because deadlines moved later stay where they were, but never too late.
            if let soonest = model.compactMap({ $0 }).min() {
                #expect(loop.timers.next.map { $0 <= start + .milliseconds(soonest) } == true)
            }
        }
        loop.timers.fire(at: start + .seconds(1_000))
        #expect(loop.timers.count == 0)
        #expect(loop.timers.next == nil)
    }

    @Test func `moving a deadline later does not move it in the heap, and it fires once`() {
        let loop = ManualEventLoop()
        let deadline = Deadline(on: loop, firing: Wakeup())
        deadline.set(loop.now + .seconds(1))
        for second in 2...10 { deadline.set(loop.now + .seconds(second)) }
        #expect(loop.timers.count == 1)
        #expect(loop.timers.next == loop.now + .seconds(1))
        loop.advance(by: .seconds(9))
        #expect(!deadline.hasExpired)
        loop.advance(by: .seconds(1))
        #expect(deadline.hasExpired)
        #expect(deadline.at == nil)
        #expect(loop.timers.count == 0)
    }
}

struct WakeupTests {
    @Test func `what is fired while nobody waits is remembered once`() {
        let loop = ManualEventLoop()
        let log = Log()
        Task(executorPreference: loop) {
            let wakeup = Wakeup()
            log.wakeup = wakeup
            wakeup.fire()
            wakeup.fire()
            await wakeup.wait()
            log.lines.append("first")
            await wakeup.wait()
            log.lines.append("second")
        }
        loop.drain()
        #expect(log.lines == ["first"])
        log.wakeup?.fire()
        #expect(log.lines == ["first"])
        loop.drain()
        #expect(log.lines == ["first", "second"])
    }

    @Test func `a sleeper wakes at its time and not before, whatever fires`() {
        let loop = ManualEventLoop()
        let log = Log()
        Task(executorPreference: loop) {
            await loop.sleep(for: .seconds(2))
            log.lines.append("awake")
        }
        loop.drain()
        loop.advance(by: .milliseconds(1_999))
        #expect(log.lines == [])
        loop.advance(by: .milliseconds(1))
        #expect(log.lines == ["awake"])
        #expect(loop.timers.count == 0)
    }

    /// Unchecked because the loop is turned by the test's own thread.
    private final class Log: @unchecked Sendable {
        var lines: [String] = []
        var wakeup: Wakeup?
    }
}

struct RegistrationTableTests {
    private final class Target: ReadinessTarget {
        func ready(_ readiness: Readiness) {}
    }

    @Test func `a slot that is used again has another name`() {
        var table = RegistrationTable()
        let (first, second) = (Target(), Target())
        let old = table.insert(first)
        #expect(table.target(of: old) === first)
        table.remove(old)
        #expect(table.target(of: old) == nil)
        let new = table.insert(second)
        #expect(new.slot == old.slot)
        #expect(new != old)
        #expect(table.target(of: old) == nil)
        #expect(table.target(of: new) === second)
        // Ending the old one again does not touch the new one.
        table.remove(old)
        #expect(table.target(of: new) === second)
        #expect(table.count == 1)
    }

    @Test func `names survive the way through the kernel, and strange ones mean nothing`() {
        var table = RegistrationTable()
        for number: UInt32 in [0, 1, 7, .max] {
            let registration = Registration(slot: number, generation: .max - number)
            #expect(Registration(packed: registration.packed) == registration)
            #expect(table.target(of: registration) == nil)
            table.remove(registration)
        }
        #expect(table.count == 0)
    }

    @Test func `a thousand targets come and go`() {
        var table = RegistrationTable()
        var kept: [(Registration, Target)] = []
        for number in 0..<1_000 {
            let target = Target()
            kept.append((table.insert(target), target))
            if number % 3 == 0 { table.remove(kept.remove(at: number % kept.count).0) }
        }
        #expect(table.count == kept.count)
        #expect(kept.allSatisfy { table.target(of: $0.0) === $0.1 })
    }
}
