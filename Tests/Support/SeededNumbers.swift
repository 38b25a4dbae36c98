/// The same numbers in every run and on every machine, so that a failure can be repeated (SplitMix64).
package struct SeededNumbers: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number below `count`. Cheaper in a debug build than `Int.random`, which counts where there are millions.
    package mutating func roll(_ count: Int) -> Int { Int((next() >> 33) % UInt64(count)) }

    package mutating func pick<Value>(_ values: [Value]) -> Value { values[roll(values.count)] }
}
