import Gateway

/// What the commands reach outside of this process. The one seam between them and the rest of the program, so that
/// tests can put something else in its place.
protocol Outside: Sendable {
    /// A client for the server at this address, which speaks TLS if the settings say so. Does not connect yet.
    func requester(for address: ListenAddress, _ settings: Settings) throws(DirectoryError) -> any HTTPRequester

    /// The registry that the settings name, and a way to call what it knows.
    func registryDirectory(_ settings: Settings) async throws(DirectoryError) -> any ServiceDirectory

    /// The content of a configuration file.
    func content(of path: String) throws(Unreadable) -> [UInt8]

    /// Publishes a message to those of these services that are subscribers of Go Micro's http broker.
    ///
    /// - Throws: `.failed` when there are subscribers and not one took the message.
    func publish(
        _ message: Message, to topic: String, among services: [Service], _ settings: Settings
    ) async throws(DirectoryError)

    /// Serves until a signal comes, and returns the exit code.
    func serve(_ configuration: ApplianceConfiguration) async -> Int32
}
