internal import Gateway
internal import HTTP
internal import Transcoding

/// Makes routes of the options `google.api.http` of methods. What is wrong with one leaves it out, and is told.
struct RouteCollector {
    private(set) var rules: [RouteRule] = []
    private(set) var warnings: [String] = []

    mutating func add(_ method: MethodSchema, of service: ServiceSchema) {
        guard !method.rules.isEmpty else { return }
        let request = RequestDescription.of(method.input)
        for rule in method.rules {
            do throws(Unusable) {
                try add(rule, method, service, request)
            } catch {
                let name = "\(rule.method) \(rule.pattern) of \(service.name).\(method.name)"
                warnings.append("the route \(name) is left out: \(error.reason)")
            }
        }
    }

    private struct Unusable: Error {
        let reason: String
    }

    private mutating func add(
        _ rule: HTTPRule, _ method: MethodSchema, _ service: ServiceSchema, _ request: FieldDescription
    ) throws(Unusable) {
        let verb = Method(rule.method)
        guard rule.method == "*" || verb != nil else { throw Unusable(reason: "its method is none of HTTP") }
        let condition: RouteRule.Condition
        do throws(PathTemplate.Malformed) {
            condition = try RouteRule.Condition(
                path: rule.pattern, methods: rule.method == "*" ? [] : [verb].compactMap { $0 })
        } catch {
            throw Unusable(reason: error.description)
        }
        for variable in condition.template.variables {
            guard let field = method.input.field(at: variable.field), field.isPlain else {
                throw Unusable(reason: "\(method.input.name) has no \(variable.field) that one value fits into")
            }
        }
        rules.append(
            RouteRule(
                on: condition, services: [String(service.name.packagePart), service.name].filter { !$0.isEmpty },
                endpoint: "\(service.name.lastPart).\(method.name)", path: method.path,
                isStream: method.isClientStreaming || method.isServerStreaming,
                body: try body(rule, method), answer: try answer(rule, method), request: request,
                origin: "\(service.name).\(method.name), google.api.http"))
    }

    private func body(_ rule: HTTPRule, _ method: MethodSchema) throws(Unusable) -> RouteRule.Body {
        switch rule.body {
        case "": return .ignored
        case "*": return .message
        default:
            guard method.input.field(at: rule.body) != nil else {
                throw Unusable(reason: "\(method.input.name) has no \(rule.body) for the body")
            }
            return .field(rule.body)
        }
    }

    private func answer(_ rule: HTTPRule, _ method: MethodSchema) throws(Unusable) -> RouteRule.AnswerField? {
        guard !rule.responseBody.isEmpty else { return nil }
        guard let field = method.output.fields.first(where: { $0.name == rule.responseBody }) else {
            throw Unusable(reason: "\(method.output.name) has no \(rule.responseBody) to answer")
        }
        guard !method.isServerStreaming else {
            throw Unusable(reason: "it answers with a part of each message of a stream, which is not supported")
        }
        return RouteRule.AnswerField(names: [field.jsonName, field.name], absent: field.absentJSON)
    }
}

extension MessageSchema {
    /// The field with that path of declared names; nil if there is none.
    fileprivate func field(at path: String) -> FieldSchema? {
        var message = self
        var found: FieldSchema?
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            if let parent = found {
                guard case .message(let next) = parent.valueType, !parent.isMap, !parent.isRepeated else { return nil }
                message = next
            }
            found = message.fields.first { $0.name == name || $0.jsonName == name }
            if found == nil { return nil }
        }
        return found
    }
}

extension FieldSchema {
    /// Whether one value that is written as text can be all of it.
    fileprivate var isPlain: Bool {
        guard !isRepeated, !isMap else { return false }
        guard case .message(let message) = valueType else { return true }
        return message.hasOwnJSONForm
    }

    /// What is meant, in JSON, when it is left out.
    fileprivate var absentJSON: String {
        if isRepeated { return "[]" }
        if isMap { return "{}" }
        switch valueType {
        case .message: return "null"
        case .enumeration(let type): return type.values.first { $0.number == 0 }.map { "\"\($0.name)\"" } ?? "null"
        case .scalar("string"), .scalar("bytes"): return "\"\""
        case .scalar("bool"): return "false"
        case .scalar(let name): return name.hasSuffix("64") ? "\"0\"" : "0"
        }
    }
}

extension String {
    /// What comes before the last dot; empty without one.
    fileprivate var packagePart: Substring {
        guard let dot = lastIndex(of: ".") else { return "" }
        return self[..<dot]
    }
}

/// What a registry would say of a message: its fields by both of their names, with types of Go.
private struct RequestDescription {
    /// Messages may hold themselves and each other. What lies deeper is typed by its look.
    private static let maximumDepth = 6
    private static let maximumFields = 500

    private var left = Self.maximumFields

    static func of(_ message: MessageSchema) -> FieldDescription {
        var description = RequestDescription()
        let fields = description.fields(of: message, depth: 1)
        return FieldDescription(name: message.name, type: message.name, fields: fields)
    }

    private mutating func fields(of message: MessageSchema, depth: Int) -> [FieldDescription] {
        guard depth <= Self.maximumDepth, !message.hasOwnJSONForm else { return [] }
        var fields: [FieldDescription] = []
        for field in message.fields where !field.isMap {
            guard left > 0 else { break }
            left -= 1
            var inner: [FieldDescription] = []
            if case .message(let message) = field.valueType { inner = self.fields(of: message, depth: depth + 1) }
            let type = (field.isRepeated ? "[]" : "") + Self.type(of: field)
            for name in Set([field.name, field.jsonName]) {
                fields.append(FieldDescription(name: name, type: type, fields: inner))
            }
        }
        return fields
    }

    private static func type(of field: FieldSchema) -> String {
        switch field.valueType {
        case .enumeration(let type): type.name
        case .scalar("bytes"): "[]byte"
        case .scalar("double"), .scalar("float"): "float64"
        case .scalar("string"): "string"
        case .scalar("bool"): "bool"
        case .scalar: "int64"
        case .message(let message):
            switch message.name {
            case "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.FieldMask",
                "google.protobuf.StringValue", "google.protobuf.BytesValue":
                "string"
            case "google.protobuf.BoolValue": "bool"
            case "google.protobuf.DoubleValue", "google.protobuf.FloatValue", "google.protobuf.Int64Value",
                "google.protobuf.UInt64Value", "google.protobuf.Int32Value", "google.protobuf.UInt32Value":
                "float64"
            default: message.name
            }
        }
    }
}
