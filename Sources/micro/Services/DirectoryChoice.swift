import Bytes
import JSON

/// Decides whom the commands ask: the appliance that was named, else one that runs on this machine, else the registry.
enum DirectoryChoice {
    /// A running appliance on this machine answers at once; whatever does not is none.
    static let probeTimeout: Duration = .seconds(1)

    static func directory(for settings: Settings, outside: any Outside) async throws(DirectoryError)
        -> any ServiceDirectory
    {
        let timeout = settings.duration(.clientRequestTimeout) ?? .seconds(5)
        if let address = settings.address(.serverAddress) {
            return ApplianceDirectory(try outside.requester(for: address.asked, settings), timeout: timeout)
        }
        let address = settings.address(.webAddress)?.asked ?? ListenAddress(host: "127.0.0.1", port: 8_082)
        let requester = try outside.requester(for: address, settings)
        // Who says on the command line that it speaks TLS means a running one, and wants to know why it fails.
        let isMeant = settings.boolean(.enableTLS) == true && settings.origin(.enableTLS).isFlag
        if isMeant { return ApplianceDirectory(requester, timeout: timeout) }
        if await isAppliance(requester) { return ApplianceDirectory(requester, timeout: timeout) }
        return try await outside.registryDirectory(settings)
    }

    /// The running appliance that was named, or the one on this machine, for what only a running one knows.
    static func appliance(
        for settings: Settings, outside: any Outside
    ) async throws(DirectoryError) -> ApplianceDirectory {
        let timeout = settings.duration(.clientRequestTimeout) ?? .seconds(5)
        let local = settings.address(.webAddress)?.asked ?? ListenAddress(host: "127.0.0.1", port: 8_082)
        let named = settings.address(.serverAddress)?.asked
        let requester = try outside.requester(for: named ?? local, settings)
        let isMeant = settings.boolean(.enableTLS) == true && settings.origin(.enableTLS).isFlag
        if named == nil, !isMeant, !(await isAppliance(requester)) {
            throw .unreachable(
                "no running micro answers at \(local), and only a running one knows: start micro server, or name its"
                    + " dashboard with --server_address")
        }
        return ApplianceDirectory(requester, timeout: timeout)
    }

    private static func isAppliance(_ requester: any HTTPRequester) async -> Bool {
        let answer = try? await requester.send("GET", "/api/status", headers: [], body: [], timeout: probeTimeout)
        guard let answer, let json = try? JSONParser.parse(ByteBuffer(answer.body).span) else { return false }
        // One that wants to know first who asks is one too.
        if [401, 403].contains(answer.status) { return json["error"]?["id"] == .string("go.micro.web") }
        guard answer.status == 200 else { return false }
        let product = json["product"] ?? json["data"]?["product"]
        return product == .string("micro")
    }
}
