/// Where in a JSON text a byte lies. Found only once something is wrong there, so that nothing is noted on the way.
struct JSONPath: ~Escapable {
    private enum Container {
        case object(key: Range<Int>?)
        case array(index: Int)
    }

    private let bytes: Span<UInt8>
    private var containers: [Container] = []

    /// - Parameters:
    ///   - bytes: A text that is JSON at least up to `offset`.
    ///   - offset: A byte in a member's name counts as one of that member.
    static func text(to offset: Int, in bytes: Span<UInt8>) -> String {
        var path = JSONPath(bytes)
        path.walk(to: min(offset, bytes.count))
        return path.text
    }

    @_lifetime(copy bytes)
    private init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    private mutating func walk(to end: Int) {
        var offset = 0
        var expectsKey = false
        while offset < end || (offset == end && expectsKey && end < bytes.count && bytes[end] == 0x22) {
            switch bytes[offset] {
            case 0x7B:
                containers.append(.object(key: nil))
                expectsKey = true
            case 0x5B: containers.append(.array(index: 0))
            case 0x7D, 0x5D:
                _ = containers.popLast()
                expectsKey = false
            case 0x2C:
                switch containers.last {
                case .array(let index): containers[containers.count - 1] = .array(index: index + 1)
                case .object:
                    containers[containers.count - 1] = .object(key: nil)
                    expectsKey = true
                case nil: break
                }
            case 0x22:
                let start = offset + 1
                offset = self.end(ofStringFrom: start)
                if expectsKey {
                    containers[containers.count - 1] = .object(key: start..<min(offset, bytes.count))
                    expectsKey = false
                }
            default: break
            }
            offset += 1
        }
    }

    /// Where the closing quotation mark is, or the end.
    private func end(ofStringFrom start: Int) -> Int {
        var offset = start
        while offset < bytes.count, bytes[offset] != 0x22 { offset += bytes[offset] == 0x5C ? 2 : 1 }
        return offset
    }

    private var text: String {
        var text = ""
        for container in containers {
            switch container {
            case .array(let index): text += "[\(index)]"
            case .object(nil): break
            case .object(.some(let key)):
                let name = quoted(key)
                let isPlain = name.utf8.allSatisfy(\.isNameByte) && !name.isEmpty
                text += isPlain ? (text.isEmpty ? name : ".\(name)") : "[\"\(name)\"]"
            }
        }
        return text
    }

    /// A member's name as it was written, cut to 64 bytes.
    private func quoted(_ range: Range<Int>) -> String {
        let isLong = range.count > 64
        let start = range.lowerBound
        let name = bytes.extracting(start..<(isLong ? start + 64 : range.upperBound))
            .withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        return isLong ? "\(name)…" : name
    }
}

extension UInt8 {
    /// Whether names of fields are made of it.
    fileprivate var isNameByte: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
