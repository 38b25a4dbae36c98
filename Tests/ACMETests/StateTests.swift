import Glibc
import TestSupport
import Testing
import Transports

@testable import ACME

/// A folder of the test's own, which goes with it.
private final class Place {
    let path: String

    init() {
        var template = Array("/tmp/acme-test-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "there is no folder for the test")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in ["deep/er/.a.pem.new", "deep/er/a.pem", "deep/er/a.json", "deep/er/lock"] {
            unlink("\(path)/\(name)")
        }
        for name in ["deep/er", "deep", ""] { rmdir("\(path)/\(name)") }
    }

    func mode(of name: String) -> mode_t {
        var status = stat()
        return stat("\(path)/\(name)", &status) == 0 ? status.st_mode & 0o777 : 0
    }
}

struct StateTests {
    private func state(in place: Place) throws -> StateDirectory {
        let state = StateDirectory("\(place.path)/deep/er")
        try state.prepare()
        return state
    }

    @Test func `the folder is made for its owner alone, and so are the files`() throws {
        let place = Place()
        let state = try state(in: place)
        try state.write([1, 2, 3], to: "a.pem")
        #expect(place.mode(of: "deep") == 0o700)
        #expect(place.mode(of: "deep/er") == 0o700)
        #expect(place.mode(of: "deep/er/a.pem") == 0o600)
        #expect(try state.read("a.pem") == [1, 2, 3])
        #expect(try state.read("b.pem") == nil)
    }

    @Test func `a folder that is open to others is closed`() throws {
        let place = Place()
        let state = try state(in: place)
        chmod(state.path, 0o755)
        try state.prepare()
        #expect(place.mode(of: "deep/er") == 0o700)
    }

    @Test func `a file is exchanged as a whole, also over what an earlier process left`() throws {
        let place = Place()
        let state = try state(in: place)
        try state.write(Array("old".utf8), to: "a.pem")
        let mark = state.mark(of: "a.pem")
        symlink("/nonexistent", "\(state.path)/.a.pem.new")
        try state.write(Array("new".utf8), to: "a.pem")
        #expect(try state.read("a.pem") == Array("new".utf8))
        #expect(state.mark(of: "a.pem") != mark)
        #expect(access("\(state.path)/.a.pem.new", F_OK) != 0)
    }

    @Test func `a place that cannot be a folder is told`() throws {
        let failure = #expect(throws: ACMEFailure.self) { try StateDirectory("/dev/null/acme").prepare() }
        #expect(failure?.sentence.contains("--acme_state_dir") == true)
    }

    @Test func `the account keeps its key, and a broken one is not overwritten`() throws {
        let place = Place()
        let state = try state(in: place)
        let key = try state.accountKey()
        #expect(try state.accountKey() == key)
        try state.write(Array("x".utf8), to: "account.key")
        let failure = #expect(throws: ACMEFailure.self) { try state.accountKey() }
        #expect(failure?.sentence.contains("account.key is no key") == true)
        #expect(try state.read("account.key") == Array("x".utf8))
        state.remove("account.key")
    }

    @Test func `one has the lock at a time`() throws {
        let place = Place()
        let state = try state(in: place)
        let lock = try #require(try state.lock())
        #expect(try state.lock() == nil)
        lock.release()
        #expect(try state.lock() != nil)
    }

    @Test func `a certificate is read with its key, if it is for the host and good`() throws {
        let place = Place()
        let state = try state(in: place)
        let now = time(nil)
        #expect(StoredCertificate.load("a", from: state, now: now).problem == nil)
        let made = TestAuthority().issue(["DNS:a"])
        try state.write(made.key + made.chain, to: "a.pem")
        let stored = StoredCertificate.load("a", from: state, now: now)
        #expect(stored.identity?.names == ["a"])
        #expect(stored.problem == nil)
        for wrong in [made.chain, made.key, [], Array("x".utf8)] {
            try state.write(wrong, to: "a.pem")
            let stored = StoredCertificate.load("a", from: state, now: now)
            #expect(stored.identity == nil)
            #expect(stored.problem != nil)
        }
        let other = TestAuthority().issue(["DNS:b"])
        try state.write(other.key + other.chain, to: "a.pem")
        #expect(StoredCertificate.load("a", from: state, now: now).problem?.contains("not for a") == true)
    }

    @Test func `failures are remembered, and a start does not wait as long for them`() throws {
        let place = Place()
        let state = try state(in: place)
        #expect(FailureRecord.load("a", from: state, isStart: true) == FailureRecord())
        var record = FailureRecord()
        for _ in 0..<5 { record.add(ACMEFailure(.refused, "no"), now: 1_000, chance: 0.5) }
        #expect(record.nextAttempt == 1_000 + 9_720)
        try state.write(record.json("no"), to: "a.json")
        #expect(FailureRecord.load("a", from: state, isStart: false) == record)
        #expect(FailureRecord.load("a", from: state, isStart: true).nextAttempt == 1_300)
    }

    @Test func `a server that is not reached is asked again soon, and that counts as no proof`() {
        var record = FailureRecord()
        record.add(ACMEFailure(.unreachable, "no"), now: 1_000, chance: 0.5)
        #expect(record.nextAttempt == 1_010)
        #expect(record.unproven == 0)
        record.add(ACMEFailure(.unproven, "no"), now: 1_010, chance: 0.5)
        #expect(record.unproven == 1)
        #expect(record.nextAttempt == 1_370)
    }

    @Test func `what the server says about being left alone holds after a start too`() throws {
        let place = Place()
        let state = try state(in: place)
        var record = FailureRecord()
        record.add(ACMEFailure(.refused, "no", retryAfter: 36_000), now: 1_000, chance: 0.5)
        try state.write(record.json("no"), to: "a.json")
        #expect(FailureRecord.load("a", from: state, isStart: true).nextAttempt == 37_000)
        record.add(ACMEFailure(.refused, "no", retryAfter: .max), now: 1_000, chance: 0.5)
        #expect(record.nextAttempt == 1_000 + 7 * 86_400)
    }

    @Test(
        "broken memories count as nothing",
        arguments: ["", "{", "[]", #"{"failures":-1}"#, #"{"failures":3,"last":"x","next":"x"}"#])
    func broken(text: String) throws {
        let place = Place()
        let state = try state(in: place)
        try state.write(Array(text.utf8), to: "a.json")
        #expect(FailureRecord.load("a", from: state, isStart: true) == FailureRecord())
    }

    @Test(
        "the usual place is what systemd gives, else the user's folder for state",
        arguments: [
            (["STATE_DIRECTORY": "/var/lib/micro:/x", "HOME": "/root"], "/var/lib/micro/acme"),
            (["XDG_STATE_HOME": "/s", "HOME": "/root"], "/s/micro/acme"),
            (["XDG_STATE_HOME": "relative", "HOME": "/root"], "/root/.local/state/micro/acme"), ([:], nil),
        ] as [([String: String], String?)])
    func places(environment: [String: String], path: String?) {
        #expect(ACMEConfiguration.standardStateDirectory(environment) == path)
    }

    @Test func `servers have folders of their own`() {
        var configuration = ACMEConfiguration(hosts: ["a"])
        #expect(configuration.folder == "acme-v02.api.letsencrypt.org_directory")
        configuration.directory = "https://localhost:14000/dir/../x"
        #expect(configuration.folder == "localhost_14000_dir_.._x")
    }
}
