/// Everything known of the types and methods of one server or descriptor set. It never changes, so every loop may hold it.
///
/// Made by `SchemaBuilder`. What is asked for here is made of tables on the way out: for pages and tools, not for each
/// request. Keep the `MessageSchema` or `MethodSchema` that requests need.
package final class SchemaSet: Sendable {
    let tables: SchemaTables
    let messageIndexes: [String: Int32]
    let enumIndexes: [String: Int32]
    let oneofs: [[String]]
    let serviceEntries: [ServiceEntry]
    private let serviceIndexes: [String: Int]

    struct ServiceEntry: Sendable {
        let name: String
        let methods: [MethodEntry]
    }

    struct MethodEntry: Sendable {
        let name: String
        let input: Int32
        let output: Int32
        let isClientStreaming: Bool
        let isServerStreaming: Bool
        let rules: [HTTPRule]
    }

    init(
        tables: SchemaTables, messageIndexes: [String: Int32], enumIndexes: [String: Int32], oneofs: [[String]],
        serviceEntries: [ServiceEntry]
    ) {
        self.tables = tables
        self.messageIndexes = messageIndexes
        self.enumIndexes = enumIndexes
        self.oneofs = oneofs
        self.serviceEntries = serviceEntries
        serviceIndexes = Dictionary(serviceEntries.enumerated().map { ($1.name, $0) }) { first, _ in first }
    }

    /// The message type of that full name, such as `greeter.Request`; nil if there is none.
    package func message(named name: String) -> MessageSchema? {
        messageIndexes[name].map { MessageSchema(schema: self, index: Int($0)) }
    }

    /// The enumeration of that full name; nil if there is none.
    package func enumeration(named name: String) -> EnumSchema? {
        enumIndexes[name].map { EnumSchema(schema: self, index: Int($0)) }
    }

    /// In the order of the files.
    package var services: [ServiceSchema] {
        serviceEntries.indices.map { ServiceSchema(schema: self, index: $0) }
    }

    /// The service of that full name, such as `greeter.Greeter`; nil if there is none.
    package func service(named name: String) -> ServiceSchema? {
        serviceIndexes[name].map { ServiceSchema(schema: self, index: $0) }
    }

    /// The method with that path of gRPC, such as `/greeter.Greeter/Hello`; nil if there is none.
    package func method(at path: String) -> MethodSchema? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty else { return nil }
        return service(named: String(parts[1]))?.methods.first { $0.name == parts[2] }
    }
}
