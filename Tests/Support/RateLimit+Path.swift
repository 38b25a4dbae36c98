package import Gateway
package import HTTP

extension RateLimit {
    /// A limit as tests write it.
    package init(
        path: String, methods: [HTTP.Method] = [], hosts: [String] = [], requests: Int, window: Int
    ) throws {
        let hosts = try hosts.map { try HostPattern($0) }
        let condition = try RouteRule.Condition(path: path, methods: methods, hosts: hosts)
        try self.init(on: condition, requests: requests, window: window)
    }
}
