internal import Gateway
internal import HTTP

extension GatewayError {
    /// A service that does not know the endpoint says so in its own words; the catalog knows which endpoints there are.
    ///
    /// - Parameter destination: What was called.
    func explained(by catalog: Catalog, of destination: Destination) -> GatewayError {
        guard status == .notFound, code == .application else { return self }
        let names = catalog.versions(of: destination.service).flatMap(\.endpoints)
            .filter { !$0.isSubscriber }.map(\.name)
        guard !names.isEmpty, !names.contains(destination.endpoint) else { return self }
        let near = NearestWord.all(to: destination.endpoint, in: names)
        let hint = (near.isEmpty ? Array(names.prefix(5)) : near).joined(separator: ", ")
        return GatewayError(
            .notFound, "service \(destination.service) has no endpoint \(destination.endpoint); it has \(hint)",
            id: "go.micro.client", mayHaveBeenSent: true)
    }
}
