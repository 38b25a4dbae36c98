/// Why a block of compressed fields cannot be read. The table of the connection is lost with it, so each of these ends
/// the connection (RFC 9113, 4.3): all are COMPRESSION_ERROR but `listTooLarge`.
package enum HPACKProblem: Error, Equatable, Sendable {
    /// The block ends within a field.
    case truncated
    /// A number above `HPACKInteger.maximum`, or one written with more bytes than such a number needs.
    case integerTooLarge
    /// A string that ends with anything but up to seven one bits, or that has the code of its own end in it.
    case badHuffman
    /// A place in the tables where nothing is, 0 among them.
    case badIndex
    /// A new table size after the first field of a block, or the third one before it.
    case misplacedSizeUpdate
    /// A table larger than our setting allows.
    case sizeUpdateTooLarge
    /// Our setting was lowered below the table's size, and the next block does not begin by saying so.
    case missingSizeUpdate
    /// The fields were far over the limit; reading on only to keep the table right would serve nobody.
    case listTooLarge
}
