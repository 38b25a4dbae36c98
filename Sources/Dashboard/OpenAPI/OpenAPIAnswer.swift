internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// `GET /api/openapi.json`: the document of the first gateway of the program, or of the one that `?gateway=` names.
struct OpenAPIAnswer {
    /// How long it waits for services that are asked for their types.
    private static let asking = Duration.seconds(2)

    let gateways: [DocumentedGateway]
    let version: String
    let view: CatalogView
    /// Nil when nothing is known but what the registry tells.
    let types: (any MessageTypeSource)?

    nonisolated(nonsending) func send(to exchange: Exchange) async throws(GatewayError) {
        let gateway: DocumentedGateway
        do throws(Unknown) {
            gateway = try asked(exchange.request.query)
        } catch {
            return try await Answer.error(.notFound, error.sentence, to: exchange)
        }
        let catalog = view.catalog
        let types = await types?.messageTypes(of: catalog.services, wakeup: exchange.wakeup, within: Self.asking)
        let version = version
        let document = await LongWork.run(over: catalog.services, types ?? NoMessageTypes()) { _, types in
            let document = OpenAPIDocument.make(of: gateway, version: version, catalog: catalog, types: types)
            var body = ByteBuffer()
            JSONWriter.write(document, to: &body, style: JSONStyle(escapesHTML: false))
            return body
        }
        guard var document else {
            return try await Answer.error(.serviceUnavailable, "too much is made at once; ask again", to: exchange)
        }
        try await exchange.respond(.ok, Answer.fields(contentType: "application/json"), body: &document)
    }

    private struct Unknown: Error {
        let sentence: String
    }

    private func asked(_ query: String?) throws(Unknown) -> DocumentedGateway {
        guard let first = gateways.first else {
            throw Unknown(sentence: "there is no gateway in this program, and so nothing to describe")
        }
        let fields = (query ?? "").split(separator: "&").filter { $0.hasPrefix("gateway=") }
        guard let field = fields.last else { return first }
        let name = PercentEncoding.decode(String(field.dropFirst(8)), plusIsSpace: true) ?? ""
        if let found = gateways.first(where: { $0.name == name }) { return found }
        let names = gateways.map(\.name).joined(separator: ", ")
        throw Unknown(sentence: "there is no gateway \(name.prefix(100)) in this program; it has \(names)")
    }
}
