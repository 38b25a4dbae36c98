internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

// The pages that people and old bookmarks know, each of which is data for those who ask for JSON.

extension DashboardHandler {
    /// The page with everything. It has the token in it, so nobody keeps it.
    nonisolated(nonsending) func page(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        guard let file = await files.file(for: "/") else {
            return try await Answer.error(.notFound, "the file index.html is not there", to: exchange)
        }
        let text = String(decoding: file.bytes, as: UTF8.self)
        let page = text.replacing(PageToken.placeholder, with: token.text(for: exchange.request))
        try await Answer.page(page, to: exchange)
    }

    /// The page is also the one that calls services.
    nonisolated(nonsending) func client(_ exchange: Exchange) async throws(GatewayError) {
        guard Answer.prefersJSON(exchange.request) else { return try await page(exchange) }
        guard try await isRead(exchange) else { return }
        try await Answer.json(ServicesAPI.list(view.catalog.services), to: exchange)
    }

    nonisolated(nonsending) func list(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        guard !Answer.prefersJSON(exchange.request) else {
            return try await Answer.json(ServicesAPI.list(view.catalog.services), to: exchange)
        }
        try await Answer.page(page(for: exchange).services(view.catalog, webApplications(exchange)), to: exchange)
    }

    /// - Parameter name: As it was sent.
    nonisolated(nonsending) func describe(_ name: String, _ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        let decoded = PercentEncoding.decode(name) ?? name
        let versions = view.catalog.versions(of: decoded)
        guard !versions.isEmpty else {
            let problem = services.unknown(decoded)
            return try await Answer.error(problem.status, problem.sentence, to: exchange)
        }
        guard !Answer.prefersJSON(exchange.request) else {
            return try await Answer.json(ServicesAPI.list(versions), to: exchange)
        }
        try await Answer.page(page(for: exchange).service(decoded, versions), to: exchange)
    }

    /// The numbers of this listener, in the forms that those of a gateway have.
    nonisolated(nonsending) func showStatistics(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange), let report = statistics?() else { return }
        guard !Answer.prefersJSON(exchange.request) else { return try await Answer.json(report.json, to: exchange) }
        try await Answer.page(page(for: exchange).statistics(report, facts.gateways), to: exchange)
    }

    private func page(for exchange: Exchange) -> Page {
        Page(hasStatistics: statistics != nil, visitor: visitor(exchange))
    }

    nonisolated(nonsending) func listApplications(_ exchange: Exchange) async throws(GatewayError) {
        guard try await isRead(exchange) else { return }
        let applications = webApplications(exchange)
        try await Answer.json(
            .object([
                "data": .array(applications.map(\.json)), "generation": .number(String(view.catalog.generation)),
                "namespace": .string(web.namespace(for: exchange.request)),
            ]), to: exchange)
    }

    private func webApplications(_ exchange: Exchange) -> [WebApplication] {
        WebApplication.all(
            in: view.catalog, for: exchange.request, scheme: exchange.forwarding.scheme(of: exchange.request), by: web)
    }
}
