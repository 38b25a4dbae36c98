import Server
import Testing

struct SparesTests {
    @Test func `the last given back is the first taken, and more than the limit are not kept`() {
        var spares = Spares<Int>(limit: 2)
        #expect(spares.take() == nil)
        #expect(spares.put(1) && spares.put(2) && !spares.put(3))
        #expect(spares.take() == 2)
        #expect(spares.take() == 1)
        #expect(spares.take() == nil)
    }

    @Test func `what nobody needs goes by and by, the longest unused first, down to the last`() {
        var spares = Spares<Int>(limit: 10)
        for number in 1...8 { _ = spares.put(number) }
        #expect(spares.thin() == [])
        #expect(spares.thin() == [1, 2, 3, 4])
        #expect(spares.thin() == [5, 6])
        #expect(spares.thin() == [7])
        #expect(spares.thin() == [8])
        #expect(spares.thin() == [])
        #expect(spares.count == 0)
    }

    @Test func `what was needed since the last thinning stays`() {
        var spares = Spares<Int>(limit: 10)
        for number in 1...8 { _ = spares.put(number) }
        for _ in 0..<20 {
            let taken = [spares.take(), spares.take(), spares.take()].compactMap(\.self)
            #expect(taken.count == 3)
            for number in taken { _ = spares.put(number) }
            _ = spares.thin()
        }
        #expect(spares.count == 3)
    }
}
