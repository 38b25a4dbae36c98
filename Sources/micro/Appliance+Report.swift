import Bytes
import Gateway
import HTTP
import Reactor
import Registries
import Transports

extension Appliance {
    /// Tells on standard output what has started.
    func report(_ addresses: Listeners.Addresses) async {
        let configuration = composition.configuration
        var report = StartupReport(version: Version.number, command: configuration.command)
        for (gateway, address) in zip(configuration.gateways, addresses.gateways) {
            report.listeners.append(listener(gateway, at: address))
        }
        if let address = addresses.web {
            report.listeners.append(.init(name: "dashboard", address: address.description, note: protocols))
            report.dashboardURL = composition.url(port: address.port)
        }
        if let address = addresses.proxy, let proxy = configuration.proxy {
            report.listeners.append(
                .init(name: "proxy", address: address.description, note: "\(protocols), in front of \(proxy.target)"))
        }
        if let address = addresses.challenges {
            report.listeners.append(
                .init(name: "challenges", address: address.description, note: "plain, for ACME, and on to https://"))
        }
        if let registry {
            report.registry = .init(
                name: registry.registrar.name, interfaces: registry.interfaces,
                serviceCount: await keeper?.catalog.names.count ?? 0)
        }
        if let gateway = configuration.gateways.first, configuration.gateways.count == 1 {
            report.mapping = mapping(gateway)
            report.rpcAccess = gateway.rpcAccess
        }
        report.warnings = configuration.warnings + (registry?.warning.map { [$0] } ?? [])
        report.warnings += certificates?.warnings ?? []
        if let problem = addresses.challengeProblem {
            report.warnings.append("hosts cannot be proved by http-01, only by tls-alpn-01: \(problem)")
        }
        report.warnings += descriptors?.warnings ?? []
        if !configuration.nodeSecurity.verifies {
            report.warnings.append(
                "nodes are believed whatever their certificates say, so anyone between can read and change everything;"
                    + " leave --tls_insecure out, and name their authority with --tls_ca_file")
        }
        if let web = configuration.web, web.isInsecure, let address = addresses.web {
            report.warnings.append(
                "the dashboard at \(address) answers everyone who reaches it, without a login; leave"
                    + " --insecure_dashboard out to restrict it to this machine")
        }
        let isText = configuration.logs.format.isText(onTerminal: StandardStream.output.isTerminal)
        // The way that log lines go, so that they keep their order.
        composition.logWriter.write(ByteBuffer(isText ? report.text : report.jsonLines(at: .now())))
    }

    /// Of several gateways each tells in its line what it makes of requests; the one alone has lines for it.
    private func listener(_ gateway: ApplianceConfiguration.API, at address: Address) -> StartupReport.Listener {
        guard composition.configuration.gateways.count > 1 else {
            return .init(name: "gateway", address: address.description, note: protocols)
        }
        let namespace = gateway.namespace == .fixed("") ? "no namespace" : "namespace \(gateway.namespace)"
        return .init(
            name: "gateway", title: gateway.name, address: address.description,
            note: "handler \(gateway.handler.word), resolver \(gateway.resolver), \(namespace), /rpc for"
                + " \(gateway.rpcAccess.audience); \(protocols)")
    }

    /// What is spoken with clients.
    private var protocols: String {
        if !composition.ownHosts.isEmpty {
            return "https://, certificates by ACME for \(composition.ownHosts.joined(separator: ", "))"
        }
        guard let identity = certificates?.context.identities.first else { return "HTTP/1.1 and HTTP/2, no TLS" }
        return "https://, certificate of \(identity.names.first ?? "nobody") until \(identity.lastDay)"
    }

    /// What becomes of one request, computed by the resolver that is in use.
    private func mapping(_ api: ApplianceConfiguration.API) -> String? {
        let head = RequestHead(method: .post, target: "/greeter/say/hello")
        guard let destination = try? composition.resolver(api).resolve(head) else { return nil }
        return StartupReport.mapping(
            method: "POST", path: "/greeter/say/hello", destination: destination, resolver: api.resolver,
            namespace: api.namespace)
    }
}
