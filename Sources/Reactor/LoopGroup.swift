/// The loops that serve requests, one for each core.
package struct LoopGroup: Sendable {
    package let loops: [EpollEventLoop]

    /// Starts the loops.
    ///
    /// - Parameter count: 1 to 256.
    /// - Throws: When the system is out of descriptors.
    package init(count: Int) throws(SystemError) {
        precondition((1...256).contains(count), "1 to 256 loops")
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
