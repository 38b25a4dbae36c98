/// What became of one declared route when the route of a request was looked for.
package enum RouteVerdict: Sendable, Equatable {
    case wins
    /// It is for other hosts.
    case otherHost
    /// It is for other methods.
    case otherMethod
    /// Its path is another one.
    case otherPath
    /// It fits, but its service is not registered, nor any version that has declared it; so the resolver is asked. Never a
    /// route of the operator.
    case unregistered
    /// It would fit, but that route is for fewer requests, or was declared first.
    case yields(to: String)
}
