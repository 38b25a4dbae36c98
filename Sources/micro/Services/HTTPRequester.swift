/// Sends one HTTP request to one server, which it knows. The seam between the commands and our HTTP client.
protocol HTTPRequester: Sendable {
    /// - Parameters:
    ///   - path: The request target, percent-encoded, with its query.
    ///   - headers: Names and values; both are free of control characters. `Host`, the length and what else the
    ///     connection needs are not among them.
    ///   - timeout: On everything, connecting included.
    /// - Returns: Any status is an answer.
    /// - Throws: `.unreachable` when there was no answer, with a sentence that names the server.
    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8])

    /// Posts a request whose answer may be JSON lines (`application/x-ndjson`).
    ///
    /// - Parameter take: Gets each of these lines as it comes, without its line feed.
    /// - Returns: The answer; without the lines that were handed over.
    /// - Throws: As `send`.
    func post(
        _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration,
        take: @escaping @Sendable ([UInt8]) -> Void
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8])
}
