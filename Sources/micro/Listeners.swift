import ACME
import Gateway
import Glibc
import Handlers
import Reactor
import Server
import Transports

/// The addresses of the appliance, bound before anything is served, so that one that is in use is known at start.
struct Listeners {
    /// As many as there are in the configuration, in its order.
    private let gateways: [BoundSockets]
    private let web: BoundSockets?
    private let proxy: BoundSockets?
    private var challenges: BoundSockets?
    private(set) var addresses = Addresses()

    /// What was really bound.
    struct Addresses: Sendable {
        /// In the order of the configuration.
        var gateways: [Address] = []
        var web: Address?
        var proxy: Address?
        /// Where authorities look by plain HTTP.
        var challenges: Address?
        /// Why they cannot, although they should.
        var challengeProblem: String?

        /// Where clients speak TLS.
        var secure: Address? { gateways.first ?? web ?? proxy }
    }

    /// Sockets that are kept in lists.
    private final class BoundSockets {
        private var sockets: ListeningSockets
        let address: Address

        init(_ sockets: consuming ListeningSockets) {
            address = sockets.address
            self.sockets = sockets
        }

        /// The next loop's socket.
        func take() -> FileDescriptor? { sockets.take() }
    }

    init(_ configuration: ApplianceConfiguration, loopCount: Int) throws(StartFailure) {
        let onLoopback = configuration.runsDemoServices
        func bind(_ address: ListenAddress, _ flag: String) throws(StartFailure) -> BoundSockets {
            BoundSockets(try Self.bind(address, loopCount, flag: flag, onLoopback: onLoopback))
        }
        gateways = try configuration.gateways.map { given throws(StartFailure) in
            try bind(
                given.address, given.origin.map { "the address of listener \(given.name), \($0)" } ?? "--api_address")
        }
        web = try configuration.web.map { given throws(StartFailure) in try bind(given.address, "--web_address") }
        proxy = try configuration.proxy.map { given throws(StartFailure) in try bind(given.address, "--address") }
        addresses.gateways = gateways.map(\.address)
        addresses.web = web?.address
        addresses.proxy = proxy?.address
        guard let given = configuration.security?.challengeListener else { return }
        do throws(StartFailure) {
            challenges = try bind(given.address, "--acme_http_address")
            addresses.challenges = challenges?.address
        } catch {
            if given.isRequired { throw error }
            addresses.challengeProblem = error.sentence
        }
    }

    /// Opens one worker's share of each.
    func open(on worker: Worker, _ appliance: Appliance) async throws(StartFailure) {
        let composition = appliance.composition
        let configuration = composition.configuration
        let security = appliance.certificates?.context
        let registrar = appliance.registry?.registrar
        do throws(SystemError) {
            for (given, sockets) in zip(configuration.gateways, gateways) {
                guard let socket = sockets.take() else { continue }
                try await worker.listen(socket, facts: composition.facts(given.commonNamespace), security: security) {
                    composition.gateway(given, registrar, $0)
                }
            }
            if let given = configuration.web, let socket = web?.take() {
                let parts = DashboardParts(appliance, given, addresses)
                let facts = composition.facts(given.commonNamespace)
                try await worker.listen(socket, as: .attendance, facts: facts, security: security) {
                    composition.dashboard(parts, $0)
                }
            }
            if let given = configuration.proxy, let socket = proxy?.take() {
                try await worker.listen(socket, facts: composition.facts(), security: security) {
                    composition.proxy(given, $0)
                }
            }
            if let keeper = appliance.certificates as? CertificateKeeper, let socket = challenges?.take() {
                let hosts = configuration.security?.acme?.hosts ?? []
                let port = addresses.secure?.port ?? 443
                try await worker.listen(socket, facts: composition.facts()) { _ in
                    ChallengeHandler(board: keeper.board, hosts: hosts, port: port)
                }
            }
        } catch {
            throw StartFailure(error)
        }
    }

    /// Binds sockets for each of so many loops.
    ///
    /// - Parameter flag: What would choose another address.
    static func bind(
        _ wanted: ListenAddress, _ count: Int, flag: String, onLoopback: Bool
    ) throws(StartFailure) -> ListeningSockets {
        let address: Address
        if wanted.host.isEmpty {
            address = onLoopback ? .loopback(port: wanted.port) : .any(port: wanted.port)
        } else if let literal = HostLookup.literal(wanted.host, port: wanted.port) {
            address = literal
        } else {
            throw StartFailure(
                "\(wanted) is no address to listen at: use an IP address, localhost or :\(wanted.port)",
                code: ExitCode.configuration)
        }
        do throws(SystemError) {
            return try ListeningSockets(address, count: count)
        } catch {
            // A machine without IPv6 listens on all IPv4 addresses.
            if error.number == EAFNOSUPPORT, address.isAny {
                return try bind(ListenAddress(host: "0.0.0.0", port: wanted.port), count, flag: flag, onLoopback: false)
            }
            throw failure(error, address, flag)
        }
    }

    private static func failure(_ error: SystemError, _ address: Address, _ flag: String) -> StartFailure {
        switch error.number {
        case EADDRINUSE:
            StartFailure(
                "\(address) is in use by another program; stop that one, or choose another address with \(flag)")
        case EACCES:
            StartFailure(
                "\(address) may not be used by this user; choose a port above 1023 with \(flag), or give the program"
                    + " the capability CAP_NET_BIND_SERVICE")
        case EADDRNOTAVAIL:
            StartFailure("\(address) is no address of this machine; choose another with \(flag)")
        default:
            StartFailure("\(address) cannot be listened at: \(error)")
        }
    }
}
