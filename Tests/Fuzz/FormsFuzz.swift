import Bytes
import HTTP
import Handlers

/// Queries, forms and paths as clients write them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzForms(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = ByteBuffer(Array(UnsafeBufferPointer(start: start, count: count)))
    _ = try? FormFields.parse(input.span)
    _ = try? QueryFields.parse(query: input.text)
    if let path = PercentEncoding.canonicalPath(input.span) {
        precondition(PercentEncoding.canonicalPath(ByteBuffer(path).span) == nil, "\(path) has another form still")
    }
    return 0
}
