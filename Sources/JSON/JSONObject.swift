/// The members of a JSON object, in the order in which their names first came.
///
/// Names are compared byte by byte. Swift's own comparison would take a letter with an accent and the same letter in
/// two code points for one name; every other JSON library takes them for two.
package struct JSONObject: Sendable {
    private var members: [Member] = []

    /// Where each name is in `members`; kept only when there are many, as a few are found faster by looking.
    private var index: [ExactName: Int] = [:]

    private static let unindexedCount = 12

    fileprivate struct Member: Sendable {
        let name: ExactName
        var value: JSONValue
    }

    /// An object without members.
    package init() {}

    /// Later members replace earlier ones of the same name.
    package init(_ members: some Sequence<(String, JSONValue)>) {
        for (name, value) in members { self[name] = value }
    }

    /// How many members there are.
    package var count: Int { members.count }

    /// Whether there are no members.
    package var isEmpty: Bool { members.isEmpty }

    /// The names of the members, in order.
    package var names: [String] { members.map(\.name.text) }

    /// The member of that name, nil if there is none; a member that is `null` is `.null`.
    ///
    /// Setting replaces in place or appends. Setting nil takes the member away, which costs as much as there are
    /// members: to take many away, use `filter`.
    package subscript(name: String) -> JSONValue? {
        get { position(of: ExactName(name)).map { members[$0].value } }
        set {
            let name = ExactName(name)
            switch (position(of: name), newValue) {
            case (let position?, let value?): members[position].value = value
            case (let position?, nil):
                members.remove(at: position)
                rebuildIndex()
            case (nil, let value?): append(name, value)
            case (nil, nil): break
            }
        }
    }

    /// The member of that name, to be changed in place; the default is inserted when there is none.
    package subscript(name: String, default value: @autoclosure () -> JSONValue) -> JSONValue {
        get { self[name] ?? value() }
        _modify {
            let name = ExactName(name)
            var position = members.count
            if let found = self.position(of: name) { position = found } else { append(name, value()) }
            yield &members[position].value
        }
    }

    /// The member whose name differs at most in the case of ASCII letters; one that does not differ comes first.
    package func member(ignoringCase name: String) -> JSONValue? {
        if let exact = self[name] { return exact }
        return members.first { $0.name.text.isSame(as: name, ignoringCase: true) }?.value
    }

    /// The members for which `isIncluded` is true, in the same order.
    package func filter(_ isIncluded: (_ name: String, _ value: JSONValue) -> Bool) -> JSONObject {
        var object = JSONObject()
        object.members = members.filter { isIncluded($0.name.text, $0.value) }
        object.rebuildIndex()
        return object
    }

    /// The same members in the order of their names' bytes.
    package func sorted() -> JSONObject {
        var object = self
        object.members.sort { $0.name.text.utf8.lexicographicallyPrecedes($1.name.text.utf8) }
        object.rebuildIndex()
        return object
    }

    private func position(of name: ExactName) -> Int? {
        guard members.count > Self.unindexedCount else { return members.firstIndex { $0.name == name } }
        return index[name]
    }

    private mutating func append(_ name: ExactName, _ value: JSONValue) {
        members.append(Member(name: name, value: value))
        if members.count == Self.unindexedCount + 1 {
            rebuildIndex()
        } else if members.count > Self.unindexedCount {
            index[name] = members.count - 1
        }
    }

    private mutating func rebuildIndex() {
        index.removeAll()
        guard members.count > Self.unindexedCount else { return }
        for (position, member) in members.enumerated() { index[member.name] = position }
    }
}

/// The order of members does not matter.
extension JSONObject: Equatable {
    package static func == (one: JSONObject, other: JSONObject) -> Bool {
        guard one.count == other.count else { return false }
        return one.members.allSatisfy { member in
            guard let position = other.position(of: member.name) else { return false }
            return other.members[position].value == member.value
        }
    }
}

extension JSONObject: Sequence {
    /// Goes through the members in order.
    package struct Iterator: IteratorProtocol {
        private var members: IndexingIterator<[Member]>

        fileprivate init(_ members: [Member]) { self.members = members.makeIterator() }

        package mutating func next() -> (key: String, value: JSONValue)? {
            members.next().map { ($0.name.text, $0.value) }
        }
    }

    package func makeIterator() -> Iterator { Iterator(members) }

    package var underestimatedCount: Int { count }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral members: (String, JSONValue)...) { self.init(members) }
}

/// A name that equals another only if all bytes do.
private struct ExactName: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (one: ExactName, other: ExactName) -> Bool { one.text.isSame(as: other.text) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether two texts are the same bytes, or differ only in the case of ASCII letters.
    func isSame(as other: String, ignoringCase: Bool = false) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        guard ignoringCase else { return utf8.elementsEqual(other.utf8) }
        return utf8.elementsEqual(other.utf8) { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UInt8 {
    fileprivate var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}
