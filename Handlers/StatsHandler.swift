internal import Bytes
package import Gateway
package import HTTP
internal import JSON

/// Counts the answers of another handler, refusals among them, and tells of them at `/stats`: as JSON for whoever asks for
/// it, or says so as clients of Micro v2 do, by the type of a request without a body; and else as a page.
package final class StatsHandler: ExplainingHandler {
    private let statistics: RequestStatistics
    private let process: (@Sendable () -> RequestStatistics.Process)?
    private let authorizer: Authorizer?
    private let next: any Handler

    /// - Parameters:
    ///   - process: What the system says of this process. Must not block. Nil where the next handler has a `/stats` of its own,
    ///     so that here is only counted.
    ///   - authorizer: Says who may read them; nil, the default, lets everyone.
    package init(
        _ statistics: RequestStatistics, process: (@Sendable () -> RequestStatistics.Process)?,
        authorizer: Authorizer? = nil, next: any Handler
    ) {
        self.authorizer = authorizer
        self.statistics = statistics
        self.process = process
        self.next = next
    }

    nonisolated(nonsending) package func handle(_ exchange: Exchange) async throws(GatewayError) {
        do throws(GatewayError) {
            if let process, exchange.request.path == "/stats" {
                try await answer(exchange, StatisticsReport(statistics, process()))
            } else {
                try await next.handle(exchange)
            }
        } catch {
            statistics.count(exchange.hasBegunResponse ? exchange.status : error.status.code)
            throw error
        }
        statistics.count(exchange.status)
    }

    package func explain(_ head: RequestHead, body: [UInt8]) -> Explanation {
        guard process != nil, head.path == "/stats" else { return next.explanation(of: head, body: body) }
        return Explanation(of: head, ownAnswer: "answered by the gateway with its numbers")
    }

    nonisolated(nonsending) private func answer(
        _ exchange: Exchange, _ report: StatisticsReport
    ) async throws(GatewayError) {
        if let authorizer {
            let resource = authorizer.ownResource(of: exchange.request)
            guard try await authorizer.admits(exchange, to: resource) else { return }
        }
        guard exchange.request.method == .get || exchange.request.method == .head else {
            return try await exchange.refuseMethod(allow: "GET, HEAD, OPTIONS", id: "go.micro.api")
        }
        let isJSON =
            exchange.request.fields.contentKind == .json
            || (exchange.request.fields.acceptedWeight(of: "application/json") ?? 0)
                > (exchange.request.fields.acceptedWeight(of: "text/html") ?? 0)
        var fields = HeaderFields()
        fields.append(.contentType, isJSON ? "application/json" : "text/html; charset=utf-8")
        fields.append(.cacheControl, "no-store")
        var body = ByteBuffer()
        if isJSON { JSONWriter.write(report.json, to: &body) } else { body.append(Self.page(report)) }
        try await exchange.respond(.ok, fields, body: &body)
    }

    /// Comes anew by itself, and needs no script.
    private static func page(_ report: StatisticsReport) -> String {
        let kinds = report.kinds
        let head = kinds.map { "<th scope=\"col\">\($0)xx</th>" }.joined()
        let rows = report.buckets.reversed().map { bucket in
            let cells = kinds.map { "<td>\(bucket.counts[$0] ?? 0)</td>" }.joined()
            return "<tr><th scope=\"row\">\(bucket.start)</th><td>\(bucket.total)</td>\(cells)</tr>\n"
        }.joined()
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="5">
            <title>Statistics</title>
            <h1>Statistics</h1>
            <p>Started at \(report.started), \(report.memory) of memory, \(report.process.threads) threads.</p>
            <table>
            <caption>Requests in \(RequestStatistics.bucketLength) seconds each, by status; times in seconds since 1970</caption>
            <tr><th scope="col">From</th><th scope="col">All</th>\(head)</tr>
            \(rows)</table>
            </html>

            """
    }
}
