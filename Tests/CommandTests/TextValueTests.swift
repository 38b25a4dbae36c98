import Testing

@testable import micro

struct TextValueTests {
    @Test(
        "durations are read as Go reads them, and plain numbers are seconds",
        arguments: [
            ("5s", Duration.seconds(5)), ("500ms", .milliseconds(500)), ("1m30s", .seconds(90)), ("60", .seconds(60)),
            ("1.5s", .milliseconds(1_500)), ("0.25", .milliseconds(250)), ("1h", .seconds(3_600)), ("0", .zero),
            ("2us", .microseconds(2)), ("2µs", .microseconds(2)), ("7ns", .nanoseconds(7)), (".5m", .seconds(30)),
            ("1.000000001s", .nanoseconds(1_000_000_001)),
        ])
    func durations(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(
        "what is no duration is refused",
        arguments: [
            "", "s", "5x", "-5s", "+5s", "5 s", "5s5", "1.2.3s", ".", ".s", "1e3s", "٣s", "99999999999999999999s",
            "9999999999h", "5s ", "1d",
        ])
    func noDurations(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        "a duration is written in the units that people use, and can be read again",
        arguments: [
            ("5s", 5_000_000_000), ("1m30s", 90_000_000_000), ("500ms", 500_000_000), ("24h", 86_400_000_000_000),
            ("1.5s", 1_500_000_000), ("0s", 0), ("20us", 20_000), ("3ns", 3), ("1h0.01s", 3_600_010_000_000),
        ])
    func durationTexts(text: String, nanoseconds: Int) {
        #expect(DurationText.text(.nanoseconds(nanoseconds)) == text)
        #expect(DurationText.parse(text) == .nanoseconds(nanoseconds))
    }

    @Test(
        "sizes are read in binary and decimal units",
        arguments: [
            ("4MiB", 4_194_304), ("64 kib", 65_536), ("1MB", 1_000_000), ("512", 512), ("512B", 512), ("0", 0),
            ("1GiB", 1_073_741_824), ("2kB", 2_000), ("2gb", 2_000_000_000),
        ])
    func sizes(text: String, size: Int) {
        #expect(SizeText.parse(text) == size)
    }

    @Test("what is no size is refused", arguments: ["", "MiB", "-1", "+1", "1.5MiB", "1TiB", "x", "9999999999GiB"])
    func noSizes(text: String) {
        #expect(SizeText.parse(text) == nil)
    }

    @Test(
        "an address has a port, and brackets around an IPv6 host",
        arguments: [
            (":8080", "", 8_080), ("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:80", "::1", 80),
            ("gateway.local:65535", "gateway.local", 65_535),
        ])
    func addresses(text: String, host: String, port: UInt16) {
        #expect(ListenAddress(text) == ListenAddress(host: host, port: port))
        #expect(ListenAddress(text)?.description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "8080", "host", "host:", "::1:80", "[::1]", "host:65536", "host:+1", "[host]:1", "a b:1", "a/b:1",
        ])
    func noAddresses(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(
        "an address that means every interface is asked on this machine",
        arguments: [(":1", "127.0.0.1:1"), ("0.0.0.0:1", "127.0.0.1:1"), ("[::]:1", "127.0.0.1:1"), ("a:1", "a:1")])
    func asked(text: String, asked: String) {
        #expect(ListenAddress(text)?.asked.description == asked)
    }

    @Test(
        "the server behind the proxy may be written in several ways",
        arguments: [
            ("http://localhost:9000", "http://localhost:9000"), (":9000", "http://localhost:9000"),
            ("HTTP://a.example/", "http://a.example:80"), ("10.0.0.1:81", "http://10.0.0.1:81"),
            ("grpc://a:1", "grpc://a:1"), ("grpcs://a:1", "grpcs://a:1"),
            ("http://[::1]:9000", "http://[::1]:9000"), ("http://[::1]", "http://[::1]:80"),
            ("https://a.example", "https://a.example:443"), ("https://10.0.0.1:8443/", "https://10.0.0.1:8443"),
        ])
    func proxyTargets(text: String, target: String) throws {
        #expect(try ProxyTarget(text).description == target)
    }

    @Test(
        "a server that the proxy cannot reach yet is refused with the reason",
        arguments: [
            ("h2c://a", "h2c://a: h2c:// is not supported yet: use http://host:port"),
            ("ftp://a", "ftp://a is not http://host:port or host:port"),
            ("http://a/b", "http://a/b: a path is not supported yet: use http://host:port"),
            ("localhost", "localhost is not http://host:port or host:port"),
            ("http://", "http:// is not http://host:port or host:port"),
            (":0", ":0 is not http://host:port or host:port"),
        ])
    func noProxyTargets(text: String, sentence: String) {
        #expect(throws: Problem.configuration(sentence)) { try ProxyTarget(text) }
    }
}
