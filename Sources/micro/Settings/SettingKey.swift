/// The settings, by the names of their flags.
///
/// A setting that several commands have in different forms, such as the address to listen on, carries the command in
/// its name; the command itself knows it by the short one too.
enum SettingKey: String, CaseIterable, Sendable {
    case config

    // The API gateway.
    case apiAddress = "api_address"
    case apiHandler = "api_handler"
    case apiNamespace = "api_namespace"
    case apiType = "api_type"
    case apiResolver = "api_resolver"
    case enableRPC = "enable_rpc"
    case enableCORS = "enable_cors"
    case allowedOrigins = "allowed_origins"
    case enableStats = "enable_stats"
    case corsHeaders = "cors_headers"
    case encodedSlashes = "encoded_slashes"
    case insecureRegistry = "insecure_registry"
    case descriptors
    case broker
    case brokerAddress = "broker_address"
    case learnRoutes = "learn_routes"

    // The dashboard.
    case webAddress = "web_address"
    case webNamespace = "web_namespace"
    case webResolver = "web_resolver"
    case webURL = "web_url"
    case insecureDashboard = "insecure_dashboard"
    case publicDirectory = "public_dir"

    // The proxy in front of one server.
    case proxyAddress = "proxy_address"
    case proxyEndpoint = "proxy_endpoint"

    // TLS with clients, and with nodes.
    case enableTLS = "enable_tls"
    case tlsCertFile = "tls_cert_file"
    case tlsKeyFile = "tls_key_file"
    case tlsClientCAFile = "tls_client_ca_file"
    case tlsClientAuth = "tls_client_auth"
    case tlsOCSPFile = "tls_ocsp_file"
    case tlsStrictSNI = "tls_strict_sni"
    case tlsCAFile = "tls_ca_file"
    case tlsInsecure = "tls_insecure"

    // Who may do what.
    case auth
    case authPublicKey = "auth_public_key"
    case authNamespace = "auth_namespace"
    case authLoginURL = "auth_login_url"
    case authDoubledNames = "auth_doubled_names"
    case authToken = "auth_token"

    // Certificates that the gateway gets by itself.
    case enableACME = "enable_acme"
    case acmeHosts = "acme_hosts"
    case acmeProvider = "acme_provider"
    case acmeDirectory = "acme_directory"
    case acmeCAFile = "acme_ca_file"
    case acmeEmail = "acme_email"
    case acmeAgreeTerms = "acme_agree_terms"
    case acmeChallenges = "acme_challenges"
    case acmeHTTPAddress = "acme_http_address"
    case acmeStateDir = "acme_state_dir"
    case acmeRenewBefore = "acme_renew_before"
    case acmeEABKid = "acme_eab_kid"
    case acmeEABKey = "acme_eab_key"

    // Discovery.
    case registry
    case registryAddress = "registry_address"
    case mdnsInterfaces = "mdns_interfaces"
    case serverName = "server_name"
    case staticNodes = "static_node"
    case registerTTL = "register_ttl"
    case registerInterval = "register_interval"

    // Calls to nodes.
    case selector
    case clientRequestTimeout = "client_request_timeout"
    case clientRetries = "client_retries"
    case clientPoolSize = "client_pool_size"
    case clientPoolTTL = "client_pool_ttl"

    // Limits.
    case loops
    case drainTimeout = "drain_timeout"
    case handshakeTimeout = "handshake_timeout"
    case headerTimeout = "header_timeout"
    case idleTimeout = "idle_timeout"
    case bodyTimeout = "body_timeout"
    case streamIdleTimeout = "stream_idle_timeout"
    case tunnelIdleTimeout = "tunnel_idle_timeout"
    case maxRequestLine = "max_request_line"
    case maxHeaderBytes = "max_header_bytes"
    case maxHeaderFields = "max_header_fields"
    case maxRPCBody = "max_rpc_body"
    case maxConnections = "max_connections"
    case maxStreams = "max_streams"
    case trustedProxies = "trusted_proxies"
    case compression
    case compressionMinimum = "compression_min_size"

    // Logs.
    case accessLog = "access_log"
    case logLevel = "log_level"
    case logFormat = "log_format"

    // What operators declare while the program runs.
    case stateDir = "state_dir"
    case routePath = "route_path"
    case routeMethods = "route_method"
    case routeHosts = "route_host"
    case routeOrigin = "route_origin"
    case routeHandler = "route_handler"
    case routeNamespace = "route_namespace"
    case routeService = "route_service"
    case routeEndpoint = "route_endpoint"
    case routePrefix = "route_strip_prefix"
    case limitRequests = "limit_requests"
    case limitWindow = "limit_window"

    // The commands that ask.
    case serverAddress = "server_address"
    case callAddress = "call_address"
    case healthAddress = "health_address"
    case output
    case metadata
    case explainHost = "host"
    case explainHeader = "header"
    case explainData = "data"
    case explainGateway = "gateway"
    case explainOutput = "explain_output"
}
