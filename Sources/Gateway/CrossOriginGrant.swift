package import HTTP

/// Which pages of other origins may read an answer, as browsers are told (Fetch Standard, 3.2).
package struct CrossOriginGrant: Sendable, Equatable {
    /// `*`, or the origin of the page. Nil where none may, which still depends on the origin that asks.
    package let origin: String?
    /// Whether the page may read it although its request carried cookies or a password. Never for `*`.
    package let allowsCredentials: Bool
    /// Whether the answer to a page of another origin would say something else, which caches must know.
    private let varies: Bool

    init(origin: String?, allowsCredentials: Bool = false, varies: Bool = true) {
        self.origin = origin
        self.allowsCredentials = allowsCredentials && origin != "*"
        self.varies = varies
    }

    /// What a page may read of a header besides what every page may. With gRPC-Web, the outcome of a call is among it.
    private static let exposed =
        "Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin, Allow, ETag, Link, Location, RateLimit, RateLimit-Policy, "
        + "Retry-After, X-Request-ID"

    /// Adds what browsers and caches must know. What the node said of it is dropped where we speak for it, as two answers
    /// to one question are none; names that it exposes are kept.
    package func write(to fields: inout HeaderFields) {
        if let origin {
            let own = fields.values(named: "Access-Control-Expose-Headers").filter { !$0.isEmpty }
            fields.removeAllCrossOrigin()
            fields.append(name: "Access-Control-Allow-Origin", value: origin)
            if allowsCredentials { fields.append(name: "Access-Control-Allow-Credentials", value: "true") }
            fields.append(
                name: "Access-Control-Expose-Headers", value: ([Self.exposed] + own).joined(separator: ", "))
        }
        if varies, !fields.hasToken("origin", in: .vary) { fields.append(.vary, "Origin") }
    }
}
