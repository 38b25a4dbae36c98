package import JSON

/// The JSON form of services that every Go Micro registry shares.
///
/// Absent members equal null, unknown ones are ignored, and names are compared without regard to case, because people
/// write such records by hand.
extension Service {
    package init(json: JSONValue) throws(MalformedRecord) {
        guard case .object(let object) = json else { throw MalformedRecord("a service must be a JSON object") }
        name = try object.text("name", of: "service")
        guard !name.isEmpty else { throw MalformedRecord("the service has no name") }
        version = try object.text("version", of: "service")
        metadata = try object.strings("metadata", of: "service")
        endpoints = try object.list("endpoints", of: "service").map { json throws(MalformedRecord) in
            try Endpoint(json: json)
        }
        nodes = try object.list("nodes", of: "service").map { json throws(MalformedRecord) in try Node(json: json) }
    }

    /// Reads a record as clients send it.
    package init(record bytes: Span<UInt8>) throws(MalformedRecord) {
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONParser.parse(bytes)
        } catch {
            throw MalformedRecord("the record is no JSON: \(error)")
        }
        try self.init(json: json)
    }

    /// Refuses what cannot be registered: a service without nodes, or one of whose nodes is nowhere.
    package func checkNodes() throws(MalformedRecord) {
        guard !nodes.isEmpty else { throw MalformedRecord("Require at least one node") }
        if let node = nodes.first(where: { $0.hostAndPort == nil }) {
            throw MalformedRecord("the address of node \(node.id) is not host:port")
        }
    }

    package var json: JSONValue {
        .object([
            "name": .string(name), "version": .string(version), "metadata": metadata.json,
            "endpoints": .array(endpoints.map(\.json)), "nodes": .array(nodes.map(\.json)),
        ])
    }
}

extension Endpoint {
    package init(json: JSONValue) throws(MalformedRecord) {
        guard case .object(let object) = json else { throw MalformedRecord("an endpoint must be a JSON object") }
        name = try object.text("name", of: "endpoint")
        request = try FieldDescription.optional(object.member(ignoringCase: "request"), depth: 0)
        response = try FieldDescription.optional(object.member(ignoringCase: "response"), depth: 0)
        metadata = try object.strings("metadata", of: "endpoint")
    }

    package var json: JSONValue {
        .object([
            "name": .string(name), "request": request?.json ?? .null, "response": response?.json ?? .null,
            "metadata": metadata.json,
        ])
    }
}

extension FieldDescription {
    /// Deeper descriptions are cut off here; Go Micro itself writes at most four levels.
    private static let maximumDepth = 16

    fileprivate static func optional(_ json: JSONValue?, depth: Int) throws(MalformedRecord) -> FieldDescription? {
        guard let json, json != .null else { return nil }
        guard case .object(let object) = json else { throw MalformedRecord("a value must be a JSON object") }
        var fields: [FieldDescription] = []
        if depth < maximumDepth {
            for member in try object.list("values", of: "value") {
                if let field = try optional(member, depth: depth + 1) { fields.append(field) }
            }
        }
        return FieldDescription(
            name: try object.text("name", of: "value"), type: try object.text("type", of: "value"), fields: fields)
    }

    package var json: JSONValue {
        .object(["name": .string(name), "type": .string(type), "values": .array(fields.map(\.json))])
    }
}

extension Node {
    package convenience init(json: JSONValue) throws(MalformedRecord) {
        guard case .object(let object) = json else { throw MalformedRecord("a node must be a JSON object") }
        let id = try object.text("id", of: "node")
        guard !id.isEmpty else { throw MalformedRecord("a node has no id") }
        var address = try object.text("address", of: "node")
        // Go Micro before 1.8, and old manuals, keep the port apart.
        if let port = object.member(ignoringCase: "port")?.intValue, port > 0,
            Node(id: id, address: address).hostAndPort == nil
        {
            address = address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        }
        self.init(id: id, address: address, metadata: try object.strings("metadata", of: "node"))
    }

    package var json: JSONValue {
        .object(["id": .string(id), "address": .string(address), "metadata": metadata.json])
    }
}

/// A record that is JSON but describes no service.
package struct MalformedRecord: Error, Equatable {
    /// What is wrong, as a sentence without a period.
    package let reason: String

    package init(_ reason: String) { self.reason = reason }
}

extension [String: String] {
    fileprivate var json: JSONValue {
        var object = JSONObject()
        for (key, value) in sorted(by: { $0.key < $1.key }) { object[key] = .string(value) }
        return .object(object)
    }
}

extension JSONObject {
    fileprivate func text(_ name: String, of owner: String) throws(MalformedRecord) -> String {
        switch member(ignoringCase: name) {
        case nil, .null: return ""
        case .string(let text): return text
        default: throw MalformedRecord("\(name) of the \(owner) must be a string")
        }
    }

    fileprivate func list(_ name: String, of owner: String) throws(MalformedRecord) -> [JSONValue] {
        switch member(ignoringCase: name) {
        case nil, .null: return []
        case .array(let values): return values
        default: throw MalformedRecord("\(name) of the \(owner) must be an array")
        }
    }

    fileprivate func strings(_ name: String, of owner: String) throws(MalformedRecord) -> [String: String] {
        switch member(ignoringCase: name) {
        case nil, .null: return [:]
        case .object(let object):
            var strings: [String: String] = [:]
            for (key, value) in object {
                guard case .string(let text) = value else {
                    throw MalformedRecord("\(name) of the \(owner) must hold strings only")
                }
                strings[key] = text
            }
            return strings
        default: throw MalformedRecord("\(name) of the \(owner) must be an object of strings")
        }
    }
}
