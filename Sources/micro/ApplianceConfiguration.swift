import ACME
import Gateway
import HTTP
import Handlers
import Logging
import Reactor
import Resolvers
import Server
import Transports

/// Everything the running appliance must know, checked and typed. Made from the settings by `init(_:proxyTarget:)`;
/// the defaults and ranges are those of the table of settings.
struct ApplianceConfiguration: Sendable {
    /// The command that was given, for the startup report and for `STATUS` lines.
    var command: CommandName
    /// Side by side, over one registry: one, unless a configuration file lists them. Empty when there is none.
    var gateways: [API]
    /// Nil when the gateway is off.
    var broker: Broker?
    /// Nil when the dashboard is off.
    var web: Web?
    /// Nil when there is no proxy in front of one server.
    var proxy: Proxy?
    /// Whether toy services run beside the rest.
    var runsDemoServices: Bool
    /// Files of descriptors, which tell the types of gRPC services and their routes.
    var descriptors: [String]
    /// Whether gRPC services are asked for the same before anyone calls them.
    var learnsRoutes: Bool
    /// Routes that the operator declares.
    var routes: [RouteRule]
    /// Nil when everyone may do everything.
    var access: Access?
    /// Nil when nothing is discovered: the proxy alone.
    var discovery: Discovery?
    /// Nil when clients are spoken to plainly.
    var security: Security?
    var nodeSecurity: NodeSecurity
    var client: Client
    var limits: Limits
    var logs: Logs
    /// How many event loops; nil for one for each core.
    var loops: Int?
    /// How long running requests may take to end after a signal to stop.
    var drainTimeout: Duration
    /// Whose `X-Forwarded-...` fields are believed.
    var trustedProxies: [AddressRange]
    /// Whether gateways count their answers, and tell of them at `/stats`.
    var hasStatistics = false
    /// Where is kept what operators declare while the program runs; nil for the usual place.
    var stateDirectory: String?
    /// What was given and has no effect; sentences without a period.
    var warnings: [String]

    /// A gateway: `micro api`, or an entry of a configuration file's list.
    struct API: Sendable, Equatable {
        /// Different for each; `gateway` for the one that flags make.
        var name = "gateway"
        /// Where a configuration file lists it, as `FILE:LINE`. Nil for the one that flags make.
        var origin: String?
        var address: ListenAddress
        var handler: CatalogRouter.Mode
        var namespace: Namespace
        /// The same without the type of the services.
        var commonNamespace = Namespace.fixed(Namespace.standard)
        /// `micro`, `path`, `vpath`, `host` or `grpc`.
        var resolver: String
        var rpcAccess: RPCAccess
        /// Whose pages may read answers, and open a WebSocket that ends here.
        var origins: OriginPolicy
        /// Whether browsers are told so.
        var hasCORS: Bool
        /// Header fields that such pages may send, besides the usual ones.
        var corsFields: [String]
        /// What `%2F` in a path is.
        var encodedSlashes: EncodedSlashes
        /// Whether clients of other machines may change the registry without a login.
        var isRegistryInsecure: Bool

        /// What the resolver puts before the names that requests give.
        var resolvedNamespace: Namespace { resolver == "host" || resolver == "grpc" ? .fixed("") : namespace }
    }

    /// Where messages go that requests publish.
    struct Broker: Sendable, Equatable {
        /// `http` or `memory`.
        var name: String
        /// Where messages of others are taken; nil for a port of this machine's loopback, once somebody subscribes.
        var address: ListenAddress?
    }

    /// `micro web`.
    struct Web: Sendable, Equatable {
        var address: ListenAddress
        var namespace: Namespace
        /// The same without the type of the services.
        var commonNamespace: Namespace
        /// How requests name their web service.
        var resolver: WebResolver.Mode
        /// The dashboard's own host; nil when it has none but those of the machine.
        var host: String?
        /// Whether clients of other machines may use it, and the web services behind it, without a login.
        var isInsecure: Bool
        /// Where its files lie; nil for the place that was installed.
        var publicDirectory: String?
    }

    /// `micro proxy URL`.
    struct Proxy: Sendable, Equatable {
        var address: ListenAddress
        var target: ProxyTarget
        /// Whose pages may read answers.
        var origins: OriginPolicy
        /// Whether browsers are told so. If not, it is the server that tells them.
        var hasCORS: Bool
        /// Header fields that such pages may send, besides the usual ones.
        var corsFields: [String]
        /// What `%2F` in a path is.
        var encodedSlashes: EncodedSlashes
    }

    struct Discovery: Sendable, Equatable {
        /// `mdns` or `memory`.
        var registry: String
        var addresses: [String]
        /// Names of network interfaces; empty for all that can multicast.
        var interfaces: [String]
        /// Nodes that no registry knows.
        var staticNodes: [StaticNode]
        /// The name to register ourselves under; nil for that of the command.
        var serverName: String?
        /// How long a registration lasts unless it is renewed.
        var lifetime: Duration
        /// How often our registrations are renewed.
        var renewalInterval: Duration
    }

    /// TLS with clients.
    struct Security: Sendable, Equatable {
        var files: TLSFiles
        var clientCertificates: TLSServerContext.ClientCertificates
        var refusesUnknownNames: Bool
        /// What to get certificates for; nil when they are in files.
        var acme: ACMEConfiguration?
        /// Nil when authorities do not look by plain HTTP.
        var challengeListener: ChallengeListener?
    }

    /// TLS with the nodes that want it.
    struct NodeSecurity: Sendable, Equatable {
        /// A PEM file; nil for the authorities of the system alone.
        var authorities: String?
        var verifies: Bool
    }

    /// How nodes are called.
    struct Client: Sendable, Equatable {
        /// `random` or `roundrobin`.
        var selector: String
        /// On a whole call, retries included.
        var requestTimeout: Duration
        /// How long a node may be silent while it answers a request that is passed on to it. Nil for 30 s: unlike a call,
        /// such a request may take as long as it likes, so the limit for calls is taken only when someone has set it.
        var silenceTimeout: Duration?
        /// Other nodes tried after the first.
        var retries: Int
        /// Idle connections kept for each node.
        var poolSize: Int
        var poolIdleTimeout: Duration
    }

    /// What a client may ask of us. Sizes are in bytes.
    struct Limits: Sendable, Equatable {
        var handshakeTimeout: Duration
        var headerTimeout: Duration
        var idleTimeout: Duration
        var bodyTimeout: Duration
        var streamIdleTimeout: Duration
        var tunnelIdleTimeout: Duration
        var requestLine: Int
        var headerBytes: Int
        var headerFields: Int
        var rpcBody: Int
        var connections: Int
        /// Requests at a time on one connection of HTTP/2.
        var streams: Int
        var compression: Compression
    }

    struct Compression: Sendable, Equatable {
        var scope: CompressionScope
        /// Shorter answers are sent as they are.
        var minimumLength: Int
    }

    /// Which answers are compressed for clients that accept it.
    enum CompressionScope: String, Sendable {
        /// Those that are made here: of calls, and of the dashboard.
        case own
        /// Also those of the servers that requests are passed on to.
        case all
        case none
    }

    struct Logs: Sendable, Equatable {
        var includesRequests: Bool
        var level: Logger.Level
        var format: LogFormat
    }
}

extension ApplianceConfiguration {
    /// - Parameters:
    ///   - settings: Of a command that serves, without problems.
    ///   - proxyTarget: The server behind `micro proxy`; needed for that command only.
    init(_ settings: Settings, proxyTarget: ProxyTarget? = nil, warnings: [String] = []) {
        command = settings.command
        let both: Set<CommandName> = [.server, .demo]
        let listed = settings.gateways.map { API($0, settings) }
        gateways = !listed.isEmpty ? listed : both.union([.api]).contains(command) ? [API(settings)] : []
        broker = gateways.isEmpty ? nil : Broker(settings)
        web = both.union([.web]).contains(command) ? Web(settings) : nil
        proxy = proxyTarget.map { Proxy($0, settings) }
        runsDemoServices = command == .demo
        descriptors = settings.list(.descriptors)
        learnsRoutes = settings.boolean(.learnRoutes) != false
        // The proxy has one server behind it, and no services to choose from.
        routes = gateways.isEmpty ? [] : settings.file?.routes ?? []
        discovery = CommandName.discovering.contains(command) ? Discovery(settings) : nil
        let isSecure = settings.boolean(.enableTLS) == true || settings.boolean(.enableACME) == true
        security = isSecure ? Security(settings) : nil
        access = Access(settings)
        nodeSecurity = NodeSecurity(settings)
        client = Client(settings)
        stateDirectory = settings.text(.stateDir)
        hasStatistics = settings.boolean(.enableStats) == true
        limits = Limits(settings)
        logs = Logs(settings)
        loops = settings.number(.loops)
        drainTimeout = settings.the(settings.duration, .drainTimeout)
        trustedProxies = settings.addressRanges(.trustedProxies)
        self.warnings = warnings
        if security?.acme != nil { useHTTPSPort(settings) }
    }
}

extension ApplianceConfiguration.API {
    fileprivate init(_ listed: ConfigurationFile.Gateway, _ settings: Settings) {
        self.init(settings.with(listed.values))
        (name, origin) = (listed.name, listed.origin)
    }

    fileprivate init(_ settings: Settings) {
        address = settings.the(settings.address, .apiAddress)
        // `proxy` is an older name of `http`.
        handler = CatalogRouter.Mode(word: settings.the(settings.text, .apiHandler))
        let text = settings.the(settings.text, .apiNamespace)
        let own = settings.isGiven(.apiType) ? nil : Namespace.type(in: text)
        let type = own ?? settings.the(settings.text, .apiType)
        namespace = Namespace(configured: text, type: type)
        commonNamespace = Namespace(configured: text, type: type, hasType: false)
        resolver = settings.the(settings.text, .apiResolver)
        rpcAccess =
            switch settings.boolean(.enableRPC) {
            case nil: .thisMachine
            case true?: .everyone
            case false?: .nobody
            }
        origins = OriginPolicy(allowed: settings.list(.allowedOrigins))
        hasCORS = settings.boolean(.enableCORS) ?? true
        corsFields = settings.list(.corsHeaders)
        encodedSlashes = EncodedSlashes(rawValue: settings.the(settings.text, .encodedSlashes)) ?? .keep
        isRegistryInsecure = settings.boolean(.insecureRegistry) ?? false
    }
}

extension ApplianceConfiguration.Broker {
    fileprivate init(_ settings: Settings) {
        name = settings.text(.broker) ?? "http"
        address = name == "http" ? settings.address(.brokerAddress) : nil
    }
}

extension ApplianceConfiguration.Proxy {
    fileprivate init(_ target: ProxyTarget, _ settings: Settings) {
        address = settings.the(settings.address, .proxyAddress)
        self.target = target
        let allowed = settings.list(.allowedOrigins)
        origins = OriginPolicy(allowed: allowed)
        // A proxy adds nothing unless it is asked to.
        let isAskedFor = !allowed.isEmpty || settings.isGiven(.enableCORS)
        hasCORS = isAskedFor && settings.boolean(.enableCORS) != false
        corsFields = settings.list(.corsHeaders)
        encodedSlashes = EncodedSlashes(rawValue: settings.the(settings.text, .encodedSlashes)) ?? .keep
    }
}

extension ApplianceConfiguration.Web {
    fileprivate init(_ settings: Settings) {
        address = settings.the(settings.address, .webAddress)
        let text = settings.the(settings.text, .webNamespace)
        namespace = Namespace(configured: text, type: "web")
        commonNamespace = Namespace(configured: text, type: "web", hasType: false)
        resolver = WebResolver.Mode(rawValue: settings.the(settings.text, .webResolver)) ?? .path
        host = settings.text(.webURL).flatMap { WebHost.name(in: $0) }
        isInsecure = settings.boolean(.insecureDashboard) ?? false
        publicDirectory = settings.text(.publicDirectory)
    }
}

extension ApplianceConfiguration.Security {
    fileprivate init(_ settings: Settings) {
        files = TLSFiles(certificates: settings.list(.tlsCertFile), keys: settings.list(.tlsKeyFile))
        files.staples = settings.list(.tlsOCSPFile)
        files.clientAuthorities = settings.text(.tlsClientCAFile)
        let isOptional = settings.text(.tlsClientAuth) == "optional"
        clientCertificates = files.clientAuthorities == nil ? .none : isOptional ? .optional : .required
        acme = ACMEConfiguration(settings)
        // A list of hosts is meant to be all of them, unless somebody says otherwise.
        refusesUnknownNames =
            acme != nil && !settings.isGiven(.tlsStrictSNI) ? true : settings.boolean(.tlsStrictSNI) ?? false
        guard let acme, acme.challenges.contains(.http) else { return }
        challengeListener = ChallengeListener(
            address: settings.address(.acmeHTTPAddress) ?? ListenAddress(host: "", port: 80),
            isRequired: settings.isGiven(.acmeHTTPAddress) || acme.challenges == [.http])
    }
}

extension ApplianceConfiguration.NodeSecurity {
    init(_ settings: Settings) {
        authorities = settings.text(.tlsCAFile)
        verifies = settings.boolean(.tlsInsecure) != true
    }
}

extension ApplianceConfiguration.Discovery {
    fileprivate init(_ settings: Settings) {
        registry = settings.the(settings.text, .registry)
        addresses = settings.list(.registryAddress)
        interfaces = settings.list(.mdnsInterfaces)
        serverName = settings.text(.serverName)
        staticNodes = settings.staticNodes(.staticNodes)
        lifetime = settings.the(settings.duration, .registerTTL)
        renewalInterval = settings.the(settings.duration, .registerInterval)
    }
}

extension ApplianceConfiguration.Client {
    fileprivate init(_ settings: Settings) {
        // The proxy in front of one server has one node and nothing to select.
        selector = settings.text(.selector) ?? "random"
        requestTimeout = settings.the(settings.duration, .clientRequestTimeout)
        silenceTimeout = settings.isGiven(.clientRequestTimeout) ? requestTimeout : nil
        retries = settings.the(settings.number, .clientRetries)
        poolSize = settings.the(settings.number, .clientPoolSize)
        poolIdleTimeout = settings.the(settings.duration, .clientPoolTTL)
    }
}

extension ApplianceConfiguration.Limits {
    fileprivate init(_ settings: Settings) {
        handshakeTimeout = settings.the(settings.duration, .handshakeTimeout)
        headerTimeout = settings.the(settings.duration, .headerTimeout)
        idleTimeout = settings.the(settings.duration, .idleTimeout)
        bodyTimeout = settings.the(settings.duration, .bodyTimeout)
        streamIdleTimeout = settings.the(settings.duration, .streamIdleTimeout)
        tunnelIdleTimeout = settings.the(settings.duration, .tunnelIdleTimeout)
        requestLine = settings.the(settings.number, .maxRequestLine)
        headerBytes = settings.the(settings.number, .maxHeaderBytes)
        headerFields = settings.the(settings.number, .maxHeaderFields)
        rpcBody = settings.the(settings.number, .maxRPCBody)
        connections = settings.the(settings.number, .maxConnections)
        streams = settings.the(settings.number, .maxStreams)
        compression = ApplianceConfiguration.Compression(
            scope: ApplianceConfiguration.CompressionScope(rawValue: settings.the(settings.text, .compression)) ?? .own,
            minimumLength: settings.the(settings.number, .compressionMinimum))
    }
}

extension ApplianceConfiguration.Logs {
    fileprivate init(_ settings: Settings) {
        includesRequests = settings.boolean(.accessLog) ?? true
        level = Logger.Level(rawValue: settings.the(settings.text, .logLevel)) ?? .info
        format = LogFormat(rawValue: settings.the(settings.text, .logFormat)) ?? .auto
    }
}

extension Settings {
    /// The value of a setting that has a default.
    fileprivate func the<Value>(_ read: (SettingKey) -> Value?, _ key: SettingKey) -> Value {
        guard let value = read(key) else {
            preconditionFailure("\(key.rawValue) has no value in micro \(command.rawValue), although it has a default")
        }
        return value
    }
}
