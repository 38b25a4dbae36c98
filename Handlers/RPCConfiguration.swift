package import Gateway

/// How calls are made for clients.
package struct RPCConfiguration: Sendable, Equatable {
    /// The longest request body, in bytes. Default 4 MiB, which Go Micro's own servers have too.
    package var maximumBody = 4 << 20
    /// How long a call may take, all attempts together. Default 5 s.
    package var timeout = Duration.seconds(5)
    /// The longest time that a client may ask for with the header `Timeout`. Default 10 min.
    package var maximumTimeout = Duration.seconds(600)

    /// How long a stream that answers a plain request may be silent in both directions. Default 10 min.
    package var streamIdleTimeout = Duration.seconds(600)

    /// How long a stream may last that the client sets no limit for. Default 24 h.
    package var streamTimeout = Duration.seconds(86_400)

    /// What services are told as `Micro-Namespace`: in which they were looked for, without type. Default nothing.
    package var namespace: Namespace?

    /// Whether OPTIONS of a call is answered with the methods that are allowed; else it is not allowed itself. Default
    /// true.
    package var answersOptions = true

    /// What services are told as `Micro-From-Service`: under what name this program is registered.
    package var serviceName = "go.micro.api"

    package init() {}
}
