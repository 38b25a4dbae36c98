/// One version of a service, as a registry knows it: what it can be asked, and where it runs.
package struct Service: Sendable, Equatable {
    package var name: String
    package var version: String
    package var metadata: [String: String]
    package var endpoints: [Endpoint]
    package var nodes: [Node]

    package init(
        name: String, version: String = "latest", metadata: [String: String] = [:], endpoints: [Endpoint] = [],
        nodes: [Node] = []
    ) {
        self.name = name
        self.version = version
        self.metadata = metadata
        self.endpoints = endpoints
        self.nodes = nodes
    }
}

/// Something a service can be asked: a method such as `Say.Hello`, or a subscriber.
package struct Endpoint: Sendable, Equatable {
    package var name: String
    /// The fields of the request; nil when the registry does not know them.
    package var request: FieldDescription?
    package var response: FieldDescription?
    package var metadata: [String: String]

    package init(
        name: String, request: FieldDescription? = nil, response: FieldDescription? = nil,
        metadata: [String: String] = [:]
    ) {
        self.name = name
        self.request = request
        self.response = response
        self.metadata = metadata
    }

    /// True for an entry that listens to a topic and cannot be called.
    package var isSubscriber: Bool { metadata["subscriber"] == "true" }

    /// True when requests or answers are more than one message.
    package var isStream: Bool { metadata["stream"] == "true" }

    /// True when its request is the whole HTTP request, `go.api.Request`, which the registry calls `Request` alone: then it
    /// is known by its fields.
    package var takesHTTPRequest: Bool {
        guard let request, request.type == "Request" || request.type.hasSuffix("api.Request") else { return false }
        let names = Set(request.fields.map(\.name))
        return names.isSuperset(of: ["method", "path", "header", "get", "post", "body"])
    }
}

/// A field of a message with its own fields: what registries call a value.
package struct FieldDescription: Sendable, Equatable {
    package var name: String
    /// The type's name in the service's own language, such as `string`, `int64` or `[]Item`.
    package var type: String
    package var fields: [FieldDescription]

    package init(name: String, type: String, fields: [FieldDescription] = []) {
        self.name = name
        self.type = type
        self.fields = fields
    }
}
