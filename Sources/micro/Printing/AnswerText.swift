import Bytes
import JSON

/// The answer of a call as `micro call` prints it.
enum AnswerText {
    /// Indented with tabs, members in their own order; what is no JSON is printed as it came.
    static func indented(_ answer: [UInt8]) -> [UInt8] {
        let buffer = ByteBuffer(answer)
        guard !answer.isEmpty, let json = try? JSONParser.parse(buffer.span) else { return raw(answer) }
        return Array((json.text(JSONStyle(indentation: "\t", escapesHTML: false)) + "\n").utf8)
    }

    /// The bytes unchanged, and a line feed. Nothing stays nothing.
    static func raw(_ answer: [UInt8]) -> [UInt8] { answer.isEmpty ? [] : answer + [0x0a] }
}
