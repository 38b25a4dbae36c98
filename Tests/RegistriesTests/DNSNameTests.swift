import Registries
import Testing

struct DNSNameTests {
    @Test(
        "a name reads and writes dots and escapes",
        arguments: [
            ("a.b.", "a.b.", 2), ("a.b", "a.b.", 2), (".", ".", 0), ("", ".", 0), (#"a\.b.c"#, #"a\.b.c."#, 2),
            (#"\\."#, #"\\."#, 1), (#"\065."#, "A.", 1), (#"\010."#, #"\010."#, 1), (#"\255."#, #"\255."#, 1),
            ("grüße.micro.", "grüße.micro.", 2), ("A.", "A.", 1),
        ])
    func text(text: String, written: String, labels: Int) throws {
        let name = try DNSName(text)
        #expect(name.description == written)
        #expect(name.labels.count == labels)
        #expect(try DNSName(name.description) == name)
    }

    @Test(
        "what cannot be a name is refused with its reason",
        arguments: [
            ("a..b", DNSProblem.emptyLabel), (".a", .emptyLabel), ("..", .emptyLabel), (#"a\"#, .malformedEscape),
            (#"\25"#, .malformedEscape), (#"\256"#, .malformedEscape), (#"\2x5"#, .malformedEscape),
            (String(repeating: "a", count: 64), .labelTooLong(bytes: 64)),
            (Array(repeating: String(repeating: "a", count: 63), count: 4).joined(separator: "."), .nameTooLong),
        ])
    func refused(text: String, problem: DNSProblem) {
        #expect(throws: problem) { try DNSName(text) }
    }

    @Test(
        "the text before a suffix ends at a whole label",
        arguments: [
            ("a.b.micro.", "micro.", "a.b"), ("a.micro.", "a.micro.", nil), ("amicro.", "micro.", nil),
            ("a.Micro.", "micro.", nil), ("micro.", "a.micro.", nil), (#"x\005micro."#, "micro.", nil),
            (#"a\.b.micro."#, "micro.", #"a\.b"#),
        ] as [(String, String, String?)])
    func suffixes(name: String, suffix: String, text: String?) throws {
        #expect(try DNSName(name).text(before: DNSName(suffix)) == text)
    }
}
