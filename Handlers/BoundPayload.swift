internal import Bytes
internal import Gateway
internal import HTTP
internal import JSON

/// The JSON message of a call whose route was declared: which part of the request is which field (`google.api.http`).
extension RequestPayload {
    /// Turns the body into the message, by the rule if there is one, and else as for every request.
    ///
    /// - Parameter others: Knows types that are not in the catalog.
    static func make(
        from body: inout ByteBuffer, of head: borrowing RequestHead, on route: Route, _ catalog: CatalogView,
        _ others: (any RequestDescriber)?
    ) throws(GatewayError) {
        guard let binding = route.binding else {
            return try make(from: &body, of: head) { request(of: route, catalog, others).flatMap(FieldType.init) }
        }
        let type = (binding.rule.request ?? request(of: route, catalog, others)).flatMap(FieldType.init)
        if binding.rule.body == .merged {
            try make(from: &body, of: head) { type }
            // As in Micro v2: `/files/{path=**}` has no path in `/files`.
            return try lay(binding.fields.filter { !$0.value.isEmpty }, over: &body, as: type)
        }
        let isUnread = binding.rule.body == .ignored || binding.rule.body.isOpaque
        let form = isUnread ? nil : try FormKind(of: body.span, head)
        do throws(PayloadProblem) {
            try bind(&body, form, of: head, by: binding, as: type)
        } catch {
            throw GatewayError(error)
        }
    }

    private static func request(
        of route: Route, _ catalog: CatalogView, _ others: (any RequestDescriber)?
    ) -> FieldDescription? {
        let destination = route.destination
        let rule = route.binding?.rule
        return catalog.catalog.endpoint(destination.endpoint, of: destination.service, declaredBy: rule)?.request
            ?? others?.request(of: destination, on: route.nodes.nodes)
    }

    /// What path and query say, where the body is not read as a message.
    static func fields(of head: borrowing RequestHead, by binding: RouteBinding) throws(GatewayError) -> JSONObject {
        do throws(PayloadProblem) {
            return try fields(of: head, by: binding, as: binding.rule.request.flatMap(FieldType.init))
        } catch {
            throw GatewayError(error)
        }
    }

    private static func fields(
        of head: borrowing RequestHead, by binding: RouteBinding, as type: FieldType?
    ) throws(PayloadProblem) -> JSONObject {
        let path = try PathFields.parse(binding.fields, as: type)
        if case .bytes(field: nil, _) = binding.rule.body { return path }
        return Payload.merge(path, over: try QueryFields.parse(query: head.query ?? "", as: type))
    }

    /// What the path says cannot be said otherwise by query and body, which are one message already.
    private static func lay(
        _ fields: [(name: String, value: String)], over body: inout ByteBuffer, as type: FieldType?
    ) throws(GatewayError) {
        guard !fields.isEmpty else { return }
        do throws(PayloadProblem) {
            let path = try PathFields.parse(fields, as: type)
            switch try Payload.body(body.span) {
            case .object(let members): replace(&body, with: .object(Payload.merge(path, over: members)))
            case .null: replace(&body, with: .object(path))
            case .array, .string, .number, .bool: throw .memberlessBody
            }
        } catch {
            throw GatewayError(error)
        }
    }

    /// What the path says cannot be said otherwise by the rest.
    private static func bind(
        _ body: inout ByteBuffer, _ form: FormKind?, of head: borrowing RequestHead, by binding: RouteBinding,
        as type: FieldType?
    ) throws(PayloadProblem) {
        let rule = binding.rule
        if rule.body == .message, binding.fields.isEmpty, form == nil { return try check(&body, of: head) }
        let path = try PathFields.parse(binding.fields, as: type)
        switch rule.body {
        case .ignored, .merged:
            let query = try QueryFields.parse(query: head.query ?? "", as: type)
            replace(&body, with: .object(Payload.merge(path, over: query)))
        case .message:
            switch try value(of: body.span, form, as: type) {
            case .object(let members): replace(&body, with: .object(Payload.merge(path, over: members)))
            case .null: replace(&body, with: .object(path))
            case .array, .string, .number, .bool: throw .memberlessBody
            }
        case .field(let name):
            let query = try QueryFields.parse(query: head.query ?? "", as: type)
            let merged: JSONValue =
                body.isEmpty
                ? .object(query)
                : try Payload.merge(fields: query, body: try value(of: body.span, form, as: nil), at: name)
            replace(&body, with: .object(Payload.merge(path, over: merged.objectValue ?? query)))
        case .bytes(let field, _):
            let object = RawBody.object(body.span, type: head.fields[.contentType])
            replace(
                &body,
                with: .object(RawBody.merge(object, at: field, over: try fields(of: head, by: binding, as: type))))
        }
    }

    private static func value(
        of body: Span<UInt8>, _ form: FormKind?, as type: FieldType?
    ) throws(PayloadProblem) -> JSONValue {
        switch form {
        case nil: try Payload.body(body)
        case .encoded: .object(try FormFields.parse(body, as: type))
        case .multipart(let boundary): .object(try FormFields.parse(multipart: body, boundary: boundary, as: type))
        }
    }
}

extension RouteRule.AnswerField {
    /// Leaves of an answer what a client is to get.
    ///
    /// - Throws: `.upstreamBroken` for an answer that is no object.
    func pick(from reply: inout ByteBuffer) throws(GatewayError) {
        guard case .object(let members) = try? JSONParser.parse(reply.span) else {
            throw GatewayError(
                .upstreamBroken, "the service broke off or gave no valid answer",
                detail: "an answer, of which \(names[0]) is to be answered, is no JSON object", mayHaveBeenSent: true)
        }
        reply.removeAll()
        for name in names {
            if let value = members[name] { return JSONWriter.write(value, to: &reply) }
        }
        reply.append(absent)
    }
}
