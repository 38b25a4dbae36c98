package import Reactor

/// Connects to one server by TLS, over another transport. The connection that it returns is agreed upon and checked.
package struct TLSTransport: Transport {
    private let context: TLSClientContext
    private let server: String
    private let inner: any Transport

    /// - Parameter server: The host name or IP address that the certificate must be for, whatever the address to connect
    ///   to is.
    package init(_ context: TLSClientContext, to server: String, over inner: any Transport) {
        self.context = context
        self.server = server
        self.inner = inner
    }

    nonisolated(nonsending) package func connect(
        to address: Address, on loop: any EventLoop, wakeup: Wakeup, until deadline: Deadline
    ) async throws(ChannelError) -> any Channel {
        let plain = try await inner.connect(to: address, on: loop, wakeup: wakeup, until: deadline)
        do throws(ChannelError) {
            let channel = try context.makeChannel(over: plain, to: server, on: loop)
            while try !channel.tryHandshake() {
                if deadline.hasExpired { throw .insecure("the TLS handshake took too long") }
                await wakeup.wait()
            }
            return channel
        } catch {
            plain.close()
            throw error
        }
    }
}
