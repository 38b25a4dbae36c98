/// Makes channels to other hosts, on the loop of the caller.
package protocol Transport: Sendable {
    /// Connects, or fails when the deadline passes first.
    ///
    /// - Parameter wakeup: What the calling task waits on; it also becomes the channel's wake-up.
    nonisolated(nonsending) func connect(
        to address: Address, on loop: any EventLoop, wakeup: Wakeup, until deadline: Deadline
    ) async throws(ChannelError) -> any Channel
}
