import Bytes
import HTTP

/// A field as the tests write it: a name, a value, and how it is to be indexed.
struct TestField: Equatable, CustomStringConvertible {
    var name: String
    var value: String
    var indexing = HPACKIndexing.incremental

    init(_ name: String, _ value: String, _ indexing: HPACKIndexing = .incremental) {
        (self.name, self.value, self.indexing) = (name, value, indexing)
    }

    var description: String { "\(name): \(value)" }
}

/// Bytes from hexadecimal digits, blanks between them ignored.
func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
        let start = digits.index(digits.startIndex, offsetBy: offset)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
    }
}

extension HPACKFieldList {
    var texts: [String] { (0..<count).map { "\(String(nameSpan(at: $0))): \(String(valueSpan(at: $0)))" } }
}

/// What came of decoding a block: its fields, or why not.
enum DecodedBlock: Equatable {
    case fields([String])
    case tooMany
    case problem(HPACKProblem)
}

extension HPACKDecoder {
    mutating func result(_ block: [UInt8]) -> DecodedBlock {
        var list = HPACKFieldList()
        do throws(HPACKProblem) {
            try decode(block.span, into: &list)
            return list.isOverLimit ? .tooMany : .fields(list.texts)
        } catch {
            return .problem(error)
        }
    }
}

extension HPACKEncoder {
    mutating func block(_ fields: [TestField]) -> [UInt8] {
        var buffer = ByteBuffer()
        beginBlock(to: &buffer)
        for field in fields {
            encode(field.name.utf8.span, field.value.utf8.span, indexing: field.indexing, to: &buffer)
        }
        return buffer.bytes
    }
}
