package import HTTP

// What a route takes off the paths of requests before it passes them on.

extension RouteRule.Condition {
    /// The beginning of this path that the operator has named to be taken off.
    ///
    /// - Throws: What is wrong with it, as a sentence without a period.
    package func prefix(named text: String, for kind: HandlerKind) throws(PathTemplate.Malformed) -> PathPrefix {
        guard kind.nodeUse == .proxying else {
            throw PathTemplate.Malformed(
                "only what is passed on has a path of which something can be taken off: with handler http, proxy or web,"
                    + " and this route has \(kind.rawValue)")
        }
        guard case .template(let template) = pattern else {
            throw PathTemplate.Malformed(
                "a regular expression has no beginning that can be taken off: write the path as a template, such as"
                    + " /shop/**")
        }
        let literals = template.literalBeginning
        guard !literals.isEmpty else {
            throw PathTemplate.Malformed(
                "the path \(self.text.prefix(64)) has no literal beginning that can be taken off, such as that of"
                    + " /shop/**")
        }
        let choices = literals.indices.map { PathPrefix(segments: literals[...$0]) }
        if let choice = choices.first(where: { $0.description == text }) { return choice }
        let words = choices.suffix(4).map(\.description).joined(separator: " or ")
        throw PathTemplate.Malformed(
            "\(text.isEmpty ? "nothing" : String(text.prefix(64))) is no beginning of the path \(self.text.prefix(64)) that"
                + " can be taken off: write \(words)")
    }
}

extension PathTemplate {
    /// The segments before the first that stands for others. The last one is none of them when it has a verb behind it.
    fileprivate var literalBeginning: [String] {
        var literals: [String] = []
        for segment in verb == nil ? segments[...] : segments.dropLast() {
            guard case .literal(let text) = segment, !text.isEmpty else { break }
            literals.append(text)
        }
        return literals
    }
}
