/// How much of a message's head is read before it is refused. What is over a limit is never buffered.
package struct HeadLimits: Sendable, Equatable {
    /// The longest first line, in bytes without its line end. Default 8,192.
    package var requestLine: Int

    /// All field lines together, in bytes with their line ends. Default 65,536.
    package var headerBlock: Int

    /// How many field lines. Default 100.
    package var fields: Int

    /// The defaults suit clients and nodes alike. All must be above 0; `headerBlock` counts the empty line too.
    package init(requestLine: Int = 8_192, headerBlock: Int = 65_536, fields: Int = 100) {
        self.requestLine = requestLine
        self.headerBlock = headerBlock
        self.fields = fields
    }
}
