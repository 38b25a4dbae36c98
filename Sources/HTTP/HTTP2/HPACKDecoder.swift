import Bytes

/// Reads blocks of compressed fields (RFC 7541). One for each direction of a connection, since it remembers fields from
/// block to block. A block must be whole: the frames that carry it are joined before, and their size is limited there.
package struct HPACKDecoder: Sendable {
    /// How often the limit may be passed by fields that are only read to keep the table right. More is an attack.
    package static let discardFactor = 4
    /// How many sizes a block may begin with: the smallest one since the last block, and the one that holds.
    private static let maximumSizeUpdates = 2

    private var table: HPACKDynamicTable
    /// What the peer may set the table's size to: our SETTINGS_HEADER_TABLE_SIZE, once it was acknowledged.
    private var allowedTableSize: Int
    private var needsSizeUpdate = false
    private let listLimit: Int

    /// - Parameters:
    ///   - tableSize: How large the table may become, in bytes as RFC 7541, 4.1 counts them. Default 4,096, which is
    ///     what a peer assumes that was told nothing.
    ///   - listLimit: How large the fields of one block may be together, counted as in RFC 9113, 6.5.2. Default 65,536.
    package init(tableSize: Int = 4_096, listLimit: Int = 65_536) {
        table = HPACKDynamicTable(maximumSize: tableSize)
        allowedTableSize = tableSize
        self.listLimit = listLimit
    }

    /// What the entries of the table count together.
    package var tableSize: Int { table.size }

    /// Changes our setting. To be called when the peer acknowledged it (RFC 7541, 4.2).
    package mutating func setAllowedTableSize(_ size: Int) {
        allowedTableSize = size
        if size < table.maximumSize { needsSizeUpdate = true }
    }

    /// Reads a whole block.
    ///
    /// Fields above the limit are read, for the table's sake, but not kept: then the list says `isOverLimit`, and the
    /// connection may go on.
    ///
    /// - Parameter list: What it held before is overwritten.
    /// - Throws: What the connection must be ended with; after that the decoder must not be used again.
    package mutating func decode(
        _ block: Span<UInt8>, into list: inout HPACKFieldList
    ) throws(HPACKProblem) {
        list.removeAll()
        var position = 0
        try readSizeUpdates(block, at: &position)
        while position < block.count {
            let first = block[position]
            if first & 0x80 != 0 {
                try readIndexed(block, at: &position, into: &list)
            } else if first & 0x40 != 0 {
                try readLiteral(block, at: &position, prefix: 6, into: &list)
            } else if first & 0x20 == 0 {
                try readLiteral(block, at: &position, prefix: 4, into: &list)
            } else {
                throw .misplacedSizeUpdate
            }
            guard list.size <= listLimit * Self.discardFactor else { throw .listTooLarge }
        }
    }

    /// Sizes at the beginning of a block, `001` and five bits (RFC 7541, 4.2 and 6.3).
    private mutating func readSizeUpdates(_ block: Span<UInt8>, at position: inout Int) throws(HPACKProblem) {
        var updates = 0
        while position < block.count, block[position] & 0xe0 == 0x20 {
            updates += 1
            guard updates <= Self.maximumSizeUpdates else { throw .misplacedSizeUpdate }
            let size = try HPACKInteger.decode(block, at: &position, prefix: 5)
            guard size <= allowedTableSize else { throw .sizeUpdateTooLarge }
            table.resize(to: size)
            needsSizeUpdate = false
        }
        guard !needsSizeUpdate || block.isEmpty else { throw .missingSizeUpdate }
    }

    /// A field that is in a table, `1` and seven bits (RFC 7541, 6.1).
    private func readIndexed(
        _ block: Span<UInt8>, at position: inout Int, into list: inout HPACKFieldList
    ) throws(HPACKProblem) {
        let index = try HPACKInteger.decode(block, at: &position, prefix: 7)
        let start = list.bytes.count
        try appendName(at: index, to: &list.bytes)
        let nameLength = list.bytes.count - start
        if index <= HPACKStaticTable.count {
            list.bytes.append(HPACKStaticTable.value(at: index))
        } else {
            list.bytes.append(table.value(at: index - HPACKStaticTable.count - 1))
        }
        list.commit(from: start, nameLength: nameLength, isSensitive: false, limit: listLimit)
    }

    /// A field whose value is written out (RFC 7541, 6.2): `01` and six bits when it enters the table, `0000` and four
    /// when it does not, `0001` and four when it never may.
    private mutating func readLiteral(
        _ block: Span<UInt8>, at position: inout Int, prefix: Int, into list: inout HPACKFieldList
    ) throws(HPACKProblem) {
        let isSensitive = block[position] & 0xf0 == 0x10
        let index = try HPACKInteger.decode(block, at: &position, prefix: prefix)
        let start = list.bytes.count
        if index == 0 {
            try readString(block, at: &position, to: &list.bytes)
        } else {
            try appendName(at: index, to: &list.bytes)
        }
        let nameLength = list.bytes.count - start
        try readString(block, at: &position, to: &list.bytes)
        if prefix == 6 {
            let bytes = list.bytes.span
            table.insert(
                name: bytes.extracting(start..<(start + nameLength)),
                value: bytes.extracting((start + nameLength)..<bytes.count), hash: 0)
        }
        list.commit(from: start, nameLength: nameLength, isSensitive: isSensitive, limit: listLimit)
    }

    private func appendName(at index: Int, to buffer: inout ByteBuffer) throws(HPACKProblem) {
        guard index > 0, index <= HPACKStaticTable.count + table.count else { throw .badIndex }
        if index <= HPACKStaticTable.count {
            buffer.append(HPACKStaticTable.name(at: index))
        } else {
            buffer.append(table.name(at: index - HPACKStaticTable.count - 1))
        }
    }

    /// A length of seven bits and so many bytes, Huffman-coded if the first bit says so (RFC 7541, 5.2).
    private func readString(
        _ block: Span<UInt8>, at position: inout Int, to buffer: inout ByteBuffer
    ) throws(HPACKProblem) {
        let isCoded = position < block.count && block[position] & 0x80 != 0
        let length = try HPACKInteger.decode(block, at: &position, prefix: 7)
        guard length <= block.count - position else { throw .truncated }
        let text = block.extracting(position..<(position + length))
        position += length
        if isCoded { try HPACKHuffman.decode(text, to: &buffer) } else { buffer.append(text) }
    }
}
