internal import Gateway
internal import Reactor

/// What is made of whole catalogs: quickly said of a few endpoints, and not to be waited for by a loop when they are many.
enum LongWork {
    /// So many endpoints are dealt with at once.
    private static let maximumQuick = 256

    /// - Returns: Nil when too much else is being done.
    nonisolated(nonsending) static func run<Result: Sendable>(
        over services: [Service], _ types: any MessageTypes,
        _ work: @escaping @Sendable ([Service], any MessageTypes) -> Result
    ) async -> Result? {
        // Types that refer to others can be long, however few endpoints have them.
        let isQuick = types.isEmpty && services.reduce(0) { $0 + $1.endpoints.count } <= maximumQuick
        return isQuick ? work(services, types) : await BlockingPool.shared.run { work(services, types) }
    }
}
