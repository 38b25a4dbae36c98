package import Bytes

/// What a table may remember of a field (RFC 7541, 6.2).
package enum HPACKIndexing: Sendable {
    /// All of it; the next time it is one or two bytes.
    case incremental
    /// Nothing, since the value will not come again.
    case without
    /// Nothing, here and on every hop after this one, since the value is a secret that guesses could find out (7.1).
    case never

    /// What suits a field of this name.
    package static func suited(to name: FieldName) -> HPACKIndexing {
        switch name {
        case .authorization, .proxyAuthorization, .cookie, .setCookie: .never
        case .contentLength, .etag, .ifNoneMatch, .ifModifiedSince, .lastModified, .location, .range, .timeout,
            .xRequestID:
            .without
        default: .incremental
        }
    }
}

/// Writes blocks of compressed fields (RFC 7541). One for each direction of a connection, since it remembers fields
/// from block to block; blocks must be sent in the order in which they were written.
package struct HPACKEncoder: Sendable {
    /// When strings are Huffman-coded.
    package enum Coding: Sendable {
        case never
        /// When that is not longer.
        case whenUseful
    }

    /// The largest table used, whatever the peer allows, in bytes as RFC 7541, 4.1 counts them.
    package let tableSizeLimit: Int
    private let coding: Coding
    private var table: HPACKDynamicTable
    /// Sizes that the next block must begin with: the smallest since the last block, and the one that holds.
    private var pendingSize: (smallest: Int, last: Int)?
    /// Memory for the name at hand, in lower case.
    private var scratch = ByteBuffer()

    /// - Parameter tableSizeLimit: Default 4,096. More is not used even if the peer offers it.
    package init(tableSizeLimit: Int = 4_096, coding: Coding = .whenUseful) {
        self.tableSizeLimit = tableSizeLimit
        self.coding = coding
        // Until its settings come, the peer has room for this much (RFC 9113, 6.5.2).
        table = HPACKDynamicTable(maximumSize: 4_096)
        if tableSizeLimit < 4_096 { pendingSize = (tableSizeLimit, tableSizeLimit) }
    }

    /// What the entries of the table count together.
    package var tableSize: Int { table.size }

    /// Takes the peer's SETTINGS_HEADER_TABLE_SIZE. The next block begins with what follows from it (RFC 7541, 4.2).
    package mutating func setAllowedTableSize(_ size: Int) {
        let size = min(size, tableSizeLimit)
        guard pendingSize != nil || size != table.maximumSize else { return }
        pendingSize = (min(size, pendingSize?.smallest ?? size), size)
    }

    /// To be called before the first field of each block.
    package mutating func beginBlock(to buffer: inout ByteBuffer) {
        guard let (smallest, last) = pendingSize else { return }
        pendingSize = nil
        if smallest < last { announce(smallest, to: &buffer) }
        announce(last, to: &buffer)
    }

    private mutating func announce(_ size: Int, to buffer: inout ByteBuffer) {
        HPACKInteger.encode(size, prefix: 5, pattern: 0x20, to: &buffer)
        table.resize(to: size)
    }

    /// Writes one field. The name is put into lower case; nothing is checked.
    ///
    /// - Parameter indexing: If nil, what suits the name.
    package mutating func encode(
        _ sentName: Span<UInt8>, _ value: Span<UInt8>, indexing: HPACKIndexing? = nil, to buffer: inout ByteBuffer
    ) {
        var name = scratch.take()
        defer {
            name.removeAll()
            scratch = name
        }
        name.reserve(sentName.count)
        for index in sentName.indices { name.append(sentName[index].lowercased) }
        let hash = name.span.nameHash
        var indexing = indexing ?? .suited(to: FieldName.of(name.span))
        let known = HPACKStaticTable.find(name.span, hash: hash, value: value)
        let remembered = table.find(name.span, hash: hash, value: value)
        let place = known.exact ?? remembered.exact.map { $0 + HPACKStaticTable.count + 1 }
        if let place, indexing != .never {
            return HPACKInteger.encode(place, prefix: 7, pattern: 0x80, to: &buffer)
        }
        // One that does not fit would empty the table.
        let size = name.count + value.count + HPACKDynamicTable.overhead
        if size > table.maximumSize, indexing == .incremental { indexing = .without }
        let named = known.named ?? remembered.named.map { $0 + HPACKStaticTable.count + 1 } ?? 0
        switch indexing {
        case .incremental: HPACKInteger.encode(named, prefix: 6, pattern: 0x40, to: &buffer)
        case .without: HPACKInteger.encode(named, prefix: 4, pattern: 0x00, to: &buffer)
        case .never: HPACKInteger.encode(named, prefix: 4, pattern: 0x10, to: &buffer)
        }
        if named == 0 { writeString(name.span, to: &buffer) }
        writeString(value, to: &buffer)
        if indexing == .incremental { table.insert(name: name.span, value: value, hash: hash) }
    }

    /// Writes the pseudo field `:status`, which is in the static table for the common ones. For the rest it is written
    /// out, since it is as short as an entry of the table would be rare.
    package func encode(_ status: Status, to buffer: inout ByteBuffer) {
        switch status.code {
        case 200: buffer.append(UInt8(0x88))
        case 204: buffer.append(UInt8(0x89))
        case 206: buffer.append(UInt8(0x8a))
        case 304: buffer.append(UInt8(0x8b))
        case 400: buffer.append(UInt8(0x8c))
        case 404: buffer.append(UInt8(0x8d))
        case 500: buffer.append(UInt8(0x8e))
        default:
            HPACKInteger.encode(8, prefix: 4, pattern: 0x00, to: &buffer)
            buffer.append(UInt8(3))
            buffer.append(decimal: status.code)
        }
    }

    /// Writes `content-length`, which no table is to remember.
    package func encode(contentLength: Int, to buffer: inout ByteBuffer) {
        HPACKInteger.encode(28, prefix: 4, pattern: 0x00, to: &buffer)
        var (digits, rest) = (1, contentLength / 10)
        while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
        buffer.append(UInt8(truncatingIfNeeded: digits))
        buffer.append(decimal: contentLength)
    }

    private func writeString(_ text: Span<UInt8>, to buffer: inout ByteBuffer) {
        let length = coding == .never ? Int.max : HPACKHuffman.encodedLength(text)
        if length <= text.count {
            HPACKInteger.encode(length, prefix: 7, pattern: 0x80, to: &buffer)
            HPACKHuffman.encode(text, to: &buffer)
        } else {
            HPACKInteger.encode(text.count, prefix: 7, pattern: 0x00, to: &buffer)
            buffer.append(text)
        }
    }
}
