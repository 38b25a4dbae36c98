import Glibc
import Handlers
import JSON
import Testing

/// C15: names made so that they collide in the hash tables of other programs, and as many as there can be.
///
/// Time is compared with that of harmless names of the same length and number, and with that of fewer names. What grew
/// with the square of their number would take a hundred times as long here.
@Suite(.serialized)
struct HostileNamesTests {
    /// Pairs of letters that weigh the same, so that every word made of them does.
    enum Pairs: String, CaseIterable, Sendable {
        /// For 31 × hash + byte.
        case times31 = "Aa BB"
        /// For 33 × hash + byte.
        case times33 = "Ez FY"
        /// The same text in two ways, as far as Unicode is concerned: of one letter or of two code points.
        case canonical = "\u{E9} e\u{301}"

        private static let words = Dictionary(
            uniqueKeysWithValues: allCases.map { pairs in
                let letters = pairs.rawValue.split(separator: " ")
                let words = (0..<10_000).map { number in
                    (0..<14).reduce(into: "") { $0 += letters[number >> $1 & 1] }
                }
                return (pairs, words)
            })

        /// Different words, at most 10,000.
        func names(_ count: Int) -> [String] { Array(Self.words[self, default: []].prefix(count)) }
    }

    private static func harmless(_ count: Int) -> [String] {
        (0..<count).map { number in
            let digits = String(number * 7_919 % 1_000_003)
            return String(repeating: "n", count: 28 - digits.count) + digits
        }
    }

    /// What reads names. Returns how many it has found.
    struct Reader: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// More names than this are refused.
        let limit: Int
        let read: @Sendable ([String]) throws -> Int

        static let all = [
            Reader(testDescription: "a JSON object", limit: 10_000) { names in
                try JSONParser.parse(json(names)).objectValue?.count ?? 0
            },
            Reader(testDescription: "a JSON object with every name twice", limit: 10_000) { names in
                try JSONParser.parse(json(names + names)).objectValue?.count ?? 0
            },
            Reader(testDescription: "a body over the fields of a query", limit: 10_000) { names in
                let fields = try QueryFields.parse(query: names.prefix(1_000).map { "\($0)=1" }.joined(separator: "&"))
                let body = json(names)
                return try Payload.merge(fields: fields, body: Payload.body(body.utf8.span)).objectValue?.count ?? 0
            },
            Reader(testDescription: "a field that is JSON, over one that is", limit: 9_000) { names in
                let object = json(names)
                return try FormFields.parse("a=\(object)&a=\(object)".utf8.span)["a"]?.objectValue?.count ?? 0
            },
            Reader(testDescription: "a query", limit: 1_000) { names in
                try QueryFields.parse(query: names.map { "\($0)=1" }.joined(separator: "&")).count
            },
            Reader(testDescription: "a query with brackets", limit: 1_000) { names in
                let query = names.map { "a[\($0)]=1" }.joined(separator: "&")
                return try QueryFields.parse(query: query)["a"]?.objectValue?.count ?? 0
            },
            Reader(testDescription: "a form", limit: 1_000) { names in
                try FormFields.parse(names.map { "\($0)=1" }.joined(separator: "&").utf8.span).count
            },
            Reader(testDescription: "a form in parts", limit: 1_000) { names in
                let parts = names.map { "--b\r\nContent-Disposition: form-data; name=\"\($0)\"\r\n\r\n1\r\n" }
                return try FormFields.parse(multipart: "\(parts.joined())--b--\r\n".utf8.span, boundary: "b").count
            },
            Reader(testDescription: "fields of a path", limit: 1_000) { names in
                try PathFields.parse(names.map { (name: $0, value: "1") }).count
            },
        ]

        private static func json(_ names: [String]) -> String {
            "{\(names.map { "\"\($0)\":1" }.joined(separator: ","))}"
        }

        /// What this thread has used of the processor. A clock on the wall would measure other tests too.
        private static var used: Duration {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }

        func time(_ names: [String]) throws -> Duration {
            let began = Self.used
            let count = try read(names)
            let time = Self.used - began
            #expect(count == names.count)
            return time
        }
    }

    @Test("names that collide elsewhere cost as much as others, and in proportion", arguments: Reader.all)
    func collisions(reader: Reader) throws {
        let fair = try reader.time(Self.harmless(reader.limit))
        for pairs in Pairs.allCases {
            // The longer of two, since a limit is made of it.
            let few = max(
                try reader.time(pairs.names(reader.limit / 10)), try reader.time(pairs.names(reader.limit / 10)))
            let many = try reader.time(pairs.names(reader.limit))
            #expect(many < fair * 6, "\(pairs)")
            #expect(many < few * 40, "\(pairs)")
        }
    }

    @Test("ten thousand fields are refused when the first is too many", arguments: Pairs.allCases)
    func tooMany(pairs: Pairs) {
        let query = pairs.names(10_000).map { "\($0)=1" }.joined(separator: "&")
        #expect(throws: PayloadProblem.tooManyFields(limit: 1_000)) { try QueryFields.parse(query: query) }
        #expect(throws: PayloadProblem.tooManyFields(limit: 1_000)) { try FormFields.parse(query.utf8.span) }
    }

    @Test(
        "fields that add nothing to a large one do not copy it each time",
        arguments: [("{}", "{%}", "\"n*\":1"), ("[]", "[%]", "1")])
    func additions(nothing: String, frame: String, item: String) throws {
        func form(_ items: Int) -> String {
            let members = (0..<items).map { item.split(separator: "*").joined(separator: "\($0)") }
            let large = frame.split(separator: "%").joined(separator: members.joined(separator: ","))
            return "a=\(large)" + String(repeating: "&a=\(nothing)", count: 999)
        }
        let reader = Reader(testDescription: "", limit: 0) { names in
            _ = try FormFields.parse(names[0].utf8.span)
            return 1
        }
        let (few, many) = (try reader.time([form(90)]), try reader.time([form(9_000)]))
        #expect(many < few * 40)
    }
}
