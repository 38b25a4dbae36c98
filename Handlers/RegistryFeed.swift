internal import Bytes
internal import Gateway
internal import HTTP

/// Tells a WebSocket of every change of the catalog, each as a text in JSON. What the client sends is not looked at.
///
/// A client that is slow gets fewer and larger changes: what is told is the difference between the catalog that it knows and
/// the one there is, so nothing piles up.
struct RegistryFeed: ~Copyable {
    /// The longest message of a client, in bytes.
    private static let maximumMessage = 16_384

    private let exchange: Exchange
    private let view: CatalogView
    private let service: String?
    private var client: WebSocketClient
    /// What the client has been told of, or is about to be.
    private var known: Catalog
    /// What it is about to be told, the next one last.
    private var changes: [RegistryChange] = []

    /// - Parameter service: The only one that the client wants to hear of; nil for all.
    init(_ exchange: Exchange, _ view: CatalogView, service: String?) {
        self.exchange = exchange
        self.view = view
        self.service = service
        client = WebSocketClient(exchange, maximumMessage: Self.maximumMessage)
        known = view.catalog
    }

    /// Runs until the WebSocket is closed, or its client gone.
    nonisolated(nonsending) mutating func run() async {
        view.notify(exchange.wakeup)
        while !client.isOver {
            var hasMoved = client.receive() != nil
            hasMoved = tell() || hasMoved
            hasMoved = client.write() || hasMoved
            await client.rest(after: hasMoved)
        }
        view.forget(exchange.wakeup)
        client.end()
    }

    /// Returns true when the client is told something.
    private mutating func tell() -> Bool {
        guard client.socket.isOpen, client.hasRoom else { return false }
        if changes.isEmpty, view.catalog.generation != known.generation {
            changes = RegistryChange.all(from: known, to: view.catalog, of: service).reversed()
            known = view.catalog
        }
        guard let change = changes.popLast() else { return false }
        var text = ByteBuffer()
        change.write(to: &text)
        client.socket.send(text)
        return true
    }
}
