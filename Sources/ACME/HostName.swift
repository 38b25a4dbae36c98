/// The names that certificates are asked for.
package enum HostName {
    /// The name as it is asked for: in lower case, without a dot at its end.
    package static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    /// Why no certificate can be asked for, and what to do; a sentence without a period. Nil for a good name.
    package static func problem(with name: String) -> String? {
        if name.hasPrefix("*.") {
            return "\(name) is a wildcard, which authorities give only by dns-01, and that is not supported yet: list"
                + " each host, or get the certificate elsewhere and give it with --tls_cert_file"
        }
        let name = normalized(name)
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            return "\(name) is not written as DNS has it: begin each label that is not ASCII with xn--"
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else {
            return "\(name) is no host name: give names such as api.example.com, without scheme and port"
        }
        guard labels.last?.allSatisfy(\.isNumber) == false else {
            return "\(name) is an address, and certificates are asked for by name: give a host name"
        }
        return nil
    }

    private static func isLabel(_ label: Substring) -> Bool {
        let isGood = label.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d
        }
        return isGood && (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
    }
}
