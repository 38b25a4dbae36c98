internal import Bytes
package import Gateway
internal import JSON

/// What a node says of itself in its TXT record: JSON, compressed by zlib, in hexadecimal, cut into strings.
package struct ServiceTXT: Sendable, Equatable {
    package var service: String
    package var version: String
    package var endpoints: [Endpoint]
    /// The metadata of the node, not of the service.
    package var metadata: [String: String]

    package init(service: String, version: String, endpoints: [Endpoint] = [], metadata: [String: String] = [:]) {
        self.service = service
        self.version = version
        self.endpoints = endpoints
        self.metadata = metadata
    }

    /// The strings of the record, each as long as one can be, the last one excepted. Digits are lower-case.
    ///
    /// Different versions of zlib make different strings of one payload; readers do not care.
    package var strings: [[UInt8]] {
        let pairs = metadata.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        let object: JSONValue = [
            "Service": .string(service), "Version": .string(version),
            "Endpoints": endpoints.isEmpty ? .null : .array(endpoints.map(\.json)),
            "Metadata": .object(JSONObject(pairs)),
        ]
        var buffer = ByteBuffer()
        JSONWriter.write(object, to: &buffer)
        let digits = Deflate.compress(buffer.bytes).flatMap { [Self.digit($0 >> 4), Self.digit($0 & 0xF)] }
        return stride(from: 0, to: digits.count, by: 255).map { Array(digits[$0..<min($0 + 255, digits.count)]) }
    }

    /// Reads the strings of a record. Members may come in any order, in upper or lower case, and may be missing.
    ///
    /// - Returns: Also the length of the JSON in bytes, as a measure of what keeping it costs.
    /// - Throws: What is wrong, for the operator.
    package static func read(_ strings: [[UInt8]]) throws(MalformedRecord) -> (text: ServiceTXT, length: Int) {
        guard let compressed = bytes(ofHexadecimal: strings) else {
            throw MalformedRecord("TXT data are not hexadecimal")
        }
        guard let bytes = Deflate.expand(compressed) else {
            throw MalformedRecord("TXT data are no zlib stream, or expand to more than allowed")
        }
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONParser.parse(bytes.span, limits: JSONLimits(depth: 32, values: 50_000))
        } catch {
            throw MalformedRecord("TXT data are no JSON: \(error)")
        }
        guard case .object(let object) = json else { throw MalformedRecord("TXT data are no JSON object") }
        return (try ServiceTXT(object), bytes.count)
    }

    /// Reads the members through the record format that all registries share, which differs in where they stand.
    private init(_ object: JSONObject) throws(MalformedRecord) {
        let record = try Service(json: [
            "name": object.member(ignoringCase: "Service") ?? .null,
            "version": object.member(ignoringCase: "Version") ?? .null,
            "metadata": object.member(ignoringCase: "Metadata") ?? .null,
            "endpoints": object.member(ignoringCase: "Endpoints") ?? .null,
        ])
        service = record.name
        version = record.version
        endpoints = record.endpoints
        metadata = record.metadata
    }

    private static func bytes(ofHexadecimal strings: [[UInt8]]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for string in strings {
            for character in string {
                guard let value = value(ofDigit: character) else { return nil }
                if let first = high {
                    bytes.append(first << 4 | value)
                    high = nil
                } else {
                    high = value
                }
            }
        }
        return high == nil ? bytes : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private static func value(ofDigit character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
