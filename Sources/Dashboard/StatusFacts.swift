internal import Bytes
internal import Glibc
internal import JSON

/// What the program says about itself in `GET /api/status`.
package struct StatusFacts: Sendable, Equatable {
    /// A gateway of this program, as its clients see it.
    package struct Gateway: Sendable, Equatable {
        /// Different for each.
        package var name: String
        /// Where it listens, such as `[::]:8080`.
        package var address: String
        /// Where clients reach it, such as `http://localhost:8080`.
        package var url: String
        package var handler: String
        package var resolver: String
        package var namespace: String
        /// True when it takes calls at `/rpc`, so that the dashboard may offer its address for copying.
        package var takesCalls: Bool

        package init(
            name: String, address: String, url: String, handler: String, resolver: String, namespace: String,
            takesCalls: Bool
        ) {
            self.name = name
            self.address = address
            self.url = url
            self.handler = handler
            self.resolver = resolver
            self.namespace = namespace
            self.takesCalls = takesCalls
        }
    }

    /// A certificate that clients are shown.
    package struct Certificate: Sendable, Equatable {
        package var names: [String]
        /// The last second of its validity, since 1970.
        package var end: Int

        package init(names: [String], end: Int) {
            self.names = names
            self.end = end
        }
    }

    package var version: String
    /// When the program began, in seconds since 1970.
    package var started: Int
    /// Side by side; empty when there is none.
    package var gateways: [Gateway]
    /// The registry's name in the configuration.
    package var registry: String
    /// How many event loops serve.
    package var loops: Int
    /// True when everyone is answered, without a sign-in.
    package var isInsecure: Bool

    package init(
        version: String, started: Int, gateways: [Gateway], registry: String, loops: Int, isInsecure: Bool = false
    ) {
        self.version = version
        self.started = started
        self.gateways = gateways
        self.registry = registry
        self.loops = loops
        self.isInsecure = isInsecure
    }

    func json(
        generation: UInt64, services: Int, certificates: [Certificate], hasStatistics: Bool, visitor: Page.Visitor
    ) -> JSONValue {
        .object([
            "product": "micro", "version": .string(version), "pid": .integer(Int(getpid())),
            "started": .string(Moment(seconds: started).text()), "gateway": gateways.first?.json ?? .null,
            "gateways": .array(gateways.map(\.json)),
            "registry": .object([
                "name": .string(registry), "generation": .number(String(generation)), "services": .integer(services),
            ]),
            "loops": .integer(loops), "insecure": .bool(isInsecure),
            "account": visitor.account.map { .string($0) } ?? .null,
            "login": visitor.loginURL.map { .string($0) } ?? .null,
            "certificates": .array(certificates.map(\.json)), "stats": .bool(hasStatistics),
        ])
    }
}

extension StatusFacts.Certificate {
    fileprivate var json: JSONValue {
        .object(["names": .array(names.map { .string($0) }), "expires": .string(Moment(seconds: end).text())])
    }
}

extension StatusFacts.Gateway {
    fileprivate var json: JSONValue {
        .object([
            "name": .string(name), "address": .string(address), "url": .string(url), "handler": .string(handler),
            "resolver": .string(resolver),
            "namespace": .string(namespace), "rpc": .bool(takesCalls),
        ])
    }
}
