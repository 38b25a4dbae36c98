// swift-tools-version: 6.2

import PackageDescription

/// Compiled into every Swift target, without exception.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
    // One program, built as a whole: calls between modules may be inlined. Overlapping accesses are looked for in every
    // debug build and its tests; looking for them in the release program costs a twentieth of its time.
    .unsafeFlags(["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: path,
        exclude: path == nil ? [] : ["README.md"],
        swiftSettings: settings
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: dependencies,
        exclude: exclude,
        swiftSettings: settings
    )
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// Read from top to bottom, this is the architecture: a module may use those above it, never those beside or below it.
let package = Package(
    name: "micro",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // Level 0: bytes in, values out.
        .target(name: "CLinux"),
        .target(name: "CPublic"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        module("Bytes"),
        module("JSON", ["Bytes"]),
        module("HTTP", ["Bytes"]),
        module("Compression", ["Bytes", "CZlib"]),

        // Level 1: the event loop, and what is made of the codecs.
        module("Reactor", ["Bytes", "CLinux"]),
        module("Transcoding", ["Bytes", "JSON"]),

        // Level 2: sockets, and the contracts of the product.
        module("Transports", ["Bytes", "CLinux", "COpenSSL", "Reactor"]),
        module("Gateway", ["Bytes", "Compression", "HTTP", "JSON", "Reactor"]),

        // Level 3: calls to the nodes behind the gateway.
        module(
            "Upstream", ["Bytes", "Gateway", "HTTP", "JSON", "Reactor", "Transcoding", "Transports", logging]),

        // Level 4: implementations of the contracts. None of them knows another.
        module("Resolvers", ["Bytes", "Gateway", "HTTP"], path: "Resolvers"),
        module("Handlers", ["Bytes", "Compression", "Gateway", "HTTP", "JSON", "Reactor"], path: "Handlers"),
        module(
            "Registries",
            ["Bytes", "CLinux", "Compression", "Gateway", "HTTP", "JSON", "Reactor", "Transports", "Upstream", logging]),
        module(
            "ACME",
            ["Bytes", "COpenSSL", "Gateway", "HTTP", "JSON", "Reactor", "Transports", "Upstream", logging]),
        module(
            "AuthProviders", ["Bytes", "COpenSSL", "Gateway", "HTTP", "JSON", "Reactor", "Transports"]),
        module("Brokers", ["Bytes", "Gateway", "HTTP", "JSON", "Reactor", "Upstream"]),
        module("Dashboard", ["Bytes", "CPublic", "Gateway", "HTTP", "JSON", "Reactor"]),
        module("Server", ["Bytes", "Gateway", "HTTP", "JSON", "Reactor", "Transports", logging]),

        // Level 5: the program, the only module that knows the names of implementations.
        .executableTarget(
            name: "micro",
            dependencies: [
                "ACME", "AuthProviders", "Bytes", "Brokers", "CLinux", "Dashboard", "Gateway", "HTTP", "Handlers",
                "JSON", "Reactor",
                "Registries", "Resolvers", "Server", "Transcoding", "Transports", "Upstream", arguments, logging,
                yaml,
            ],
            swiftSettings: settings
        ),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: ["Bytes", "COpenSSL", "Gateway", "HTTP", "JSON", "Reactor"],
            path: "Tests/Support",
            swiftSettings: settings
        ),
        .target(name: "CMallocCount", path: "Tests/MallocCount"),
        tests("Bytes", ["Bytes"]),
        tests(
            "Registries", ["Bytes", "CZlib", "Gateway", "JSON", "Reactor", "Registries", "Transports", logging],
            exclude: ["Golden"]),
        tests("JSON", ["Bytes", "JSON"]),
        tests("HTTP", ["Bytes", "HTTP", "JSON"], exclude: ["Golden"]),
        tests("Compression", ["Bytes", "Compression"]),
        tests("Transcoding", ["Bytes", "CMallocCount", "JSON", "Transcoding"], exclude: ["Golden"]),
        tests("Resolvers", ["Gateway", "HTTP", "Resolvers"]),
        tests("ACME", ["ACME", "Bytes", "COpenSSL", "Gateway", "HTTP", "JSON", "TestSupport", "Transports", logging]),
        tests(
            "AuthProviders",
            ["AuthProviders", "Bytes", "COpenSSL", "Gateway", "HTTP", "JSON", "Reactor", "TestSupport"]),
        tests("Brokers", ["Brokers", "Bytes", "Gateway", "HTTP", "JSON", "Reactor", "TestSupport", "Upstream"]),
        tests("Tidy", []),
        tests("Handlers", ["Bytes", "Gateway", "HTTP", "Handlers", "JSON", "Reactor", "TestSupport"]),
        tests("Dashboard", ["Bytes", "Dashboard", "Gateway", "HTTP", "JSON", "Reactor", "Resolvers", "TestSupport"]),
        tests("Reactor", ["Bytes", "Reactor", "TestSupport"]),
        tests("Transports", ["Bytes", "CLinux", "COpenSSL", "Reactor", "TestSupport", "Transports"]),
        tests("Gateway", ["Bytes", "Gateway", "HTTP", "JSON", "Reactor"]),
        tests(
            "Upstream",
            [
                "Bytes", "CMallocCount", "Compression", "Gateway", "HTTP", "Handlers", "JSON", "Reactor", "Resolvers",
                "Server",
                "TestSupport", "Upstream", logging,
            ],
            exclude: ["Golden"]),
        tests(
            "Server",
            [
                "Bytes", "CMallocCount", "Compression", "Gateway", "HTTP", "Handlers", "JSON", "Reactor", "Resolvers",
                "Server", "TestSupport", "Transports",
                logging,
            ]),
        tests(
            "Command",
            [
                "ACME", "AuthProviders", "Bytes", "Gateway", "Handlers", "JSON", "Reactor", "Resolvers", "Server",
                "micro", logging,
            ]),
    ],
    swiftLanguageModes: [.v6]
)
