/// An expression as it is nested.
indirect enum ExpressionTree {
    case step(PathExpression.Step)
    case sequence([ExpressionTree])
    case choice(ExpressionTree, ExpressionTree)
    /// The most is nil for any number.
    case repetition(ExpressionTree, least: Int, most: Int?)
}

/// Reads extended regular expressions (IEEE 1003.1, 9.4).
struct ExpressionReader {
    private static let maximumDepth = 50
    /// POSIX's own limit for `{n}`.
    private static let maximumRepetition = 255

    private let scalars: [Unicode.Scalar]
    private var offset = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func read() throws(PathTemplate.Malformed) -> ExpressionTree {
        let tree = try readChoice()
        guard next == nil else { throw PathTemplate.Malformed("there is a ) without a (") }
        return tree
    }

    private var next: Unicode.Scalar? { offset < scalars.count ? scalars[offset] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        offset += 1
        return true
    }

    private mutating func readChoice() throws(PathTemplate.Malformed) -> ExpressionTree {
        var tree = try readSequence()
        while take("|") { tree = .choice(tree, try readSequence()) }
        return tree
    }

    private mutating func readSequence() throws(PathTemplate.Malformed) -> ExpressionTree {
        var parts: [ExpressionTree] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            parts.append(try readRepeated())
        }
        return .sequence(parts)
    }

    private mutating func readRepeated() throws(PathTemplate.Malformed) -> ExpressionTree {
        var part = try readPart()
        while let scalar = next {
            if case .step(.atStart) = part, "*+?{".unicodeScalars.contains(scalar) {
                throw PathTemplate.Malformed("there is nothing before \(scalar) to repeat")
            }
            switch scalar {
            case "*": part = .repetition(part, least: 0, most: nil)
            case "+": part = .repetition(part, least: 1, most: nil)
            case "?": part = .repetition(part, least: 0, most: 1)
            case "{":
                part = try readCounted(part)
                continue
            default: return part
            }
            offset += 1
        }
        return part
    }

    private mutating func readCounted(_ part: ExpressionTree) throws(PathTemplate.Malformed) -> ExpressionTree {
        offset += 1
        let least = try readNumber()
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : try readNumber() }
        guard take("}") else { throw PathTemplate.Malformed("a { is not followed by numbers and a }") }
        if let most, most < least { throw PathTemplate.Malformed("{\(least),\(most)} is empty") }
        return .repetition(part, least: least, most: most)
    }

    private mutating func readNumber() throws(PathTemplate.Malformed) -> Int {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 4 {
            digits.unicodeScalars.append(scalar)
            offset += 1
        }
        guard let number = Int(digits), number <= Self.maximumRepetition else {
            throw PathTemplate.Malformed("a { is not followed by a number up to \(Self.maximumRepetition)")
        }
        return number
    }

    private mutating func readPart() throws(PathTemplate.Malformed) -> ExpressionTree {
        let scalar = scalars[offset]
        offset += 1
        switch scalar {
        case "(": return try readGroup()
        case "[": return .step(.set(try readSet()))
        case ".": return .step(.any)
        case "^": return .step(.atStart)
        case "$": return .step(.atEnd)
        case "\\": return .step(.scalar(try readEscaped()))
        case "*", "+", "?", "{": throw PathTemplate.Malformed("there is nothing before \(scalar) to repeat")
        default: return .step(.scalar(scalar))
        }
    }

    private mutating func readGroup() throws(PathTemplate.Malformed) -> ExpressionTree {
        guard next != "?" else {
            throw PathTemplate.Malformed("(? is no group of POSIX; nothing is captured, so ( alone will do")
        }
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw PathTemplate.Malformed("its groups are nested more than \(Self.maximumDepth) deep")
        }
        let tree = try readChoice()
        guard take(")") else { throw PathTemplate.Malformed("there is a ( without a )") }
        depth -= 1
        return tree
    }

    /// Only what has a meaning of its own may be escaped, so that `\d` is not taken for a d.
    private mutating func readEscaped() throws(PathTemplate.Malformed) -> Unicode.Scalar {
        guard let scalar = next else { throw PathTemplate.Malformed("there is nothing after the last \\") }
        guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
            throw PathTemplate.Malformed("\\\(scalar) is no escape of POSIX; use classes such as [[:digit:]]")
        }
        offset += 1
        return scalar
    }
}

// MARK: Brackets

extension ExpressionReader {
    private static let classes: [String: [ClosedRange<Unicode.Scalar>]] = [
        "alpha": ["a"..."z", "A"..."Z"], "digit": ["0"..."9"], "alnum": ["a"..."z", "A"..."Z", "0"..."9"],
        "lower": ["a"..."z"], "upper": ["A"..."Z"], "xdigit": ["0"..."9", "a"..."f", "A"..."F"],
        "punct": ["!"..."/", ":"..."@", "["..."`", "{"..."~"], "blank": [" "..." ", "\t"..."\t"],
        "space": [" "..." ", "\t"..."\r"], "print": [" "..."~"], "graph": ["!"..."~"],
        "cntrl": ["\0"..."\u{1f}", "\u{7f}"..."\u{7f}"],
    ]

    fileprivate mutating func readSet() throws(PathTemplate.Malformed) -> ScalarSet {
        var set = ScalarSet()
        set.isInverted = take("^")
        var isFirst = true
        while let scalar = next {
            if scalar == "]", !isFirst {
                offset += 1
                return set
            }
            isFirst = false
            if scalar == "[", offset + 1 < scalars.count, scalars[offset + 1] == ":" {
                set.ranges += try readClass()
            } else {
                set.ranges.append(try readRange())
            }
        }
        throw PathTemplate.Malformed("there is a [ without a ]")
    }

    private mutating func readClass() throws(PathTemplate.Malformed) -> [ClosedRange<Unicode.Scalar>] {
        offset += 2
        var name = ""
        while let scalar = next, scalar != ":", name.utf8.count < 16 {
            name.unicodeScalars.append(scalar)
            offset += 1
        }
        guard take(":"), take("]"), let ranges = Self.classes[name] else {
            throw PathTemplate.Malformed("[:\(name):] is no class of characters")
        }
        return ranges
    }

    private mutating func readRange() throws(PathTemplate.Malformed) -> ClosedRange<Unicode.Scalar> {
        let low = try readMember()
        guard next == "-", offset + 1 < scalars.count, scalars[offset + 1] != "]" else { return low...low }
        offset += 1
        let high = try readMember()
        guard low <= high else { throw PathTemplate.Malformed("the range \(low)-\(high) is empty") }
        return low...high
    }

    private mutating func readMember() throws(PathTemplate.Malformed) -> Unicode.Scalar {
        guard let scalar = next else { throw PathTemplate.Malformed("there is a [ without a ]") }
        offset += 1
        return scalar == "\\" ? try readEscaped() : scalar
    }
}
