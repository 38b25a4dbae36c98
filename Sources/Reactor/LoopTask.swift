/// Something that runs as a task of its own on one loop: a stream of a connection, or the reader of a connection that
/// many requests share.
package protocol LoopTask: AnyObject {
    /// Runs to the end. It waits only on wake-ups of its own.
    nonisolated(nonsending) func run() async
}

/// Starts tasks on one loop. Whoever owns the loop makes it, because only there is a task matched to the loop: started
/// anywhere else, each of its waits would cost a trip through the queue.
package struct TaskStarter {
    private let begin: (any LoopTask) -> Void

    /// - Parameter begin: Runs a task until its first wait, and returns then.
    package init(_ begin: @escaping (any LoopTask) -> Void) { self.begin = begin }

    /// Runs the task until its first wait, on this loop.
    package func start(_ task: any LoopTask) { begin(task) }
}
