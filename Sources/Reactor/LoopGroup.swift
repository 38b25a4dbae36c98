/// The loops that serve requests, one for each core.
package struct LoopGroup: Sendable {
    /// How many there may be.
    package static let allowedCounts = 1...256

    package let loops: [EpollEventLoop]

    /// Starts the loops.
    ///
    /// - Parameter count: One of `allowedCounts`.
    /// - Throws: When the system is out of descriptors.
    package init(count: Int) throws(SystemError) {
        precondition(Self.allowedCounts.contains(count), "no such number of loops")
        var loops: [EpollEventLoop] = []
        for index in 0..<count { loops.append(try EpollEventLoop(name: "loop-\(index)")) }
        for loop in loops { loop.start() }
        self.loops = loops
    }

    /// Tells every loop to end after its current tick.
    package func stop() {
        for loop in loops { loop.stop() }
    }
}
