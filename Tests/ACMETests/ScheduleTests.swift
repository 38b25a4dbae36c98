import Testing

@testable import ACME

struct ScheduleTests {
    private static let day = 86_400

    @Test(
        "a certificate is renewed at two thirds of its life, or so long before its end as was configured",
        arguments: [
            (90, nil, 0.0, 60), (90, nil, 0.999999, 57), (90, 30, 0.0, 60), (90, 1, 0.0, 89), (6, nil, 0.0, 4),
            (90, 90, 0.0, 9), (90, 1_000, 0.9, 9),
        ] as [(Int, Int?, Double, Int)])
    func due(life: Int, margin: Int?, chance: Double, day: Int) {
        let due = RenewalSchedule.due(
            1_000...(1_000 + life * Self.day), margin: margin.map { $0 * Self.day }, chance: chance)
        #expect((due - 1_000 + Self.day / 2) / Self.day == day)
    }

    @Test(
        "what is new is left alone for a tenth of its life, or a day",
        arguments: [
            (0, 90 * 86_400, nil, 86_400), (0, 1_000, nil, 100), (0, 20, nil, 2), (0, 7_200, 3_600, 3_960),
            (0, 7_200, 9_000, 9_000), (0, 0, nil, 0),
        ] as [(Int, Int, Int?, Int)])
    func rest(first: Int, last: Int, got: Int?, rest: Int) {
        #expect(RenewalSchedule.rest(first...last, got: got) == rest)
    }

    @Test func `of a window that the authority suggests one moment is taken`() {
        #expect(RenewalSchedule.due(in: 100...200, chance: 0) == 100)
        #expect(RenewalSchedule.due(in: 100...200, chance: 0.5) == 150)
    }

    @Test func `pauses grow from two minutes to half a day`() {
        let pauses = (1...12).map { RenewalSchedule.pause(after: $0, chance: 0.5) }
        #expect(pauses.prefix(4) == [120, 360, 1_080, 3_240])
        #expect(pauses == pauses.sorted())
        #expect(pauses.last == RenewalSchedule.longestPause)
        #expect(RenewalSchedule.pause(after: 1_000_000, chance: 0) < RenewalSchedule.longestPause)
        #expect(RenewalSchedule.pause(after: 1, chance: 0) == 108)
        #expect(RenewalSchedule.pause(after: 0, chance: 0.5) == 120)
    }

    @Test func `fewer than six proofs fail within the first hour, as authorities allow no more`() {
        var (moment, proofs, failures) = (0, 0, 0)
        while moment < 3_600 {
            proofs += RenewalSchedule.challenges([.tlsALPN, .http], after: failures).count
            failures += 1
            moment += RenewalSchedule.pause(after: failures, chance: 0)
        }
        #expect(proofs < 6)
    }

    @Test func `at first every way is tried, later one after the other`() {
        let tried = (0...3).map { RenewalSchedule.challenges([.tlsALPN, .http], after: $0) }
        #expect(tried == [[.tlsALPN, .http], [.http], [.tlsALPN], [.http]])
        #expect(RenewalSchedule.challenges([], after: 3) == [])
    }

    @Test func `what the authority says about renewal is read`() throws {
        let text =
            #"{"suggestedWindow":{"start":"2026-01-02T04:00:00Z","end":"2026-01-03T04:00:00+00:00"},"explanationURL":"https://ca.example/why"}"#
        let info = try RenewalInfo(ACMEReply(status: 200, retryAfter: 21_600, body: Array(text.utf8)))
        #expect(info.window == 1_767_326_400...1_767_412_800)
        #expect(info.retryAfter == 21_600)
        #expect(info.explanation == "https://ca.example/why")
    }

    @Test(
        "nonsense about renewal is refused",
        arguments: [
            "", "{}", #"{"suggestedWindow":{}}"#,
            #"{"suggestedWindow":{"start":"2026-01-03T04:00:00Z","end":"2026-01-02T04:00:00Z"}}"#,
            #"{"suggestedWindow":{"start":"yesterday","end":"2026-01-02T04:00:00Z"}}"#,
        ])
    func nonsense(text: String) {
        #expect(throws: ACMEFailure.self) { try RenewalInfo(ACMEReply(status: 200, body: Array(text.utf8))) }
    }

    @Test(
        "Retry-After is seconds or a date",
        arguments: [
            ("120", 120), ("-5", 0), ("Thu, 01 Jan 1970 00:02:00 GMT", 20), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 31 Dec 2026 23:59:59 GMT", 1_798_761_499), ("soon", nil), ("", nil),
            ("Thu, 32 Jan 1970 00:02:00 GMT", nil), ("Thu, 01 Jän 1970 00:02:00 GMT", nil),
            ("Thu, 01 Jan 1970 00:02:00 CET", nil), ("Thu, 1 Jan 1970 00:02:00 GMT", nil),
        ] as [(String, Int?)])
    func retryAfter(text: String, seconds: Int?) {
        #expect(RetryAfter.seconds(text, now: 100) == seconds)
    }

    @Test(
        "addresses of servers are read",
        arguments: [
            ("https://ca.example/dir", "ca.example", 443, "/dir"), ("https://ca.example", "ca.example", 443, "/"),
            ("https://localhost:14000/dir?a=b", "localhost", 14_000, "/dir?a=b"),
            ("https://[::1]:14000/dir", "[::1]", 14_000, "/dir"), ("HTTPS://a.example?x#f", "a.example", 443, "/?x"),
        ])
    func addresses(text: String, host: String, port: Int, target: String) throws {
        let url = try #require(SecureURL(text))
        #expect(url.host == host)
        #expect(Int(url.port) == port)
        #expect(url.target == target)
    }

    @Test(
        "what is no address of https is refused",
        arguments: [
            "http://ca.example/", "ca.example", "https://", "https://a b/", "https://u@a.example/", "https://a:x/",
        ])
    func badAddresses(text: String) { #expect(SecureURL(text) == nil) }

    @Test(
        "names that no certificate is asked for are told why",
        arguments: [
            ("*.example.com", "wildcard"), ("10.0.0.1", "address"), ("bücher.example", "xn--"),
            ("a..b", "no host name"),
            ("", "no host name"), ("a.example:443", "no host name"), ("https://a.example", "no host name"),
            ("-a.example", "no host name"), ("[::1]", "no host name"), ("a.*.example", "no host name"),
        ])
    func badNames(name: String, words: String) { #expect(HostName.problem(with: name)?.contains(words) == true) }

    @Test("good names are good", arguments: ["localhost", "api.example.com", "xn--bcher-kva.example", "3.example"])
    func goodNames(name: String) { #expect(HostName.problem(with: name) == nil) }
}
