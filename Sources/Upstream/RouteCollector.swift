internal import Gateway
internal import HTTP
internal import Transcoding

/// Makes routes of the options `google.api.http` of methods. What is wrong with one leaves it out, and is told.
struct RouteCollector {
    /// Under which name the service is registered, and how its endpoints are named; nil when that is not known.
    var registration: (service: String, names: EndpointNames)?
    private(set) var rules: [RouteRule] = []
    private(set) var warnings: [String] = []

    mutating func add(_ method: MethodSchema, of service: ServiceSchema) {
        guard !method.rules.isEmpty else { return }
        let request = MessageDescription.thorough(method.input)
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
        for variable in condition.variables {
            guard let field = method.input.field(at: variable.field), field.isPlain else {
                throw Unusable(reason: "\(method.input.name) has no \(variable.field) that one value fits into")
            }
        }
        rules.append(
            RouteRule(
                on: condition, services: services(service),
                endpoint: registration?.names.name(of: method) ?? EndpointNames.short(method), path: method.path,
                isStream: method.isClientStreaming || method.isServerStreaming,
                body: try body(rule, method), answer: try answer(rule, method),
                answersBytes: try answersBytes(rule, method), request: request,
                origin: "\(service.name).\(method.name), google.api.http"
                    + (registration.map { ", by reflection of \($0.service)" } ?? "")))
    }

    private func services(_ service: ServiceSchema) -> [String] {
        if let registration { return [registration.service] }
        return [String(service.name.packagePart), service.name].filter { !$0.isEmpty }
    }

    private func body(_ rule: HTTPRule, _ method: MethodSchema) throws(Unusable) -> RouteRule.Body {
        switch rule.body {
        case "": return .ignored
        case "*" where method.input.isHTTPBody: return .bytes(field: nil, inPieces: method.isClientStreaming)
        case "*": return .message
        default:
            guard let field = method.input.field(at: rule.body) else {
                throw Unusable(reason: "\(method.input.name) has no \(rule.body) for the body")
            }
            guard field.isHTTPBody, !rule.body.contains(".") else { return .field(rule.body) }
            return .bytes(field: rule.body, inPieces: method.isClientStreaming)
        }
    }

    private func answer(_ rule: HTTPRule, _ method: MethodSchema) throws(Unusable) -> RouteRule.AnswerField? {
        try answerField(rule, method).map {
            RouteRule.AnswerField(names: [$0.jsonName, $0.name], absent: $0.absentJSON)
        }
    }

    private func answersBytes(_ rule: HTTPRule, _ method: MethodSchema) throws(Unusable) -> Bool {
        try answerField(rule, method)?.isHTTPBody ?? method.output.isHTTPBody
    }

    private func answerField(_ rule: HTTPRule, _ method: MethodSchema) throws(Unusable) -> FieldSchema? {
        guard !rule.responseBody.isEmpty else { return nil }
        guard let field = method.output.fields.first(where: { $0.name == rule.responseBody }) else {
            throw Unusable(reason: "\(method.output.name) has no \(rule.responseBody) to answer")
        }
        return field
    }
}

extension MessageSchema {
    /// Whether it is bytes with their type, which a client gets and sends as they are.
    fileprivate var isHTTPBody: Bool { name == "google.api.HttpBody" }

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
    fileprivate var isHTTPBody: Bool {
        guard case .message(let message) = valueType, !isRepeated, !isMap else { return false }
        return message.isHTTPBody
    }

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
