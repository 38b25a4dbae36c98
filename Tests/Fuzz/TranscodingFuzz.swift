import Bytes
import Glibc
import JSON
import Transcoding

/// The schema of the module's tests. The script starts this at the root of the repository.
private let schemas: SchemaSet = {
    guard let file = fopen("Tests/TranscodingTests/Golden/schema.binpb", "r") else { preconditionFailure("no schema") }
    defer { fclose(file) }
    var content = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&content, 1, content.count, file)
    var builder = SchemaBuilder()
    do throws(SchemaProblem) {
        try builder.add(fileDescriptorSet: content.span.extracting(0..<count))
        return try builder.build()
    } catch { preconditionFailure("no schema: \(error)") }
}()

private let names = ["sample.Everything", "sample.legacy.Order", "sample.modern.Parcel", "google.protobuf.Value"]

/// The first byte chooses the type and the way. What becomes JSON is JSON, becomes a message again, and that the same
/// JSON; what becomes a message becomes JSON, unless it has a number that JSON has not.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTranscoding(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let input = ByteBuffer(Array(UnsafeBufferPointer(start: start + 1, count: count - 1)))
    guard let message = schemas.message(named: names[Int(start[0] >> 1) % names.count]) else { return 0 }
    var transcoder = Transcoder(limits: TranscodingLimits(depth: 20))
    var (first, second, third) = (ByteBuffer(), ByteBuffer(), ByteBuffer())
    do throws(TranscodingProblem) {
        if start[0] & 1 == 0 {
            try transcoder.appendProtobuf(fromJSON: input.span, as: message, to: &first)
        } else {
            try transcoder.appendJSON(fromProtobuf: input.span, as: message, to: &first)
        }
    } catch {
        precondition(error.offset >= 0 && error.offset < count && first.isEmpty)
        return 0
    }
    do throws(TranscodingProblem) {
        if start[0] & 1 == 0 {
            try transcoder.appendJSON(fromProtobuf: first.span, as: message, to: &second)
            try transcoder.appendProtobuf(fromJSON: second.span, as: message, to: &third)
        } else {
            precondition((try? JSONScanner.validate(first.span)) != nil, "what we write is no JSON")
            try transcoder.appendProtobuf(fromJSON: first.span, as: message, to: &second)
            try transcoder.appendJSON(fromProtobuf: second.span, as: message, to: &third)
            // A null may stand for a number that NullValue has no name for, and means 0 when it comes back.
            precondition(third.bytes == first.bytes || first.text.contains("null"), "there and back is something else")
        }
    } catch {
        let isKnown = ["no number of JSON", "too deeply", "is missing", "of that number", "no such field"]
        precondition(isKnown.contains { error.reason.contains($0) }, "not back again: \(error)")
    }
    return 0
}
