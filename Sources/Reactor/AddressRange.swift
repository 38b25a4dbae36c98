/// A range of IP addresses in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`. A single address is a range of one.
package struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    private let family: Address.Family
    private let bytes: [UInt8]
    private let length: Int

    /// Nil when the text is no address, or the length is longer than the address.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let written = Address(ip: parts[0], port: 0), let plain = Address(ip: written.ip, port: 0) else {
            return nil
        }
        let bits = written.bytes.count * 8
        // The bits in front of an IPv4 address inside IPv6.
        let mapping = bits - plain.bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let length = Int(parts[1]),
                (mapping...bits).contains(length)
            else { return nil }
            self.length = length - mapping
        } else {
            length = bits - mapping
        }
        family = plain.family
        bytes = plain.bytes
        description = text
    }

    /// An IPv4 address inside IPv6 is compared as IPv4.
    package func contains(_ address: Address) -> Bool {
        guard let plain = Address(ip: address.ip, port: 0), plain.family == family else { return false }
        let whole = length / 8
        guard plain.bytes[..<whole].elementsEqual(bytes[..<whole]) else { return false }
        let rest = length % 8
        guard rest > 0 else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xff00 >> rest)
        return plain.bytes[whole] & mask == bytes[whole] & mask
    }
}
