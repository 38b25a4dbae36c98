import Gateway

/// What the commands that ask need to know and do about services. Either a running appliance answers, or we ask the
/// registry and the nodes ourselves.
protocol ServiceDirectory: Sendable {
    /// Every version of every service.
    func services() async throws(DirectoryError) -> [Service]

    /// Every version of one service; empty when there is none of that name.
    func services(named name: String) async throws(DirectoryError) -> [Service]

    /// Calls an endpoint, and returns the answer's JSON text as it came.
    func call(_ call: DirectoryCall) async throws(DirectoryError) -> [UInt8]

    /// Calls an endpoint that streams, and hands over the JSON text of each message as it comes. Returns at the end of
    /// the stream.
    func stream(_ call: DirectoryCall, take: @escaping @Sendable ([UInt8]) -> Void) async throws(DirectoryError)

    /// - Parameter lifetime: Nil keeps the nodes until they are taken out.
    func register(_ service: Service, lifetime: Duration?) async throws(DirectoryError)

    /// Takes the nodes of this record out; all of the service's when it lists none.
    func deregister(_ service: Service) async throws(DirectoryError)
}

/// A call that someone typed.
struct DirectoryCall: Sendable, Equatable {
    var service: String
    var endpoint: String
    /// The JSON text of the request, passed on byte by byte.
    var body: [UInt8]
    /// The node to call; nil to find one.
    var address: ListenAddress?
    /// Sent along, by the names under which it shall arrive.
    var metadata: [String: String] = [:]
    /// On the whole call, retries included.
    var timeout: Duration
}

/// Why a directory did not do what it was asked.
enum DirectoryError: Error, Equatable {
    /// The gateway, or the service that was called, answered with an error object.
    case reported(MicroError)
    /// Nobody was reached who could answer. A sentence without a period.
    case unreachable(String)
    /// Somebody answered, but nothing that makes sense. A sentence without a period.
    case failed(String)
}
