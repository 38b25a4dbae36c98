internal import Bytes
package import JSON

// Events that come as one JSON object.
extension CloudEvent {
    /// Reads an object of version 1.0 or 0.1.
    ///
    /// - Throws: What is missing or wrong.
    package init(json: JSONValue) throws(CloudEventProblem) {
        guard case .object(let object) = json else { throw CloudEventProblem("an event is a JSON object") }
        switch object["specversion"] {
        case .string(Self.version): try self.init(object)
        case .string(let other):
            throw CloudEventProblem("events of version \(other.prefix(20)) are not understood; send 1.0 or 0.1")
        case nil where object["cloudEventsVersion"] != nil: try self.init(version01: object)
        default: throw CloudEventProblem("the event says by neither specversion nor cloudEventsVersion what it is")
        }
    }

    private init(_ object: JSONObject) throws(CloudEventProblem) {
        self.init(
            id: try object.required("id"), source: try object.required("source"), type: try object.required("type"))
        for (name, value) in object {
            switch name {
            case "specversion", "id", "source", "type": continue
            case "data": if value != .null || object["data_base64"] == nil { content = .json(value) }
            case "data_base64":
                guard case .string(let text) = value, let bytes = Base64.decode(lenient: text.utf8.span) else {
                    throw CloudEventProblem("data_base64 is no text in base64")
                }
                guard object["data"] ?? .null == .null else {
                    throw CloudEventProblem("the event has both data and data_base64")
                }
                content = .binary(bytes)
            default: try set(name, to: value)
            }
        }
        try check()
    }

    private init(version01 object: JSONObject) throws(CloudEventProblem) {
        guard case .string("0.1") = object["cloudEventsVersion"] else {
            throw CloudEventProblem("cloudEventsVersion is not 0.1")
        }
        self.init(
            id: try object.required("eventID"), source: try object.required("source"),
            type: try object.required("eventType"))
        try set("time", to: object["eventTime"] ?? .null)
        try set("datacontenttype", to: object["contentType"] ?? .null)
        try set("dataschema", to: object["schemaURL"] ?? .null)
        try set("eventtypeversion", to: object["eventTypeVersion"] ?? .null)
        if case .object(let extensions) = object["extensions"] {
            for (name, value) in extensions {
                guard let name = CloudEventAttribute.name(of: name) else { continue }
                attributes[name] = CloudEventAttribute.value(of: value) ?? attributes[name]
            }
        }
        if let data = object["data"], data != .null { content = .json(data) }
        try check()
    }

    /// Adds an attribute of version 1.0. Null is as good as none.
    private mutating func set(_ name: String, to value: JSONValue) throws(CloudEventProblem) {
        guard CloudEventAttribute.isName(name) else {
            throw CloudEventProblem(
                "\(name.prefix(40)) is no name of an attribute, which has small letters and digits only")
        }
        switch value {
        case .null: return
        case .string(""): throw CloudEventProblem("the attribute \(name.prefix(40)) is empty")
        case .string: break
        case .bool, .number:
            let isSimple = value.boolValue != nil || value.isInteger32
            guard isSimple, !CloudEventAttribute.own.contains(name) else {
                throw CloudEventProblem("the attribute \(name.prefix(40)) has a value of the wrong type")
            }
        case .array, .object: throw CloudEventProblem("the attribute \(name.prefix(40)) is no simple value")
        }
        attributes[name] = value
    }

    /// What does not depend on how the event came.
    func check() throws(CloudEventProblem) {
        guard !id.isEmpty, !type.isEmpty else { throw CloudEventProblem("id and type must not be empty") }
        guard CloudEventAttribute.isReference(source) else { throw CloudEventProblem("source is no URI") }
        if let time = attributes["time"]?.stringValue, !CloudEventAttribute.isTime(time) {
            throw CloudEventProblem("the time is not as in RFC 3339, such as 2020-04-01T12:00:00Z")
        }
        if let schema = attributes["dataschema"]?.stringValue, !CloudEventAttribute.isReference(schema) {
            throw CloudEventProblem("the schema is no URI")
        }
    }
}

extension JSONObject {
    fileprivate func required(_ name: String) throws(CloudEventProblem) -> String {
        guard case .string(let text) = self[name], !text.isEmpty else {
            throw CloudEventProblem("the event has no \(name)")
        }
        return text
    }
}
