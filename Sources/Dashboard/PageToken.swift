internal import HTTP

/// What tells the dashboard's own page from the pages of web applications that are reached by path, and so have the same
/// origin: their scripts can send whatever the page can, and browsers call it the same site.
///
/// The token stands in the page, which a browser gets when somebody opens it, and no script can read from elsewhere: what
/// scripts fetch says so in `Sec-Fetch-Dest`, frames of the page are forbidden, a window that shows it is cut off from
/// the one that opened it, and no cache keeps it. Browsers send `Sec-Fetch-Dest` to `localhost` and over HTTPS only, so
/// over plain HTTP from other machines this keeps nobody off; there, applications that are not trusted need hosts of
/// their own (`--resolver=subdomain`).
package struct PageToken: Sendable {
    /// Where a page sends it back.
    static let field = "X-Micro-Token"
    /// What stands for it in the file.
    static let placeholder = "{{token}}"

    private let text: String

    /// A new one, of 128 random bits.
    package init() {
        var generator = SystemRandomNumberGenerator()
        let halves = [generator.next() as UInt64, generator.next() as UInt64]
        text = halves.map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// What the page gets that answers this request: the token for one that a person opens, and nothing for a script.
    func text(for request: borrowing RequestHead) -> String {
        let destinations = request.fields.values(.secFetchDest)
        let modes = request.fields.values(.secFetchMode)
        return destinations.allSatisfy { $0 == "document" } && modes.allSatisfy { $0 == "navigate" } ? text : ""
    }

    /// Whether a request that changes or calls something comes from a page that has not the token. Browsers name the origin
    /// of every such request, and other programs that of none.
    func isMissing(in request: borrowing RequestHead) -> Bool {
        guard !request.method.isSafe else { return false }
        guard request.fields.contains(.origin) || request.fields.contains(.secFetchSite) else { return false }
        return !isSame(request.fields[Self.field] ?? "")
    }

    /// Takes the same time wherever the first difference is.
    private func isSame(_ given: String) -> Bool {
        guard given.utf8.count == text.utf8.count else { return false }
        return zip(given.utf8, text.utf8).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
