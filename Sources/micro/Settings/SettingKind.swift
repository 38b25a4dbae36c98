import Gateway
import Reactor

/// What a setting's value looks like.
enum SettingKind: Sendable, Equatable {
    /// Anything; the word stands for the value in the help.
    case text(String)
    case boolean
    /// `5s`, `500ms`, `1m30s` as Go writes them, or plain seconds.
    case duration(ClosedRange<Duration>)
    /// `4MiB`, `64KiB`, or plain bytes.
    case size(ClosedRange<Int>)
    case integer(ClosedRange<Int>)
    /// Words between commas. Blank ones are dropped.
    case list(String)
    /// Address ranges between commas, such as `10.0.0.0/8`.
    case addressRanges
    /// Origins of web pages between commas, such as `https://app.example`, or `*`. Read as a list.
    case origins
    /// Nodes between commas, such as `greeter=10.0.0.5:9090,protocol=grpc`.
    case staticNodes
    /// One of `valid`, in capitals or not unless it is exact; those in `notYet` exist in the original and are refused with
    /// a sentence of their own.
    case word(valid: [String], notYet: [String], isExact: Bool = false)
    /// `host:port` or `:port`.
    case address
}

/// A setting's value, read.
enum SettingValue: Sendable, Equatable {
    case text(String)
    case boolean(Bool)
    case duration(Duration)
    /// An integer, or a size in bytes.
    case number(Int)
    case list([String])
    case addressRanges([AddressRange])
    case staticNodes([StaticNode])
    case address(ListenAddress)
}

/// Why a text is no value of a setting.
struct BadSettingValue: Error, Equatable {
    /// What would be one, such as `a duration such as 5s or 500ms`.
    let expected: String
    /// What was probably meant.
    var suggestion: String?
    /// True for a word that this version knows but cannot do.
    var isNotYetSupported = false
}

extension SettingKind {
    /// Reads a value.
    func value(of text: String) throws(BadSettingValue) -> SettingValue {
        switch self {
        case .text: return .text(text)
        case .boolean:
            guard let truth = Self.truth(of: text) else { throw BadSettingValue(expected: expectation) }
            return .boolean(truth)
        case .duration(let range):
            guard let duration = DurationText.parse(text), range.contains(duration) else { throw mistake(in: text) }
            return .duration(duration)
        case .size(let range):
            guard let size = SizeText.parse(text), range.contains(size) else { throw mistake(in: text) }
            return .number(size)
        case .integer(let range):
            guard let number = Int(text), range.contains(number) else { throw mistake(in: text) }
            return .number(number)
        case .list: return .list(Self.words(in: text))
        case .addressRanges:
            var ranges: [AddressRange] = []
            for word in Self.words(in: text) {
                guard let range = AddressRange(word) else { throw mistake(in: text) }
                ranges.append(range)
            }
            return .addressRanges(ranges)
        case .origins:
            let words = Self.words(in: text)
            guard words.allSatisfy(OriginPolicy.isOrigin) else { throw mistake(in: text) }
            return .list(words)
        case .staticNodes: return .staticNodes(try StaticNode.read(Self.words(in: text), expectation))
        case .word(let valid, let notYet, let isExact):
            return .text(try Self.word(text, in: valid, notYet: notYet, isExact: isExact, expectation))
        case .address:
            guard let address = ListenAddress(text) else { throw mistake(in: text) }
            return .address(address)
        }
    }

    /// What a value must be, for the end of a sentence.
    var expectation: String {
        switch self {
        case .text(let word), .list(let word): word
        case .boolean: "true or false"
        case .duration(let range):
            "a duration such as 5s, 500ms or 1m30s, from \(DurationText.text(range.lowerBound))"
                + " to \(DurationText.text(range.upperBound))"
        case .size(let range):
            "a size such as 64KiB or 4MiB, from \(SizeText.text(range.lowerBound)) to \(SizeText.text(range.upperBound))"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .addressRanges: "address ranges such as 10.0.0.0/8,fd00::/8"
        case .origins: "origins such as https://app.example,http://localhost:3000, or *"
        case .staticNodes: "name=host:port, with ,protocol=grpc, http or mucp after it, and ,secure=true for TLS"
        case .word(let valid, _, _): valid.joinedAsChoice
        case .address: "host:port or :port, such as 127.0.0.1:8080"
        }
    }

    /// What stands for the value in the help; empty for a boolean.
    var placeholder: String {
        switch self {
        case .text(let word), .list(let word): word
        case .boolean: ""
        case .duration: "duration"
        case .size: "size"
        case .integer: "number"
        case .addressRanges: "ranges"
        case .origins: "origins"
        case .staticNodes: "name=host:port"
        case .word(let valid, _, _): valid.count > 3 ? "word" : valid.joined(separator: "|")
        case .address: "host:port"
        }
    }

    private func mistake(in text: String) -> BadSettingValue {
        // A lone port is the commonest mistake in an address.
        let suggestion = self == .address && UInt16(text) != nil ? ":\(text)" : nil
        return BadSettingValue(expected: expectation, suggestion: suggestion)
    }

    /// Words of Micro v2 that have another name here: levels of its log.
    private static let formerWords = ["trace": "debug", "warn": "warning", "fatal": "error"]

    private static func word(
        _ text: String, in valid: [String], notYet: [String], isExact: Bool, _ expected: String
    ) throws(BadSettingValue) -> String {
        let word = text.lowercased()
        if valid.contains(isExact ? text : word) { return word }
        if let today = Self.formerWords[word], valid.contains(today) { return today }
        if notYet.contains(word) { throw BadSettingValue(expected: expected, isNotYetSupported: true) }
        throw BadSettingValue(expected: expected, suggestion: NearestWord.one(to: word, in: valid))
    }

    private static func truth(of text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "t", "1", "yes", "on": true
        case "false", "f", "0", "no", "off": false
        default: nil
        }
    }

    private static func words(in text: String) -> [String] {
        text.split(separator: ",").map { String($0.trimmingBlanks) }.filter { !$0.isEmpty }
    }
}

extension StringProtocol {
    /// Without the blanks and tabs at both ends.
    var trimmingBlanks: SubSequence {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

extension [String] {
    /// `rpc, http or proxy`.
    var joinedAsChoice: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: ", ") + " or " + last
    }
}
