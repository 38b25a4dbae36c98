import Bytes
import Gateway
import JSON
import Synchronization

/// Asks a running appliance by its JSON API.
struct ApplianceDirectory: ServiceDirectory {
    private let requester: any HTTPRequester
    /// Limit on requests that call no service.
    private let timeout: Duration

    /// A call takes this much longer to fail here than there, so that the appliance's own words arrive.
    private static let margin: Duration = .seconds(1)

    init(_ requester: any HTTPRequester, timeout: Duration = .seconds(5)) {
        self.requester = requester
        self.timeout = timeout
    }

    /// Where a gateway would send a request, as JSON.
    ///
    /// - Parameter query: What the request is, by the parameters of `GET /api/explain`.
    func explain(_ query: [(String, String)]) async throws(DirectoryError) -> [UInt8] {
        let text = query.map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&")
        return try await send("GET", "/api/explain?\(text)")
    }

    /// All routes that the gateways know, as `GET /api/routes` tells them.
    ///
    /// - Parameter query: Which ones, by its parameters.
    func routes(_ query: [(String, String)]) async throws(DirectoryError) -> JSONObject {
        let text = query.map { "\($0.0)=\($0.1.percentEncoded)" }.joined(separator: "&")
        let answer = try await send("GET", "/api/routes" + (text.isEmpty ? "" : "?\(text)"))
        guard case .object(let object)? = try? JSONParser.parse(ByteBuffer(answer).span),
            object["routes"]?.arrayValue != nil
        else {
            throw .failed(Self.foreignAnswer)
        }
        return object
    }

    private static let foreignAnswer =
        "the answer is not what a running micro sends; is another program listening there?"

    /// Lists or changes what operators have declared.
    ///
    /// - Parameters:
    ///   - method: Of the request to `/api/routes` or `/api/limits`, such as `POST`.
    ///   - kind: `routes` or `limits`.
    ///   - body: What is declared, or taken back; nil to list.
    /// - Returns: All when listing, else what was made.
    func declarations(
        _ method: String, _ kind: String, _ body: JSONValue? = nil
    ) async throws(DirectoryError) -> [JSONValue] {
        let answer = try await send(method, "/api/\(kind)", body.map { Array($0.text().utf8) } ?? [])
        guard let json = try? JSONParser.parse(ByteBuffer(answer).span), let list = json["data"]?.arrayValue else {
            throw .failed(Self.foreignAnswer)
        }
        return list
    }

    func services() async throws(DirectoryError) -> [Service] {
        try Self.records(in: try await send("GET", "/api/services"))
    }

    func services(named name: String) async throws(DirectoryError) -> [Service] {
        do throws(DirectoryError) {
            return try Self.records(in: try await send("GET", "/api/services/\(name.percentEncoded)"))
        } catch {
            if case .reported(let report) = error, report.code == 404 { return [] }
            throw error
        }
    }

    func register(_ service: Service, lifetime: Duration?) async throws(DirectoryError) {
        let query = lifetime.map { "?ttl=\($0.wholeSeconds)" } ?? ""
        _ = try await send("POST", "/api/services\(query)", Array(service.json.text().utf8))
    }

    func deregister(_ service: Service) async throws(DirectoryError) {
        _ = try await send("DELETE", "/api/services", Array(service.json.text().utf8))
    }

    func call(_ call: DirectoryCall) async throws(DirectoryError) -> [UInt8] {
        let (status, body) = try await requester.send(
            "POST", "/rpc", headers: Self.headers(of: call), body: Self.envelope(of: call),
            timeout: call.timeout + Self.margin)
        guard status < 400 else { throw Self.error(status: status, body) }
        return body
    }

    func stream(_ call: DirectoryCall, take: @escaping @Sendable ([UInt8]) -> Void) async throws(DirectoryError) {
        let last = LastError()
        let (status, body) = try await requester.post(
            "/rpc", headers: Self.headers(of: call) + [("Accept", "application/x-ndjson")],
            body: Self.envelope(of: call), timeout: call.timeout + Self.margin
        ) { line in
            if !last.take(line) { take(line) }
        }
        if let report = last.report { throw .reported(report) }
        guard status < 400 else { throw Self.error(status: status, body) }
        // An endpoint that does not stream answers once.
        if !body.isEmpty { take(body) }
    }

    private static func headers(of call: DirectoryCall) -> [(name: String, value: String)] {
        var headers = call.metadata.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        headers.append(("Content-Type", "application/json"))
        headers.append(("Timeout", String(call.timeout.wholeSeconds)))
        return headers
    }

    /// The message for `/rpc`. The request goes in as it was typed: a tree could not keep duplicate names.
    private static func envelope(of call: DirectoryCall) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.append("{\"service\":" as StaticString)
        JSONWriter.write(call.service, to: &buffer)
        buffer.append(",\"endpoint\":" as StaticString)
        JSONWriter.write(call.endpoint, to: &buffer)
        if let address = call.address {
            buffer.append(",\"address\":" as StaticString)
            JSONWriter.write(address.asked.description, to: &buffer)
        }
        buffer.append(",\"request\":" as StaticString)
        buffer.append(call.body)
        buffer.append("}" as StaticString)
        return buffer.bytes
    }

    private func send(
        _ method: String, _ path: String, _ body: [UInt8] = []
    ) async throws(DirectoryError) -> [UInt8] {
        let headers = body.isEmpty ? [] : [(name: "Content-Type", value: "application/json")]
        let (status, answer) = try await requester.send(method, path, headers: headers, body: body, timeout: timeout)
        guard status < 400 else { throw Self.error(status: status, answer) }
        return answer
    }

    private static func records(in body: [UInt8]) throws(DirectoryError) -> [Service] {
        guard let json = try? JSONParser.parse(ByteBuffer(body).span), case .array(let records)? = json["data"] else {
            throw .failed(foreignAnswer)
        }
        var services: [Service] = []
        for record in records {
            do throws(MalformedRecord) {
                services.append(try Service(json: record))
            } catch {
                throw .failed("a record of the answer is wrong: \(error.reason)")
            }
        }
        return services
    }

    /// The API wraps its errors in `error`; `/rpc` does not, as in the original.
    private static func error(status: Int, _ body: [UInt8]) -> DirectoryError {
        guard let json = try? JSONParser.parse(ByteBuffer(body).span), case .object(let object) = json else {
            return .failed("the server answered with status \(status)")
        }
        var report = MicroError(text: (object["error"] ?? json).text())
        if report.code == 0 { report.code = status }
        // Its words are for clients of every kind.
        if status == 401 { report.detail += "; give micro a token by the variable MICRO_AUTH_TOKEN" }
        return .reported(report)
    }
}

/// The error that the last line of a stream may be. The lines come from another thread.
private final class LastError: Sendable {
    private let found = Mutex<MicroError?>(nil)

    var report: MicroError? { found.withLock { $0 } }

    /// Returns true when the line is an error and no message.
    func take(_ line: [UInt8]) -> Bool {
        guard let json = try? JSONParser.parse(ByteBuffer(line).span), case .object(let object) = json,
            object.count == 1, let error = object["error"], error["code"]?.intValue != nil
        else { return false }
        found.withLock { $0 = MicroError(text: error.text()) }
        return true
    }
}

extension Duration {
    /// Rounded up, at least 1.
    fileprivate var wholeSeconds: Int64 { max(1, components.seconds + (components.attoseconds > 0 ? 1 : 0)) }
}

extension String {
    /// With everything but the unreserved characters (RFC 3986, 2.3) as `%XX`.
    var percentEncoded: String {
        utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: return String(UnicodeScalar(byte))
            default: return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
