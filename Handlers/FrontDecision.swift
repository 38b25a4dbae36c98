package import HTTP

/// What stands before all routing says of a request: a function of its path alone, and of which paths are declared, so that
/// whoever explains a request asks the same function as whoever answers it.
package enum FrontDecision: Sendable, Equatable {
    /// `/`, which tells the version.
    case root
    /// `*`, which concerns no resource.
    case asterisk
    case rpc
    /// `/favicon.ico`, which is empty.
    case icon
    /// The client is sent to the canonical form of the path, query included.
    case redirect(to: String)
    /// 400, with this sentence.
    case refused(String)
    /// It is routed by its path.
    case next
    /// It is routed by this path, and passed on as it was received.
    case nextBy(path: String)

    /// - Parameter isDeclared: Whether someone has declared a route for the request, which goes before what the gateway would
    ///   answer at `/` and `/favicon.ico`. Asked for those two only.
    package init(
        _ head: borrowing RequestHead, encodedSlashes: EncodedSlashes = .keep,
        isDeclared: (borrowing RequestHead) -> Bool = { _ in false }
    ) {
        let path = head.pathSpan
        if path.count == 1 {
            guard head.path == "/" else {
                self = .asterisk
                return
            }
            self = isDeclared(head) ? .next : .root
            return
        }
        switch PathForm(of: path, encodedSlashes: encodedSlashes) {
        case .ambiguous(let problem): self = .refused(problem.description)
        case .other(let canonical): self = .redirect(to: head.query.map { "\(canonical)?\($0)" } ?? canonical)
        case .decoded(let decoded): self = .nextBy(path: decoded)
        case .canonical:
            if path.spells("/rpc") {
                self = .rpc
            } else if path.spells("/favicon.ico") {
                self = isDeclared(head) ? .next : .icon
            } else {
                self = .next
            }
        }
    }
}

extension Span<UInt8> {
    /// Whether this path, in canonical form, is that text, some bytes of which may be encoded. Costs no memory.
    fileprivate func spells(_ text: StaticString) -> Bool {
        var index = 0
        for place in 0..<text.utf8CodeUnitCount {
            guard index < count else { return false }
            let escaped = escapedByte(at: index)
            guard escaped ?? self[index] == text.utf8Start[place] else { return false }
            index += escaped == nil ? 1 : 3
        }
        return index == count
    }
}
