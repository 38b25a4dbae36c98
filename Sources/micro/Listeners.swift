import ACME
import Gateway
import Glibc
import Handlers
import Reactor
import Server
import Transports

/// The addresses of the appliance, bound before anything is served, so that one that is in use is known at start.
struct Listeners: ~Copyable {
    private var api: ListeningSockets?
    private var web: ListeningSockets?
    private var proxy: ListeningSockets?
    private var challenges: ListeningSockets?
    let addresses: Addresses

    /// What was really bound.
    struct Addresses: Sendable {
        var api: Address?
        var web: Address?
        var proxy: Address?
        /// Where authorities look by plain HTTP.
        var challenges: Address?
        /// Why they cannot, although they should.
        var challengeProblem: String?

        /// Where clients speak TLS.
        var secure: Address? { api ?? web ?? proxy }
    }

    init(_ configuration: ApplianceConfiguration, loopCount: Int) throws(StartFailure) {
        var addresses = Addresses()
        api = nil
        web = nil
        proxy = nil
        challenges = nil
        let onLoopback = configuration.runsDemoServices
        if let given = configuration.api {
            let sockets = try Self.bind(given.address, loopCount, flag: "--api_address", onLoopback: onLoopback)
            addresses.api = sockets.address
            api = consume sockets
        }
        if let given = configuration.web {
            let sockets = try Self.bind(given.address, loopCount, flag: "--web_address", onLoopback: onLoopback)
            addresses.web = sockets.address
            web = consume sockets
        }
        if let given = configuration.proxy {
            let sockets = try Self.bind(given.address, loopCount, flag: "--address", onLoopback: false)
            addresses.proxy = sockets.address
            proxy = consume sockets
        }
        if let given = configuration.security?.challengeListener {
            do throws(StartFailure) {
                let sockets = try Self.bind(
                    given.address, loopCount, flag: "--acme_http_address", onLoopback: onLoopback)
                addresses.challenges = sockets.address
                challenges = consume sockets
            } catch {
                if given.isRequired { throw error }
                addresses.challengeProblem = error.sentence
            }
        }
        self.addresses = addresses
    }

    /// Opens one worker's share of each.
    mutating func open(
        on worker: Worker, _ appliance: Appliance, _ addresses: Addresses
    ) async throws(StartFailure) {
        let composition = appliance.composition
        let configuration = composition.configuration
        let security = appliance.certificates?.context
        let registrar = appliance.registry?.registrar
        do throws(SystemError) {
            if let given = configuration.api, let socket = api?.take() {
                try await worker.listen(socket, facts: composition.facts, security: security) {
                    composition.gateway(given, registrar, $0)
                }
            }
            if let given = configuration.web, let socket = web?.take() {
                let parts = DashboardParts(appliance, given, addresses)
                try await worker.listen(socket, as: .attendance, facts: composition.facts, security: security) {
                    composition.dashboard(parts, $0)
                }
            }
            if let given = configuration.proxy, let socket = proxy?.take() {
                try await worker.listen(socket, facts: composition.facts, security: security) {
                    composition.proxy(given, $0)
                }
            }
            if let keeper = appliance.certificates as? CertificateKeeper, let socket = challenges?.take() {
                let hosts = configuration.security?.acme?.hosts ?? []
                let port = addresses.secure?.port ?? 443
                try await worker.listen(socket, facts: composition.facts) { _ in
                    ChallengeHandler(board: keeper.board, hosts: hosts, port: port)
                }
            }
        } catch {
            throw StartFailure(error)
        }
    }

    private static func bind(
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
