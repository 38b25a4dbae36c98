internal import Gateway
internal import HTTP
internal import JSON

/// What an operation does, before it is known under which path and method it stands.
struct OperationSubject {
    let service: String
    let endpoint: String
    var description: String?
    /// Nothing is known of messages that are none of ours.
    var types = EndpointTypes()
}

/// Writes the operations of an OpenAPI document, and gathers the schemas that they refer to.
struct OperationWriter {
    static let schemaPlace = "#/components/schemas/"

    private(set) var schemas = JSONSchemaLibrary(
        at: schemaPlace, types: ["Error": ErrorAnswers.schema])
    private var usedNames: Set<String> = []

    // MARK: Calls

    /// A call whose path the resolver understands: the message is the body, or the query of requests that have none.
    mutating func call(_ subject: OperationSubject, _ method: Method) -> JSONValue {
        var operation = head(of: subject, method)
        if method.hasNoBody {
            let fields = subject.types.request.map { MessageFields($0).queryFields() } ?? []
            addParameters(fields.map { query($0, of: subject) }, to: &operation)
        } else {
            operation["requestBody"] = body(subject.types.request, isStream: subject.types.isStream)
        }
        operation["responses"] = answers(subject.types.response, isStream: subject.types.isStream)
        return .object(operation)
    }

    /// A call by a declared route.
    mutating func call(
        _ subject: OperationSubject, _ method: Method, by rule: RouteRule, at path: TemplatePath
    ) -> JSONValue {
        var operation = head(of: subject, method)
        let request = subject.types.request
        let fields = request.map(MessageFields.init)
        var parameters = path.parameters.map { parameter(of: path, $0, fields, subject) }
        let taken = path.parameters.compactMap(\.field)
        switch rule.body {
        case .merged where !method.hasNoBody, .message:
            operation["requestBody"] = body(request, isStream: rule.isStream)
        case .merged, .ignored:
            parameters += (fields?.queryFields(without: taken) ?? []).map { query($0, of: subject) }
        case .field(let name):
            parameters += (fields?.queryFields(without: taken + [name]) ?? []).map { query($0, of: subject) }
            operation["requestBody"] = body(fields?.schema(ofField: name), isStream: rule.isStream)
        case .bytes(let name, _):
            // Where the body is all of the message, the query is not looked at.
            let left = name.flatMap { fields?.queryFields(without: taken + [$0]) } ?? []
            parameters += left.map { query($0, of: subject) }
            operation["requestBody"] = ["content": ["*/*": [:]]]
        }
        addParameters(parameters, to: &operation)
        var response = subject.types.response
        if let answer = rule.answer, let whole = response {
            response = answer.names.lazy.compactMap { MessageFields(whole).schema(ofField: $0) }.first
        }
        operation["responses"] =
            rule.answersBytes
            ? ["default": ["description": "Bytes, or an error.", "content": ["*/*": [:]]]]
            : answers(response, isStream: rule.isStream)
        return .object(operation)
    }

    // MARK: Everything else

    /// A request that is passed on as it is, or in one piece: only who gets it knows more.
    mutating func passing(_ subject: OperationSubject, _ method: Method, at path: TemplatePath) -> JSONValue {
        var operation = head(of: subject, method)
        addParameters(path.parameters.map { parameter(of: path, $0, nil, subject) }, to: &operation)
        if !method.hasNoBody { operation["requestBody"] = ["content": ["*/*": [:]]] }
        operation["responses"] = [
            "default": ["description": "What the service answers, or an error.", "content": ["*/*": [:]]]
        ]
        return .object(operation)
    }

    /// The one path by which every registered endpoint can be called.
    mutating func anyCall() -> JSONValue {
        let subject = OperationSubject(
            service: "rpc", endpoint: "call",
            description:
                "Calls any endpoint of any registered service. Where it is open to this machine only, others get 403.")
        var operation = head(of: subject, .post)
        operation["requestBody"] = [
            "required": true,
            "content": [
                "application/json": [
                    "schema": [
                        "type": "object", "required": ["service", "endpoint"],
                        "properties": [
                            "service": [
                                "type": "string", "pattern": #"^(?!.*\.\.)[!-~]{1,255}$"#,
                                "description": "Such as go.micro.srv.greeter.",
                            ],
                            "endpoint": [
                                "type": "string", "pattern": #"^[!--/-~]+\.[!--/-~]+$"#, "maxLength": 255,
                                "description": "Such as Say.Hello.",
                            ],
                            "request": [
                                "type": ["object", "array", "null"],
                                "description": "The message. Without one, it is {}.",
                            ],
                            "address": ["type": "string", "description": "That of one node; else any is asked."],
                        ],
                    ]
                ]
            ],
        ]
        var responses = answers(JSONSchema([:]), isStream: false).objectValue ?? [:]
        responses["403"] = ErrorAnswers.reference(to: "Forbidden")
        operation["responses"] = .object(responses)
        return .object(operation)
    }

    // MARK: Parts

    private mutating func head(of subject: OperationSubject, _ method: Method) -> JSONObject {
        var operation: JSONObject = [
            "operationId": .string(name(subject, method)), "tags": [.string(subject.service)],
            "summary": .string(subject.endpoint),
        ]
        if let description = subject.description { operation["description"] = .string(description) }
        return operation
    }

    /// A name of letters, digits, dots, hyphens and underscores that no other operation has.
    private mutating func name(_ subject: OperationSubject, _ method: Method) -> String {
        let words =
            "\(subject.service).\(subject.endpoint)\(method == .post ? "" : ".\(method.description.lowercased())")"
        let isPlain = { (byte: UInt8) in
            (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2E || byte == 0x2D || byte == 0x5F
        }
        let plain = String(decoding: words.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
        var name = plain
        var number = 2
        while !usedNames.insert(name).inserted {
            name = "\(plain)-\(number)"
            number += 1
        }
        return name
    }

    private func addParameters(_ parameters: [JSONValue], to operation: inout JSONObject) {
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
    }

    private mutating func query(_ field: MessageFields.QueryField, of subject: OperationSubject) -> JSONValue {
        let schema = schemas.add(JSONSchema(field.schema, types: subject.types.request?.types ?? [:]))
        return ["name": .string(field.path), "in": "query", "schema": schema]
    }

    private mutating func parameter(
        of path: TemplatePath, _ parameter: TemplatePath.Parameter, _ fields: MessageFields?,
        _ subject: OperationSubject
    ) -> JSONValue {
        var schema: JSONValue = ["type": "string", "minLength": 1]
        if parameter.isWhole, !parameter.isRest, let known = parameter.field.flatMap({ fields?.schema(ofField: $0) }),
            known.root != ["type": "string"]
        {
            schema = schemas.add(known)
        }
        var written: JSONObject = ["name": .string(parameter.name), "in": "path", "required": true, "schema": schema]
        switch (parameter.field, parameter.isRest) {
        case (let field?, true): written["description"] = .string("All segments that are left of \(field).")
        case (let field?, false) where !parameter.isWhole:
            written["description"] = .string("One segment of \(field).")
        case (let field?, false) where field != parameter.name:
            written["description"] = .string("The field \(field).")
        case (nil, true): written["description"] = "Any number of segments, which say nothing."
        case (nil, false): written["description"] = "Any segment, which says nothing."
        case (_?, false): break
        }
        return .object(written)
    }

    private mutating func body(_ schema: JSONSchema?, isStream: Bool) -> JSONValue {
        let content: JSONValue = ["schema": schema.map { schemas.add($0) } ?? [:]]
        guard isStream else { return ["content": ["application/json": content]] }
        return [
            "description": "The one message, or one on each line.",
            "content": ["application/json": content, "application/x-ndjson": content],
        ]
    }

    private mutating func answers(_ schema: JSONSchema?, isStream: Bool) -> JSONValue {
        let message: JSONValue = ["schema": schema.map { schemas.add($0) } ?? [:]]
        var answers: JSONObject = [
            "200": ["description": "What the endpoint answers.", "content": ["application/json": message]]
        ]
        if isStream {
            answers["200"] = [
                "description": """
                The messages as they come: one on each line, or each the data of an event, the last of which is named \
                end; a single one as JSON.
                """,
                "content": [
                    "text/event-stream": ["schema": ["type": "string"]], "application/x-ndjson": message,
                    "application/json": message,
                ],
            ]
            answers["406"] = ErrorAnswers.reference(to: "NotAcceptable")
        }
        for (status, name) in ErrorAnswers.ofCalls { answers[status] = ErrorAnswers.reference(to: name) }
        return .object(answers.sorted())
    }
}

extension Method {
    /// Whether requests with it have no body as a rule.
    fileprivate var hasNoBody: Bool { self == .get || self == .head || self == .delete }
}

/// The answers that say what went wrong, which all operations share.
enum ErrorAnswers {
    /// Those that every call may have, by their status.
    static let ofCalls = [
        ("400", "BadRequest"), ("404", "NotFound"), ("415", "UnsupportedMediaType"), ("502", "BadGateway"),
        ("503", "Unavailable"), ("504", "Timeout"), ("default", "Error"),
    ]

    static func reference(to name: String) -> JSONValue { ["$ref": .string("#/components/responses/\(name)")] }

    /// Go Micro's error object.
    static let schema: JSONValue = [
        "type": "object", "description": "What went wrong. Services answer with it as well.",
        "required": ["id", "code"],
        "properties": [
            "id": ["type": "string", "description": "Where it went wrong, such as go.micro.api."],
            "code": ["type": "integer", "description": "The status, or what the service says in its place."],
            "detail": ["type": "string", "description": "One sentence for the person who called."],
            "status": ["type": "string", "description": "The words for the code."],
        ],
    ]

    static let components: JSONValue = .object(
        JSONObject(
            [
                ("BadRequest", "The request is no message of the endpoint, or the service refuses it."),
                ("Forbidden", "This client may not ask for this."),
                ("NotFound", "There is no such service or endpoint, or the service has not found what was asked for."),
                ("NotAcceptable", "The endpoint answers with more than one message, which the client does not accept."),
                ("UnsupportedMediaType", "The body is of a type or an encoding that cannot become a message."),
                ("BadGateway", "No node of the service could be reached, or it gave no valid answer."),
                ("Unavailable", "The service is registered, but no node of it can be asked."),
                ("Timeout", "The service took too long."),
                ("Error", "Whatever else the service or the gateway says went wrong."),
            ].map { name, description in
                (
                    name,
                    [
                        "description": .string(description),
                        "content": ["application/json": ["schema": ["$ref": "#/components/schemas/Error"]]],
                    ] as JSONValue
                )
            }))
}
