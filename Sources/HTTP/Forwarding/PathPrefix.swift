internal import Bytes

/// The beginning of paths that is taken off before requests are passed on, where a service is mounted below it: `/shop`.
/// At least one segment, none of which is empty.
package struct PathPrefix: Sendable, Equatable, CustomStringConvertible {
    /// As it is compared with paths that are decoded.
    package let description: String
    /// As nodes are told it: what no path may have as it is, is encoded.
    package let encoded: String
    private let segmentCount: Int

    /// - Parameter segments: Decoded, and none of them empty. They have no blanks, and no control bytes.
    package init(segments: some Collection<String>) {
        description = segments.map { "/\($0)" }.joined()
        encoded = description.map { $0.isASCII && $0 != "%" ? String($0) : PercentEncoding.encode(String($0)) }.joined()
        segmentCount = segments.count
    }

    /// What is left of the path by which is decided: at least `/`.
    ///
    /// - Parameter path: In canonical form, and it begins with the prefix.
    package func rest(of path: Span<UInt8>) -> String {
        let end = end(in: path, decodesSlashes: false)
        return end < path.count ? String(path.extracting(end..<path.count)) : "/"
    }

    /// Where in a path the rest begins: at a slash, behind an encoded one, or at the end. Segments are counted and not
    /// compared, since the same one can be written in many ways.
    ///
    /// - Parameters:
    ///   - path: As `rest(of:)` has it, but for its slashes.
    ///   - decodesSlashes: Whether an encoded slash is one between segments.
    func end(in path: Span<UInt8>, decodesSlashes: Bool) -> Int {
        var left = segmentCount
        var index = 0
        while index < path.count {
            let isEncoded = decodesSlashes && path.hasEncodedSlash(at: index)
            if isEncoded || path[index] == .slash {
                guard left > 0 else { return isEncoded ? index + 3 : index }
                left -= 1
            }
            index += isEncoded ? 3 : 1
        }
        return path.count
    }
}

extension Span<UInt8> {
    fileprivate func hasEncodedSlash(at index: Int) -> Bool {
        index + 2 < count && self[index] == .percent && self[index + 1] == 0x32 && self[index + 2].lowercased == 0x66
    }
}
