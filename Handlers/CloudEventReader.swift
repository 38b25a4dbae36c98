internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// Makes an event of a request, whichever way it comes: as one JSON object, with attributes in the header, or as a
/// request that is no event yet and is wrapped into one.
struct CloudEventReader {
    /// Who has made an event out of something that was none, as Micro v2 had it.
    private static let wrapper = "https://micro.mu"

    private let head: RequestHead
    private let forwarding: ForwardingContext
    private let body: ByteBuffer
    /// Of the body, as the client says; nil when it does not.
    private let type: String?
    private let kind: MediaType.Kind
    private let now: String
    private let makeID: () -> String

    /// - Parameters:
    ///   - now: The time for events that have none, as in RFC 3339.
    ///   - makeID: Makes an identifier for events that have none.
    /// - Throws: `.badRequest` when the content type is none.
    init(
        _ head: RequestHead, _ forwarding: ForwardingContext, body: consuming ByteBuffer, now: String,
        makeID: @escaping () -> String
    ) throws(GatewayError) {
        type = head.fields[.contentType].flatMap { $0.isEmpty ? nil : $0 }
        let parsed = type.flatMap { MediaType($0) }
        guard type == nil || parsed != nil else {
            throw GatewayError(.badRequest, "Content-Type is no media type")
        }
        kind = parsed?.kind ?? .other
        self.head = head
        self.forwarding = forwarding
        self.body = body
        self.now = now
        self.makeID = makeID
    }

    /// - Throws: `.badRequest` for what claims to be an event and is none, `.unsupportedMediaType` for events in another
    ///   form than JSON.
    func event() throws(GatewayError) -> CloudEvent {
        do throws(CloudEventProblem) {
            if let event = try structured() { return event }
            let fields = head.fields
            if fields.contains(named: "ce-specversion") { return try binary() }
            let old = ["CE-EventType", "CE-CloudEventsVersion", "CE-Source", "CE-EventID"]
            if old.allSatisfy({ fields[$0]?.isEmpty == false }) { return try binary01() }
            if let name = fields["Event"], !name.isEmpty { return try legacy(name) }
            return try wrapped()
        } catch {
            throw GatewayError(.badRequest, error.reason)
        }
    }

    /// Nil when the content type does not say that the body is an event.
    private func structured() throws(CloudEventProblem) -> CloudEvent? {
        let essence = type.flatMap { MediaType($0) }?.essence ?? ""
        guard essence.hasPrefix("application/cloudevents") else { return nil }
        guard essence == "application/cloudevents+json" else {
            throw CloudEventProblem(
                "events come as application/cloudevents+json, one in each request, or in the header")
        }
        return try CloudEvent(json: try parse())
    }

    // MARK: Attributes in the header

    /// The binary mode of version 1.0 (HTTP protocol binding, 3.1).
    private func binary() throws(CloudEventProblem) -> CloudEvent {
        var own: [String: String] = [:]
        var attributes = JSONObject()
        for (name, value) in attributeFields() {
            // Values are percent-encoded where HTTP could not carry them.
            guard let text = PercentEncoding.decode(value) else {
                throw CloudEventProblem("the header ce-\(name) has a malformed escape, or is not UTF-8")
            }
            guard CloudEventAttribute.isName(name), !text.isEmpty else {
                throw CloudEventProblem("ce-\(name.prefix(40)) is no attribute with a value")
            }
            if ["specversion", "id", "source", "type"].contains(name) {
                own[name] = text
            } else {
                attributes[name] = .string(text)
            }
        }
        guard own["specversion"] == CloudEvent.version else {
            throw CloudEventProblem("ce-specversion is not 1.0; events of version 0.1 name it CE-CloudEventsVersion")
        }
        guard let id = own["id"], let source = own["source"], let type = own["type"] else {
            throw CloudEventProblem("an event needs the headers ce-id, ce-source and ce-type")
        }
        var event = CloudEvent(id: id, source: source, type: type, attributes: attributes)
        event.attributes["datacontenttype"] = self.type.map { .string($0) }
        event.content = try content()
        try event.check()
        return event
    }

    /// The binary mode of version 0.1.
    private func binary01() throws(CloudEventProblem) -> CloudEvent {
        var event = CloudEvent(id: "", source: "", type: "")
        for (name, value) in attributeFields() where !value.isEmpty {
            switch name {
            case "eventid": event.id = value
            case "source": event.source = value
            case "eventtype": event.type = value
            case "cloudeventsversion":
                guard value == "0.1" else { throw CloudEventProblem("CE-CloudEventsVersion is not 0.1") }
            case "eventtime": event.attributes["time"] = .string(value)
            case "schemaurl": event.attributes["dataschema"] = .string(value)
            case "eventtypeversion": event.attributes["eventtypeversion"] = .string(value)
            default:
                guard name.hasPrefix("x-"), let name = CloudEventAttribute.name(of: String(name.dropFirst(2))) else {
                    continue
                }
                event.attributes[name] = .string(value)
            }
        }
        event.attributes["datacontenttype"] = .string(type ?? "application/octet-stream")
        event.content = try content()
        try event.check()
        return event
    }

    /// The header fields with attributes: names in lower case without `ce-`, and values.
    private func attributeFields() -> [(name: String, value: String)] {
        let fields = head.fields
        return (0..<fields.count).compactMap { index in
            let name = fields.name(at: index).lowercased()
            return name.hasPrefix("ce-") ? (String(name.dropFirst(3)), fields.value(at: index)) : nil
        }
    }

    // MARK: Wrapping

    /// A request that names its event in the header `Event`: the body is one, or is what it is about.
    private func legacy(_ name: String) throws(CloudEventProblem) -> CloudEvent {
        if kind == .json, let json = try? JSONParser.parse(body.span), let event = try? CloudEvent(json: json) {
            return event
        }
        return wrap(try content(), type: type ?? "application/octet-stream", as: name)
    }

    /// Any other request is what the event is about.
    private func wrapped() throws(CloudEventProblem) -> CloudEvent {
        let request = head
        var headers = JSONObject()
        for (name, values) in request.fieldsForMessage(forwarding) where name != "Host" {
            headers[name] = .string(values.joined(separator: ", "))
        }
        let query: JSONObject
        do throws(GatewayError) {
            query = try QueryLists.parse(request.query ?? "")
        } catch {
            throw CloudEventProblem(error.report.detail)
        }
        let data: JSONObject = [
            "headers": .object(headers), "query": .object(query), "body": try bodyValue(),
            "host": .string(request.authority), "path": .string(request.path),
            "method": .string(request.method.description), "params": [:],
        ]
        return wrap(.json(.object(data)), type: "application/json", as: "http.request")
    }

    private func wrap(_ content: CloudEvent.Content, type: String, as name: String) -> CloudEvent {
        let attributes: JSONObject = [
            "time": .string(now), "datacontenttype": .string(type), "eventgatewaytransformed": .bool(true),
        ]
        return CloudEvent(id: makeID(), source: Self.wrapper, type: name, attributes: attributes, content: content)
    }

    // MARK: The body

    private func parse() throws(CloudEventProblem) -> JSONValue {
        do throws(JSONProblem) {
            return try JSONParser.parse(body.span)
        } catch {
            throw CloudEventProblem("the body is no JSON: \(error)")
        }
    }

    /// What an event is about that has the body for it.
    private func content() throws(CloudEventProblem) -> CloudEvent.Content {
        if body.isEmpty { return .none }
        if kind == .json { return .json(try parse()) }
        if kind == .form || kind == .text, let text = String(validating: body.bytes, as: UTF8.self) {
            return .text(text)
        }
        return .binary(body.bytes)
    }

    /// The body within JSON: as JSON, or a form as it came, or else in base64.
    private func bodyValue() throws(CloudEventProblem) -> JSONValue {
        if kind == .json, !body.isEmpty { return try parse() }
        if kind == .form, let text = String(validating: body.bytes, as: UTF8.self) { return .string(text) }
        return .string(Base64.encode(body.span))
    }
}

extension HeaderFields {
    fileprivate func contains(named name: String) -> Bool { firstIndex(named: name.utf8.span) != nil }
}
