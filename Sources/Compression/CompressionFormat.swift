/// What is written around deflated bytes.
package enum CompressionFormat: Sendable, CaseIterable {
    /// RFC 1952.
    case gzip
    /// RFC 1950. HTTP calls it `deflate`.
    case zlib

    /// How zlib is told the format together with the size of the window.
    func windowBits(_ bits: Int32) -> Int32 {
        switch self {
        case .gzip: bits + 16
        case .zlib: bits
        }
    }
}
