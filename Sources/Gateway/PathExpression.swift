/// A regular expression over a whole path, marked by `^` at its beginning and `$` at its end: `^/items/[0-9]+/?$`.
///
/// Extended expressions of POSIX (IEEE 1003.1, 9.4): `.`, brackets with ranges and classes such as `[[:digit:]]`, groups,
/// `|`, `*`, `+`, `?` and `{2,3}`. Nothing is captured. To match takes time that grows with the length of the path times
/// that of the expression, whatever both are: all ways through the expression are followed at once.
package struct PathExpression: Sendable, Equatable {
    /// The longest expression, in bytes.
    package static let maximumLength = 1_000
    /// The longest path that is looked at, in characters. No longer one matches.
    package static let maximumPath = 2_048
    /// The most steps that an expression may come to, repetitions written out.
    static let maximumSteps = 2_000

    /// One step of the way through an expression.
    enum Step: Sendable, Equatable {
        case scalar(Unicode.Scalar)
        case any
        case set(ScalarSet)
        /// Both ways are followed.
        case either(Int, Int)
        case jump(Int)
        case atStart
        case atEnd
        case done
    }

    package let text: String
    let steps: [Step]

    /// Whether a pattern is meant as an expression.
    package static func isMarked(_ text: String) -> Bool {
        guard text.hasPrefix("^"), text.hasSuffix("$") else { return false }
        let escapes = text.dropLast().reversed().prefix { $0 == "\\" }
        return escapes.count % 2 == 0
    }

    /// - Throws: What is wrong with it.
    package init(_ text: String) throws(PathTemplate.Malformed) {
        guard Self.isMarked(text) else {
            throw PathTemplate.Malformed("a regular expression begins with ^ and ends with $")
        }
        guard text.utf8.count <= Self.maximumLength else {
            throw PathTemplate.Malformed("it is longer than \(Self.maximumLength) bytes")
        }
        var reader = ExpressionReader(text)
        let tree = try reader.read()
        var compiler = ExpressionCompiler()
        try compiler.add(tree)
        try compiler.emit(.done)
        self.text = text
        steps = compiler.steps
    }

    /// - Parameter path: Decoded.
    package func matches(_ path: String) -> Bool {
        let scalars = Array(path.unicodeScalars.prefix(Self.maximumPath + 1))
        guard scalars.count <= Self.maximumPath else { return false }
        var walk = ExpressionWalk(steps: steps, length: scalars.count)
        walk.enter(0, at: 0)
        for (position, scalar) in scalars.enumerated() {
            guard !walk.isStuck else { return false }
            walk.take(scalar, at: position)
        }
        return walk.isDone
    }

    /// The segment that every path that matches begins with, such as `items`. Nil when there is none.
    var firstSegment: String? {
        let special = "\\.[](){}*+?|^$"
        let body = text.dropFirst().dropLast()
        guard body.first == "/", !body.contains("|") else { return nil }
        let rest = body.dropFirst()
        let literal = rest.prefix { $0 != "/" && !special.contains($0) }
        guard let next = rest[literal.endIndex...].first else { return String(literal) }
        // What repeats is the slash itself, or the last character of the segment.
        let follows = rest[literal.endIndex...].dropFirst().first
        return next == "/" && !(follows.map { "*?{".contains($0) } ?? false) ? String(literal) : nil
    }
}

/// Characters in brackets.
struct ScalarSet: Sendable, Equatable {
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    var isInverted = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isInverted }
}

/// Follows all ways through an expression at once.
private struct ExpressionWalk {
    private let steps: [PathExpression.Step]
    private let length: Int
    private var current: [Int] = []
    private var next: [Int] = []
    /// In which round a step was entered last, so that each is entered once a round.
    private var marks: [Int]
    private var round = 0
    private(set) var isDone = false

    init(steps: [PathExpression.Step], length: Int) {
        self.steps = steps
        self.length = length
        marks = [Int](repeating: -1, count: steps.count)
    }

    var isStuck: Bool { next.isEmpty }

    /// Goes on until a step that wants a character.
    mutating func enter(_ first: Int, at position: Int) {
        var pending = [first]
        while let index = pending.popLast() {
            guard marks[index] != round else { continue }
            marks[index] = round
            switch steps[index] {
            case .scalar, .any, .set: next.append(index)
            case .either(let one, let other): pending += [other, one]
            case .jump(let target): pending.append(target)
            case .atStart: if position == 0 { pending.append(index + 1) }
            case .atEnd: if position == length { pending.append(index + 1) }
            case .done: if position == length { isDone = true }
            }
        }
    }

    mutating func take(_ scalar: Unicode.Scalar, at position: Int) {
        swap(&current, &next)
        next.removeAll(keepingCapacity: true)
        round += 1
        for index in current where fits(scalar, steps[index]) { enter(index + 1, at: position + 1) }
    }

    private func fits(_ scalar: Unicode.Scalar, _ step: PathExpression.Step) -> Bool {
        switch step {
        case .scalar(let wanted): scalar == wanted
        case .any: true
        case .set(let set): set.contains(scalar)
        case .either, .jump, .atStart, .atEnd, .done: false
        }
    }
}

/// Writes the steps of an expression.
private struct ExpressionCompiler {
    private(set) var steps: [PathExpression.Step] = []

    mutating func emit(_ step: PathExpression.Step) throws(PathTemplate.Malformed) {
        guard steps.count < PathExpression.maximumSteps else {
            throw PathTemplate.Malformed("its repetitions make it too large")
        }
        steps.append(step)
    }

    mutating func add(_ tree: ExpressionTree) throws(PathTemplate.Malformed) {
        switch tree {
        case .step(let step): try emit(step)
        case .sequence(let parts): for part in parts { try add(part) }
        case .choice(let first, let second):
            let fork = steps.count
            try emit(.jump(0))
            try add(first)
            let end = steps.count
            try emit(.jump(0))
            steps[fork] = .either(fork + 1, steps.count)
            try add(second)
            steps[end] = .jump(steps.count)
        case .repetition(let part, let least, let most):
            for _ in 0..<least { try add(part) }
            guard let most else { return try addStar(part) }
            var forks: [Int] = []
            for _ in least..<most {
                forks.append(steps.count)
                try emit(.jump(0))
                try add(part)
            }
            for fork in forks { steps[fork] = .either(fork + 1, steps.count) }
        }
    }

    private mutating func addStar(_ part: ExpressionTree) throws(PathTemplate.Malformed) {
        let fork = steps.count
        try emit(.jump(0))
        try add(part)
        try emit(.jump(fork))
        steps[fork] = .either(fork + 1, steps.count)
    }
}
