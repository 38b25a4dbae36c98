/// Numbers for what must differ from everything else and need not be a secret: the system is asked for the first two, and
/// not again for each (xoroshiro128++). For what every request needs.
package struct QuickNumbers: RandomNumberGenerator, Sendable {
    /// Both zero before the first number.
    private var state: (first: UInt64, second: UInt64) = (0, 0)

    package init() {}

    /// The same numbers for each pair, for tests. Not both may be zero.
    init(first: UInt64, second: UInt64) {
        precondition(first != 0 || second != 0, "nothing but zeros would follow")
        state = (first, second)
    }

    package mutating func next() -> UInt64 {
        while state == (0, 0) { seed() }
        let (first, second) = state
        let mixed = second ^ first
        state = (rotated(first, 49) ^ mixed ^ (mixed << 21), rotated(mixed, 28))
        return rotated(first &+ second, 17) &+ first
    }

    private mutating func seed() {
        var generator = SystemRandomNumberGenerator()
        state = (generator.next(), generator.next())
    }

    private func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}
