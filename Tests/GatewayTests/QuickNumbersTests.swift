import Testing

@testable import Gateway

struct QuickNumbersTests {
    /// Made by the reference implementation of xoroshiro128++ with the state 1, 2.
    @Test func `the numbers are those of the algorithm`() {
        var numbers = QuickNumbers(first: 1, second: 2)
        #expect(
            (0..<4).map { _ in numbers.next() } == [393217, 669327710093319, 1732421326133921491, 11394790081659126983])
    }

    @Test func `no two sources make the same numbers`() {
        var seen: Set<UInt64> = []
        for _ in 0..<1_000 {
            var numbers = QuickNumbers()
            for _ in 0..<10 { #expect(seen.insert(numbers.next()).inserted) }
        }
    }
}
