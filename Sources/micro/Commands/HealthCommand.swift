import ArgumentParser
import Bytes
import Gateway
import JSON

/// `micro health SERVICE`.
struct HealthCommand: MicroCommand {
    static let configuration = CommandConfiguration(.health)

    @Argument(help: "The service's name.")
    var service: String?

    func run(in context: CommandContext) async throws(CommandFailure) -> Int32 {
        guard let service else {
            throw .usage("micro health needs a service, such as micro health go.micro.srv.greeter")
        }
        let directory = try await context.directory()
        if let address = context.settings.address(.healthAddress) {
            let status = await Self.status(of: service, at: address, context.settings, directory)
            context.terminal.print("\(status.asOneLine)\n")
            return status == "ok" ? ExitCode.success : ExitCode.failure
        }
        var versions: [HealthReport.Version] = []
        for version in try await context.versions(of: service, from: directory) {
            var nodes: [HealthReport.NodeHealth] = []
            for node in version.nodes {
                let status =
                    if let address = ListenAddress(node.address) {
                        await Self.status(of: service, at: address, context.settings, directory)
                    } else {
                        "the address has no port"
                    }
                nodes.append(HealthReport.NodeHealth(id: node.id, address: node.address, status: status))
            }
            versions.append(HealthReport.Version(version: version.version, nodes: nodes))
        }
        let report = HealthReport(service: service, versions: versions)
        context.terminal.print(report.text)
        return report.hasHealthyNode ? ExitCode.success : ExitCode.failure
    }

    /// What the node says about itself, or why it says nothing.
    private static func status(
        of service: String, at address: ListenAddress, _ settings: Settings, _ directory: any ServiceDirectory
    ) async -> String {
        let call = DirectoryCall(
            service: service, endpoint: "Debug.Health", body: Array("{}".utf8), address: address,
            timeout: settings.duration(.clientRequestTimeout) ?? .seconds(5))
        do throws(DirectoryError) {
            let answer = ByteBuffer(try await directory.call(call))
            guard let json = try? JSONParser.parse(answer.span), let status = json["status"]?.stringValue else {
                return "the answer has no status"
            }
            return status
        } catch {
            switch error {
            case .reported(let report): return report.sentence
            case .unreachable(let reason), .failed(let reason): return reason
            }
        }
    }
}

extension MicroError {
    /// For people: `error 501: go.micro.srv.greeter speaks ...`.
    fileprivate var sentence: String {
        guard !detail.isEmpty else { return text }
        return code == 0 ? "error: \(detail)" : "error \(code): \(detail)"
    }
}
