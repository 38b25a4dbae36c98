package import Reactor

/// Tasks of one loop that are lent to whatever has something to do for a while, such as a connection with a request.
///
/// A task is dear to keep: with the memory that it has needed once it has several kilobytes. So what waits for long
/// sleeps on its wake-up without one. And a task is dear to make, so those that are done with their work are kept for
/// the next, the last one first, since its memory is still in the processor's cache.
package final class TaskCrew {
    /// Tasks kept beyond those that work.
    private static let maximumSpares = 256

    private let starter: TaskStarter
    private var spares = Spares<Member>(limit: maximumSpares)

    package init(_ starter: TaskStarter) { self.starter = starter }

    /// How many tasks wait for work.
    package var spareCount: Int { spares.count }

    /// Runs the work in the loop's next round of jobs. It may be called from anywhere on the loop.
    package func run(_ work: any LoopTask) {
        if let member = spares.take() { return member.begin(work) }
        let member = Member(of: self)
        starter.start(member)
        member.begin(work)
    }

    /// Lets tasks go that were not needed. To be called about once a second.
    ///
    /// - Returns: How many.
    @discardableResult
    package func thin() -> Int {
        let unneeded = spares.thin()
        for member in unneeded { member.dismiss() }
        return unneeded.count
    }

    private func takeBack(_ member: Member) -> Bool { spares.put(member) }

    private final class Member: LoopTask {
        private unowned let crew: TaskCrew
        private let wakeup = Wakeup()
        private var work: (any LoopTask)?

        init(of crew: TaskCrew) { self.crew = crew }

        func begin(_ work: any LoopTask) {
            self.work = work
            wakeup.fire()
        }

        /// Ends the task, which has no work.
        func dismiss() { wakeup.fire() }

        nonisolated(nonsending) func run() async {
            repeat {
                await wakeup.wait()
                guard let work = work.take() else { return }
                await work.run()
            } while crew.takeBack(self)
        }
    }
}
