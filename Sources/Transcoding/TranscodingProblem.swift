/// Why a message was not transcoded.
package struct TranscodingProblem: Error, Equatable, CustomStringConvertible {
    /// The field in question, such as `user.emails[2]` or `labels["x y"]`; empty for the message itself.
    package let path: String

    /// Where it was noticed, in bytes from the start of the message that was read, counted from 0.
    package let offset: Int

    /// What is wrong, as a phrase. Of the message it quotes at most a name, cut to 64 bytes.
    package let reason: String

    package init(path: String, offset: Int, reason: String) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    /// Field, reason and place. For JSON that a client sent, this is fit for that client.
    package var description: String { "\(path.isEmpty ? "" : "\(path): ")\(reason) at byte \(offset)" }
}

/// How much of a message is read before it is refused.
package struct TranscodingLimits: Sendable, Equatable {
    /// How many messages may lie in one another; values, lists and structs of free-form JSON are messages too. Default
    /// 100, as in other implementations of protobuf, which also bounds the stack.
    package var depth: Int

    /// The longest message read, in bytes, of either form. Default 4,194,304, as for gRPC; at most 2 GiB.
    package var bytes: Int

    /// The longest JSON text written, in bytes, give or take one message. Default 64 MiB: names of fields and zeros can
    /// make a short message long.
    package var output: Int

    package init(depth: Int = 100, bytes: Int = 4_194_304, output: Int = 64 << 20) {
        self.depth = depth
        self.bytes = min(bytes, Int(Int32.max))
        self.output = output
    }
}

/// How messages are written as JSON where ProtoJSON leaves a choice.
package struct ProtoJSONStyle: Sendable, Equatable {
    /// Whether fields have the names they were declared with (`total_count`) rather than `totalCount`. Default false.
    package var usesDeclaredNames: Bool

    /// Whether lists and maps that are empty, and zeros that cannot be told from none, are written all the same. Default
    /// false.
    package var writesDefaults: Bool

    /// Whether values of enumerations are written as numbers rather than by name. Default false.
    package var writesEnumNumbers: Bool

    /// Whether numbers of 64 bits are written as numbers rather than as strings. Scripts in browsers lose digits of them.
    /// Default false.
    package var writesLongNumbers: Bool

    /// Whether `<`, `>` and `&` are written as `\u003c` and so on, so that the text may stand inside HTML. Default true,
    /// as everywhere in this program.
    package var escapesHTML: Bool

    package init(
        usesDeclaredNames: Bool = false, writesDefaults: Bool = false, writesEnumNumbers: Bool = false,
        writesLongNumbers: Bool = false, escapesHTML: Bool = true
    ) {
        self.usesDeclaredNames = usesDeclaredNames
        self.writesDefaults = writesDefaults
        self.writesEnumNumbers = writesEnumNumbers
        self.writesLongNumbers = writesLongNumbers
        self.escapesHTML = escapesHTML
    }

    /// As the gRPC servers of Go Micro answer: the declared names, and nothing that is empty.
    package static let goMicro = ProtoJSONStyle(usesDeclaredNames: true)
}
