package import HTTP

/// Tells requests of programs on this machine from those that a browser on this machine makes for a foreign page: the
/// browser says whose page it is, and which name it looked up to come here (DNS rebinding).
package enum LocalOrigin {
    /// True when the request's `Host` names this machine, and its `Origin`, if there is one, is the same host.
    package static func isAllowed(_ head: borrowing RequestHead) -> Bool {
        guard namesThisMachine(head.host) else { return false }
        if let site = head.fields[.secFetchSite], site != "same-origin", site != "none" { return false }
        guard let origin = head.fields[.origin] else { return true }
        return origin == "http://\(head.authority)" || origin == "https://\(head.authority)"
    }

    /// True for `localhost`, names below it, and addresses of the loopback interface.
    ///
    /// - Parameter host: In lower case, without port, IPv6 in brackets.
    package static func namesThisMachine(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
