/// Where in the payload a field goes: `a[b]` and `a.b` are member `b` of member `a`, `a[]` is one more element of `a`.
///
/// Dots count outside brackets only. Text after a bracket belongs to the name in it: `a[b]c` is `a[bc]`. Numbers in
/// brackets are names.
struct FieldPath {
    enum Step: Equatable {
        case member(String, isDotted: Bool)
        case element
    }

    /// How many steps there may be.
    static let maximumDepth = 32

    private(set) var steps: [Step] = []

    /// - Throws: `.malformedName` when brackets are not in pairs, `.tooDeep`.
    init(_ name: String) throws(PayloadProblem) {
        var pending: [UInt8] = []
        var isDotted = false
        var isInBrackets = false
        var isAfterElement = false

        func step() -> Step { .member(String(decoding: pending, as: UTF8.self), isDotted: isDotted) }

        for byte in name.utf8 {
            switch (byte, isInBrackets) {
            case (0x5B, false), (0x2E, false):
                if !isAfterElement { steps.append(step()) }
                pending.removeAll(keepingCapacity: true)
                isInBrackets = byte == 0x5B
                isDotted = !isInBrackets
                isAfterElement = false
            case (0x5D, true):
                isInBrackets = false
                if pending.isEmpty {
                    steps.append(.element)
                    isAfterElement = true
                }
            case (0x5B, true), (0x5D, false): throw .malformedName(name)
            default:
                if isAfterElement { throw .malformedName(name) }
                pending.append(byte)
            }
            // The last step is not yet among them.
            guard steps.count < Self.maximumDepth else { throw .tooDeep(field: name, limit: Self.maximumDepth) }
        }
        if isInBrackets { throw .malformedName(name) }
        if !isAfterElement { steps.append(step()) }
    }

    mutating func appendElement() { steps.append(.element) }
}
