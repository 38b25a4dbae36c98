/// Things that are dear to make, kept for later: the one given back last is taken first. Those that nobody has needed for
/// a while are let go, so that a busy minute does not cost memory for ever.
package struct Spares<Element> {
    private let limit: Int
    private var kept: [Element] = []
    /// How many of them, from the front, were not touched since the last thinning.
    private var untouched = 0

    /// - Parameter limit: More are not kept.
    package init(limit: Int) { self.limit = limit }

    package var count: Int { kept.count }

    /// Takes one out. Nil when there is none.
    package mutating func take() -> Element? {
        if kept.isEmpty { return nil }
        let element = kept.removeLast()
        if kept.count < untouched { untouched = kept.count }
        return element
    }

    /// Keeps one. Returns false when there are enough.
    package mutating func put(_ element: Element) -> Bool {
        guard kept.count < limit else { return false }
        kept.append(element)
        return true
    }

    /// Takes out half of those that were not needed since the last call, or the last of them. To be called about once a
    /// second.
    package mutating func thin() -> [Element] {
        let count = (untouched + 1) / 2
        untouched = kept.count - count
        guard count > 0 else { return [] }
        let unneeded = Array(kept.prefix(count))
        kept.removeFirst(count)
        return unneeded
    }
}
