import Bytes
import HTTP

/// Blocks of fields, each with a byte before it that tells its length: whatever is understood is written by our encoder
/// so that another decoder reads the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHPACK(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var decoder = HPACKDecoder(tableSize: 256, listLimit: 4_096)
    var encoder = HPACKEncoder()
    var second = HPACKDecoder()
    var list = HPACKFieldList()
    var again = HPACKFieldList()
    var rest = ByteBuffer(Array(UnsafeBufferPointer(start: start, count: count)))
    while !rest.isEmpty {
        let length = min(Int(rest.span[0]), rest.count - 1)
        rest.consume(1)
        let block = ByteBuffer(Array(rest.bytes.prefix(length)))
        rest.consume(length)
        do throws(HPACKProblem) {
            try decoder.decode(block.span, into: &list)
            precondition(decoder.tableSize <= 256)
        } catch {
            return 0
        }
        if list.isOverLimit { continue }
        var written = ByteBuffer()
        encoder.beginBlock(to: &written)
        for index in 0..<list.count {
            encoder.encode(list.nameSpan(at: index), list.valueSpan(at: index), to: &written)
        }
        do throws(HPACKProblem) {
            try second.decode(written.span, into: &again)
        } catch {
            fatalError("our own block is refused: \(error)")
        }
        precondition(again.count == list.count)
        for index in 0..<list.count {
            let name = ByteBuffer(text: list.nameSpan(at: index)).text.lowercased()
            precondition(ByteBuffer(text: again.nameSpan(at: index)).text.lowercased() == name)
            precondition(
                ByteBuffer(text: again.valueSpan(at: index)).bytes == ByteBuffer(text: list.valueSpan(at: index)).bytes)
        }
    }
    return 0
}

extension ByteBuffer {
    fileprivate init(text: Span<UInt8>) {
        self.init()
        append(text)
    }
}
