/// A moment after which a task must stop waiting. Firing sets `hasExpired` and wakes the task.
///
/// Moving a deadline later costs nothing: the heap notices when the old moment comes. So a connection has one deadline
/// for its whole life and sets it anew for each thing it waits for.
package final class Deadline {
    /// The moment set, or nil when there is none.
    package private(set) var at: ContinuousClock.Instant?
    /// True from the moment the deadline has passed until it is set anew.
    package private(set) var hasExpired = false

    private let heap: TimerHeap
    /// What is fired. A connection that passes from task to task takes its deadline along.
    package var wakeup: Wakeup
    fileprivate var armedFor: ContinuousClock.Instant
    fileprivate var index: Int?

    package init(on loop: any EventLoop, firing wakeup: Wakeup) {
        heap = loop.timers
        self.wakeup = wakeup
        armedFor = loop.now
    }

    /// Fires at this moment, instead of at the one that was set before.
    package func set(_ moment: ContinuousClock.Instant) {
        at = moment
        hasExpired = false
        heap.arm(self, for: moment)
    }

    /// Forgets the moment. The heap lets go of the deadline when that moment comes.
    package func clear() {
        at = nil
        hasExpired = false
    }

    /// Forgets the moment and leaves the heap at once. To be called when its owner goes.
    package func cancel() {
        clear()
        heap.remove(self)
    }

    /// Called by the heap, which has let go of the deadline before, so that whoever is woken may set it anew.
    fileprivate func fire() {
        guard at != nil else { return }
        at = nil
        hasExpired = true
        wakeup.fire()
    }
}

/// The deadlines of one loop, the soonest first.
package final class TimerHeap {
    private var heap: [Deadline] = []

    package init() {}

    package var count: Int { heap.count }

    /// When the loop must wake up at the latest; nil when nothing is armed.
    package var next: ContinuousClock.Instant? { heap.first?.armedFor }

    /// Fires what has passed. Returns how many deadlines were looked at.
    @discardableResult
    package func fire(at now: ContinuousClock.Instant) -> Int {
        var count = 0
        while let first = heap.first, first.armedFor <= now {
            count += 1
            if let later = first.at, later > now {
                first.armedFor = later
                sink(0)
            } else {
                remove(first)
                first.fire()
            }
        }
        return count
    }

    fileprivate func arm(_ deadline: Deadline, for moment: ContinuousClock.Instant) {
        guard let index = deadline.index else {
            deadline.armedFor = moment
            deadline.index = heap.count
            heap.append(deadline)
            return rise(heap.count - 1)
        }
        guard moment < deadline.armedFor else { return }  // The heap looks again when the earlier moment comes.
        deadline.armedFor = moment
        rise(index)
    }

    fileprivate func remove(_ deadline: Deadline) {
        guard let index = deadline.index else { return }
        deadline.index = nil
        let last = heap.removeLast()
        guard last !== deadline else { return }
        place(last, at: index)
        rise(index)
        if let index = last.index { sink(index) }
    }

    private func place(_ deadline: Deadline, at index: Int) {
        heap[index] = deadline
        deadline.index = index
    }

    private func rise(_ start: Int) {
        var index = start
        let moving = heap[index]
        while index > 0 {
            let parent = (index - 1) / 2
            guard moving.armedFor < heap[parent].armedFor else { break }
            place(heap[parent], at: index)
            index = parent
        }
        place(moving, at: index)
    }

    private func sink(_ start: Int) {
        var index = start
        let moving = heap[index]
        while true {
            var child = 2 * index + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].armedFor < heap[child].armedFor { child += 1 }
            guard heap[child].armedFor < moving.armedFor else { break }
            place(heap[child], at: index)
            index = child
        }
        place(moving, at: index)
    }
}
