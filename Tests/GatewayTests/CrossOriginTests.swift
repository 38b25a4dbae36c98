import Gateway
import HTTP
import Testing

struct CrossOriginAnswerTests {
    private func request(_ method: Method = .get, _ fields: (String, String)...) -> RequestHead {
        var head = RequestHead(method: method, target: "/greeter", authority: "api.example")
        for (name, value) in fields { head.fields.append(name: name, value: value) }
        return head
    }

    private func text(_ fields: HeaderFields?) -> [String] {
        ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary"].compactMap { name in
            fields?[name].map { "\(name): \($0)" }
        }
    }

    @Test(
        "pages that are named may read answers, with what their browser knows of its user, and no others may",
        arguments: [
            (["http://a.com"], "http://a.com", true), (["http://a.com"], "HTTP://A.com", true),
            (["http://b.com", "http://a.com"], "http://a.com", true), (["http://a.com"], "https://a.com", false),
            (["http://a.com"], "http://a.com.evil.test", false), (["http://a.com"], "null", false),
        ])
    func named(allowed: [String], origin: String, isAllowed: Bool) {
        let answer = OriginPolicy(allowed: allowed).crossOriginAnswer(to: request(.get, ("Origin", origin)))
        #expect(answer.isAllowed == isAllowed)
        let permission = [
            "Access-Control-Allow-Origin: \(origin)", "Access-Control-Allow-Credentials: true",
        ]
        #expect(text(answer.fields) == (isAllowed ? permission : []) + ["Vary: Origin"])
    }

    @Test func `everyone may read what everyone is shown, without a login`() {
        let answer = OriginPolicy(allowed: ["*"]).crossOriginAnswer(to: request(.get, ("Origin", "http://a.com")))
        #expect(answer.isAllowed)
        #expect(text(answer.fields) == ["Access-Control-Allow-Origin: *"])
    }

    @Test func `nobody is told anything when nobody is named, and whoever is no page is not asked who he is`() {
        let nobody = OriginPolicy().crossOriginAnswer(to: request(.get, ("Origin", "http://a.com")))
        #expect(!nobody.isAllowed && nobody.fields == nil)
        let policy = OriginPolicy(allowed: ["http://a.com"])
        #expect(text(policy.crossOriginAnswer(to: request()).fields) == ["Vary: Origin"])
        let twice = request(.get, ("Origin", "http://a.com"), ("Origin", "http://b.com"))
        #expect(!policy.crossOriginAnswer(to: twice).isAllowed)
    }
}
