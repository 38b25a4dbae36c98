internal import Bytes
internal import HTTP

/// A whole HTTP response as one protobuf message: `go.api.Response` of Go Micro.
///
///     Response  statusCode = 1 int32, header = 2 map<string, Pair>, body = 3 string
///
/// What a service must not decide is left out: fields of the connection, and those that say where the body ends.
struct APIResponse {
    /// Lines of the header; more are refused.
    static let maximumLines = 256
    /// All names and values together, in bytes.
    static let maximumHeader = 65_536

    private(set) var status = Status.ok
    private(set) var fields = HeaderFields()
    /// Where in the message the body is.
    private(set) var body = 0..<0
    private var lines = 0
    private var bytes = 0

    /// What is wrong with an answer, for the operator.
    struct Problem: Error, Equatable {
        let reason: String
    }

    /// An answer that says nothing yet.
    init() {}

    init(_ message: Span<UInt8>) throws(Problem) {
        var reader = ProtobufFields()
        var body = 0..<0
        while let field = reader.next(in: message) {
            switch field.number {
            case 1: try take(status: Int(Int32(truncatingIfNeeded: field.value)))
            case 2: try takeEntry(message.extracting(field.content))
            case 3: body = field.content
            default: break
            }
        }
        guard reader.hasReadAll(of: message) else { throw Problem(reason: "its answer is no go.api.Response") }
        finish(body: body)
    }

    /// - Parameter body: Where it is.
    mutating func finish(body: Range<Int>) {
        self.body = body
        if !fields.contains(.contentType) { fields.append(.contentType, "application/json") }
    }

    /// 0 is a status that nobody has set.
    mutating func take(status code: Int) throws(Problem) {
        if code == 0 { return status = .ok }
        guard let status = Status(code), (200...599).contains(code) else {
            throw Problem(reason: "its answer has the status \(code), which is none")
        }
        self.status = status
    }

    private mutating func takeEntry(_ entry: Span<UInt8>) throws(Problem) {
        var reader = ProtobufFields()
        var key = ""
        var pair = 0..<0
        while let field = reader.next(in: entry) {
            switch field.number {
            case 1: key = String(entry.extracting(field.content))
            case 2: pair = field.content
            default: break
            }
        }
        guard reader.hasReadAll(of: entry) else { throw Problem(reason: "the header in its answer is malformed") }
        try takePair(entry.extracting(pair), key: key)
    }

    /// The pair's own key counts, as it does in Go Micro's gateway.
    private mutating func takePair(_ pair: Span<UInt8>, key: String) throws(Problem) {
        var reader = ProtobufFields()
        var name = key
        var values: [String] = []
        while let field = reader.next(in: pair) {
            switch field.number {
            case 1: if !field.content.isEmpty { name = String(pair.extracting(field.content)) }
            case 2:
                try count(bytes: field.content.count)
                values.append(String(pair.extracting(field.content)))
            default: break
            }
        }
        guard reader.hasReadAll(of: pair) else { throw Problem(reason: "the header in its answer is malformed") }
        try append(name, values)
    }

    /// Takes a name with its values.
    mutating func take(_ name: String, _ values: [String]) throws(Problem) {
        for value in values { try count(bytes: value.utf8.count) }
        try append(name, values)
    }

    private mutating func count(bytes: Int) throws(Problem) {
        lines += 1
        self.bytes += bytes
        guard lines <= Self.maximumLines, self.bytes <= Self.maximumHeader else { throw Self.tooLong }
    }

    private mutating func append(_ name: String, _ values: [String]) throws(Problem) {
        bytes += name.utf8.count * values.count
        guard bytes <= Self.maximumHeader else { throw Self.tooLong }
        guard !FieldName.of(name).isOfTheConnection else { return }
        for value in values { try append(name, value) }
    }

    private mutating func append(_ name: String, _ value: String) throws(Problem) {
        do throws(HeaderFields.Malformed) {
            try fields.append(untrusted: name, value: value)
        } catch {
            let what = error == .name ? "a name that is none" : "a value with control bytes in it"
            throw Problem(reason: "the header \(name.prefix(64).debugDescription) in its answer has \(what)")
        }
    }

    private static let tooLong = Problem(
        reason: "the header of its answer has more than \(maximumLines) lines or \(maximumHeader) bytes")
}

extension FieldName {
    /// Whether it is for one hop only, or says where the content ends.
    fileprivate var isOfTheConnection: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .proxyAuthenticate, .proxyAuthorization, .te, .trailer,
            .transferEncoding, .upgrade, .http2Settings, .contentLength, .altSvc:
            true
        default: false
        }
    }
}
