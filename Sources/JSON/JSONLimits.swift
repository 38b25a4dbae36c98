/// How much of a JSON text is read before it is refused.
package struct JSONLimits: Sendable, Equatable {
    /// How many arrays and objects may lie in one another. Default 64, which also bounds the stack.
    package var depth: Int

    /// How many values a tree may have, the inner ones and the root included. Default 1,000,000: a text of a few
    /// megabytes could otherwise become a tree of a hundred. Scanning builds no tree and does not count.
    package var values: Int

    package init(depth: Int = 64, values: Int = 1_000_000) {
        self.depth = depth
        self.values = values
    }
}
