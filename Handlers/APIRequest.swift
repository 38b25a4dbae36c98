internal import Bytes
internal import Gateway
internal import HTTP

/// A whole HTTP request as one protobuf message: `go.api.Request` of Go Micro.
///
///     Pair     key = 1 string, values = 2 repeated string
///     Request  method = 1 string, path = 2 string, header = 3, get = 4, post = 5 map<string, Pair>, body = 6 string,
///              url = 7 string
///
/// The body is written as the bytes it has, whatever the declared type: in the wire format there is no difference.
struct APIRequest {
    typealias Pairs = [(name: String, values: [String])]

    /// Values in a query or form; more are refused.
    static let maximumValues = 1_000
    /// What a body without a type that could be read is declared to be.
    private static let fallbackType = "text/plain; charset=UTF-8"

    let method: String
    let path: String
    let url: String
    let header: Pairs
    let get: Pairs
    /// What a form in the body says.
    let post: Pairs
    /// False when the message has the body as fields of a form instead.
    let hasBody: Bool

    /// - Parameter namespace: In which services are looked for, without type.
    /// - Throws: `.badRequest` for a path, query or form that is malformed.
    init(
        _ head: borrowing RequestHead, body: Span<UInt8>, _ context: ForwardingContext, namespace: String?
    ) throws(GatewayError) {
        guard let path = PercentEncoding.decode(head.path) else {
            throw GatewayError(.badRequest, "the path is not percent-encoded UTF-8")
        }
        self.path = path
        method = head.method.description
        url = head.path + (head.query.map { "?\($0)" } ?? "")
        let type = head.fields[.contentType].flatMap(MediaType.init)
        var header = head.fieldsForMessage(context)
        if type == nil {
            header.removeAll { $0.name == "Content-Type" }
            header.append(("Content-Type", [Self.fallbackType]))
        }
        if let namespace, !namespace.isEmpty { header.append(("Micro-Namespace", [namespace])) }
        self.header = header
        let hasForm = type?.kind == .form && (head.method == .post || head.method == .put || head.method == .patch)
        hasBody = !hasForm
        do throws(PayloadProblem) {
            get = try Self.values(head.querySpan)
            if hasForm {
                post = try Self.values(body)
            } else if type?.kind == .multipart {
                post = Self.parts(body, head)
            } else {
                post = []
            }
        } catch {
            throw GatewayError(.badRequest, "Error parsing form: \(error)")
        }
    }

    private static func values(_ bytes: Span<UInt8>) throws(PayloadProblem) -> Pairs {
        var collector = PairCollector()
        try EncodedFields.forEach(in: bytes) { name, value throws(PayloadProblem) in
            try collector.add(name, value ?? "")
        }
        return collector.pairs
    }

    /// The fields of a form in parts, files left out. The service has the body too, so what we cannot read is its affair.
    private static func parts(_ body: Span<UInt8>, _ head: borrowing RequestHead) -> Pairs {
        var collector = PairCollector()
        do {
            var reader = try MultipartReader(body, boundary: try head.multipartBoundary())
            while let part = try reader.next() {
                if !part.isFile { try collector.add(part.name, String(body.extracting(part.content))) }
            }
            return collector.pairs
        } catch {
            return []
        }
    }

    /// Appends the message.
    func write(body: borrowing ByteBuffer, to message: inout ByteBuffer) {
        message.append(text: method, field: 1)
        message.append(text: path, field: 2)
        for pair in header { message.append(pair, field: 3) }
        for pair in get { message.append(pair, field: 4) }
        for pair in post { message.append(pair, field: 5) }
        if hasBody { message.append(content: body, field: 6) }
        message.append(text: url, field: 7)
    }
}

/// Values by name, in the order in which names come.
private struct PairCollector {
    private(set) var pairs: APIRequest.Pairs = []
    private var places: [String: Int] = [:]
    private var count = 0

    mutating func add(_ name: String, _ value: String) throws(PayloadProblem) {
        count += 1
        guard count <= APIRequest.maximumValues else { throw .tooManyFields(limit: APIRequest.maximumValues) }
        if let place = places[name] {
            pairs[place].values.append(value)
        } else {
            places[name] = pairs.count
            pairs.append((name, [value]))
        }
    }
}
