import Reactor
import Testing

struct AddressTests {
    @Test(
        "an address is read and written",
        arguments: [
            ("127.0.0.1", "127.0.0.1:80"), ("0.0.0.0", "0.0.0.0:80"), ("::1", "[::1]:80"), ("FE80::1", "[fe80::1]:80"),
            ("::ffff:10.1.2.3", "10.1.2.3:80"), ("2001:db8:0:0:0:0:0:1", "[2001:db8::1]:80"),
        ])
    func reads(text: String, description: String) throws {
        let address = try #require(Address(ip: text, port: 80))
        #expect(address.description == description)
    }

    @Test(
        "what is no address is none",
        arguments: [
            "", "localhost", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "[::1]", "::1%lo", "1.2.3.4:80", "::g",
            " ::1",
        ])
    func refused(text: String) {
        #expect(Address(ip: text, port: 80) == nil)
    }

    @Test(
        "what reaches this machine only is known",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
            ("::2", false), ("::", false), ("0.0.0.0", false), ("::ffff:128.0.0.1", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try #require(Address(ip: text, port: 1)).isLoopback == isLoopback)
    }

    @Test(
        "a range holds the addresses that begin as it does",
        arguments: [
            ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("192.168.4.0/22", "192.168.7.255", true), ("192.168.4.0/22", "192.168.8.0", false),
            ("1.2.3.4", "1.2.3.4", true), ("1.2.3.4", "1.2.3.5", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("0.0.0.0/0", "::1", false), ("::/0", "::1", true), ("::/0", "1.2.3.4", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe00::1", false), ("2001:db8::/33", "2001:db8:7fff::1", true),
            ("2001:db8::/33", "2001:db8:8000::1", false), ("10.1.2.3/8", "10.9.9.9", true),
            ("::ffff:10.0.0.0/104", "10.9.9.9", true), ("::ffff:10.0.0.0/104", "11.9.9.9", false),
        ])
    func ranges(range: String, address: String, isInside: Bool) throws {
        let range = try #require(AddressRange(range))
        #expect(range.contains(try #require(Address(ip: address, port: 9))) == isInside)
    }

    @Test(
        "what is no range is none",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "a/8", "10/8",
            "10.0.0.0/ 8",
        ])
    func badRanges(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func `an address passes through the system's form unchanged`() throws {
        for text in ["127.0.0.1", "::1", "fe80::1"] {
            let address = try #require(Address(ip: text, port: 8_080))
            let length = address.withSocketAddress { _, length in length }
            #expect(length == (address.family == .v4 ? 16 : 28))
        }
    }
}
