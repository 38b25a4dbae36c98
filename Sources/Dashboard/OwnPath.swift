internal import HTTP

/// What a path of the dashboard's own is for. These go before web services of the same names.
enum OwnPath: Equatable {
    /// `/healthz` and `/readyz`.
    case health, readiness
    /// The page with everything, which `/client` is too.
    case page
    case client
    case services
    /// `/service/{name}`, the name as it was sent.
    case service(String)
    case rpc
    case status, events, applications, records
    /// `/stats`.
    case statistics
    /// `/api/openapi.json` and `/api/explain`.
    case document, explanation
    /// `/api/routes` and `/api/limits`.
    case routes, limits
    /// `/api/services/{name}`, the name as it was sent.
    case record(String)
    /// Another form of one of these: where it is, relative to the path that was asked.
    case moved(String)
    /// Nothing, but below a name that is ours.
    case unknown

    /// The first segments of these paths. A web service of such a name cannot be reached by path.
    static let names: Set<String> = ["healthz", "readyz", "client", "services", "service", "rpc", "api"]

    /// - Parameters:
    ///   - path: In canonical form.
    ///   - hasStatistics: Whether `/stats` is ours. Default no.
    /// - Returns: Nil for a path that is a file's, a web service's or nobody's.
    init?(_ path: String, hasStatistics: Bool = false) {
        switch path {
        case "/", "/index.html": self = .page
        case "/healthz": self = .health
        case "/readyz": self = .readiness
        case "/client": self = .client
        case "/client/": self = .moved("../client")
        case "/services": self = .services
        case "/services/", "/service/": self = .moved("../services")
        case "/service": self = .moved("services")
        case "/rpc": self = .rpc
        case "/stats" where hasStatistics: self = .statistics
        case "/api/status": self = .status
        case "/api/events": self = .events
        case "/api/apps": self = .applications
        case "/api/openapi.json": self = .document
        case "/api/explain": self = .explanation
        case "/api/routes": self = .routes
        case "/api/limits": self = .limits
        case "/api/services": self = .records
        default:
            let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
            guard let first = segments.first, Self.names.contains(String(first)) else { return nil }
            self = Self.below(segments)
        }
    }

    private static func below(_ segments: [Substring]) -> OwnPath {
        switch (segments[0], segments.count) {
        case ("service", 2): .service(String(segments[1]))
        case ("service", 3) where segments[2].isEmpty: .moved("../\(segments[1])")
        case ("api", 3...) where segments[1] == "services": .record(segments[2...].joined(separator: "/"))
        default: .unknown
        }
    }
}
