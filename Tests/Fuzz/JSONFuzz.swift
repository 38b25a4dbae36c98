import Bytes
import JSON

/// The scanner and the parser agree on what JSON is, and what we write is read as the same value.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = ByteBuffer(Array(UnsafeBufferPointer(start: start, count: count)))
    let limits = JSONLimits(depth: 16, values: 4_096)
    let isValid: Bool
    do throws(JSONProblem) {
        _ = try JSONScanner.validate(input.span, limits: limits)
        isValid = true
    } catch {
        precondition(error.offset >= 0 && error.offset <= count)
        isValid = false
    }
    do throws(JSONProblem) {
        let value = try JSONParser.parse(input.span, limits: limits)
        precondition(isValid, "the parser takes what the scanner refuses")
        var written = ByteBuffer()
        JSONWriter.write(value, to: &written)
        let again = try JSONParser.parse(written.span, limits: limits)
        precondition(again == value, "what we write is another value")
    } catch {
        precondition(!isValid || error.reason.contains("values"), "the scanner takes what the parser refuses: \(error)")
    }
    return 0
}
