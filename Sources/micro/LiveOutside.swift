/// The real outside: our HTTP client, the registries, the appliance.
struct LiveOutside: Outside {
    func requester(for address: ListenAddress) -> any HTTPRequester { MissingRequester(address: address) }

    func registryDirectory(_ settings: Settings) async throws(DirectoryError) -> any ServiceDirectory {
        throw .unreachable("this build cannot ask a registry yet")
    }

    func serve(_ configuration: ApplianceConfiguration) async -> Int32 { await Supervisor.run(configuration) }
}

/// Stands where the client will be, and says so.
private struct MissingRequester: HTTPRequester {
    let address: ListenAddress

    func send(
        _ method: String, _ path: String, headers: [(name: String, value: String)], body: [UInt8], timeout: Duration
    ) async throws(DirectoryError) -> (status: Int, body: [UInt8]) {
        throw .unreachable("\(address) was not asked: this build has no HTTP client yet")
    }
}
