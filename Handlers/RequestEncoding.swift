internal import Bytes
internal import Compression
internal import Gateway
internal import HTTP

extension Exchange {
    /// Appends what has arrived of a body that is not encoded. Returns false when `collectMessage` has the rest to do.
    ///
    /// - Throws: `.contentTooLarge`, as that does.
    func tryCollectMessage(into body: inout ByteBuffer, limit: Int) throws(GatewayError) -> Bool {
        guard withRequest({ !$0.fields.contains(.contentEncoding) }) else { return false }
        return try tryCollectBody(into: &body, limit: limit)
    }

    /// Waits for the whole body of a call, and undoes what `Content-Encoding` names.
    ///
    /// - Parameter limit: On the body as it was before it was encoded, in bytes, and as it comes.
    /// - Throws: `.unsupportedEncoding` when the body is encoded in a way that we cannot undo, `.contentTooLarge` when
    ///   it is longer than the limit or suspiciously longer than it came, `.badRequest` when it is not what it is said
    ///   to be.
    nonisolated(nonsending) func collectMessage(
        into body: inout ByteBuffer, limit: Int, id: String = "go.micro.api"
    ) async throws(GatewayError) {
        guard request.fields.contains(.contentEncoding), let format = try encoding(id: id) else {
            return try await collectBody(into: &body, limit: limit)
        }
        guard let inflater = Inflater(format, limit: ExpansionLimit(length: limit)) else {
            throw GatewayError(.fault, "there is no memory to expand the body", id: id)
        }
        if case .length(let length) = requestBody, length > limit { throw Self.tooLong(limit, id) }
        var received = 0
        var piece = ByteBuffer()
        while true {
            let count = try await readBody(into: &piece, atMost: 65_536)
            guard count > 0 else { break }
            received += count
            // Members without content make no output, so that what comes is limited too.
            guard received <= limit else { throw Self.tooLong(limit, id) }
            do throws(ExpansionProblem) {
                try inflater.expand(&piece, into: &body)
            } catch {
                throw error == .tooLong ? Self.tooLong(limit, id) : Self.malformed(id)
            }
            guard piece.isEmpty else { throw Self.malformed(id) }
        }
        // Some clients name the encoding even where there is nothing to encode.
        guard inflater.isComplete || received == 0 else { throw Self.malformed(id) }
    }

    /// For bodies that are read message by message, which are taken as they come.
    ///
    /// - Throws: `.unsupportedEncoding` when the body is encoded.
    func refuseEncoding(id: String = "go.micro.api") throws(GatewayError) {
        guard request.fields.contains(.contentEncoding), try encoding(id: id) != nil else { return }
        throw GatewayError(
            .unsupportedEncoding, "a stream of messages is not read compressed; send it without Content-Encoding",
            id: id)
    }

    /// Nil for a body that is not encoded at all.
    private func encoding(id: String) throws(GatewayError) -> CompressionFormat? {
        let names = request.fields.values(.contentEncoding).flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }.filter { !$0.isEmpty && $0 != "identity" }
        guard let name = names.first else { return nil }
        guard names.count == 1, let coding = ContentCoding(name.utf8.span) else {
            throw GatewayError(
                .unsupportedEncoding,
                "a body in the content encoding \(names.joined(separator: ", ").prefix(40)) cannot be read;"
                    + " use gzip or deflate, or send it as it is", id: id)
        }
        return switch coding {
        case .gzip: .gzip
        case .deflate: .zlib
        }
    }

    private static func tooLong(_ limit: Int, _ id: String) -> GatewayError {
        GatewayError(
            .contentTooLarge,
            "the body becomes longer than the limit of \(limit) bytes, or suspiciously long for what was sent", id: id)
    }

    private static func malformed(_ id: String) -> GatewayError {
        GatewayError(.badRequest, "the body is not in the content encoding that it is said to be in", id: id)
    }
}
