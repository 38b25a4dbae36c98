import HTTP
import TestSupport
import Testing

struct HPACKRandomTests {
    @Test func `blocks of any fields are read as they were written, while tables change their size`() {
        var random = SeededNumbers(seed: 7_541)
        for _ in 0..<20 {
            var encoder = HPACKEncoder()
            var decoder = HPACKDecoder()
            for _ in 0..<200 {
                if Int.random(in: 0..<10, using: &random) == 0 {
                    let size = Int.random(in: 0...5_000, using: &random)
                    encoder.setAllowedTableSize(size)
                    decoder.setAllowedTableSize(size)
                }
                let fields = (0..<Int.random(in: 0..<8, using: &random)).map { _ in field(&random) }
                let block = encoder.block(fields)
                #expect(decoder.result(block) == .fields(fields.map(\.description)))
                #expect(decoder.tableSize == encoder.tableSize)
            }
        }
    }

    private func field(_ random: inout SeededNumbers) -> TestField {
        let names = [":path", "accept", "x-one", "x-two", "cookie", "a-name-that-is-somewhat-longer"]
        let letters = String(repeating: "v\u{e9}~ ", count: Int.random(in: 0..<60, using: &random))
        let value = Bool.random(using: &random) ? "same" : "\(Int.random(in: 0..<50, using: &random))\(letters)"
        let indexings: [HPACKIndexing] = [.incremental, .incremental, .without, .never]
        let indexing = indexings[Int.random(in: 0..<4, using: &random)]
        return TestField(names[Int.random(in: 0..<names.count, using: &random)], value, indexing)
    }

    @Test func `a hundred thousand damaged blocks are read or refused, and keep every bound`() {
        var random = SeededNumbers(seed: 1)
        let seeds = [
            "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", "8286 84be 5886 a8eb 1064 9cbf",
            "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", "4803 3330 37c1 c0bf 3fe1 1f20 1008 7061",
            "20 3fe1 1f 40 01 61 01 62 be 7f 00 01 63 00 00 00",
        ].map { bytes($0) }
        var list = HPACKFieldList()
        var filled = HPACKDecoder(listLimit: 512)
        for seed in [0, 2] { _ = filled.result(seeds[seed]) }
        var decoder = filled
        var refused = 0
        for _ in 0..<100_000 {
            var block = seeds[Int.random(in: 0..<seeds.count, using: &random)]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<block.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: block[place] = UInt8.random(in: 0...255, using: &random)
                case 1: block[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: block.insert(UInt8.random(in: 0...255, using: &random), at: place)
                default: if block.count > 1 { block.remove(at: place) }
                }
            }
            do throws(HPACKProblem) {
                try decoder.decode(block.span, into: &list)
            } catch {
                refused += 1
                decoder = filled
            }
            var kept = 0
            for index in 0..<list.count {
                kept += list.nameSpan(at: index).count + list.valueSpan(at: index).count + 32
            }
            guard kept <= 512, decoder.tableSize <= 4_096, list.isOverLimit || kept <= list.size else {
                Issue.record("\(block) broke a bound")
                return
            }
        }
        #expect((10_000..<95_000).contains(refused), "\(refused)")
    }
}
