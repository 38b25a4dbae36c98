internal import Bytes
internal import Gateway
internal import HTTP
internal import Reactor
internal import Transcoding

/// Asks one node for the types and methods that it serves, by gRPC's reflection. A task of its own, since many calls may
/// wait for the same answer and the first of them may leave.
final class SchemaFetch: LoopTask {
    enum Outcome {
        case schema(SchemaSet)
        /// The node has no reflection.
        case unknown
        case failed(GatewayError)
    }

    /// Limit on all of it.
    private static let timeout = Duration.seconds(5)
    /// The longest answer to one question, in bytes.
    private static let maximumAnswer = 16 << 20
    /// How often files that the known ones import are asked for.
    private static let maximumRounds = 64

    let node: Node
    private let pool: HTTP2Pool
    private let wakeup = Wakeup()
    private let deadline: Deadline
    /// Nil while it goes on.
    private(set) var outcome: Outcome?
    /// Differs whenever the descriptors of a schema differ; within one process only.
    private(set) var fingerprint = 0
    /// All descriptors of a schema together, in bytes.
    private(set) var size = 0
    /// When the outcome came.
    private(set) var endedAt: ContinuousClock.Instant
    /// What waits for the outcome.
    var waiters: [Wakeup] = []

    init(of node: Node, over pool: HTTP2Pool) {
        self.node = node
        self.pool = pool
        deadline = Deadline(on: pool.loop, firing: wakeup)
        endedAt = pool.loop.now
    }

    deinit { deadline.cancel() }

    nonisolated(nonsending) func run() async {
        deadline.set(pool.loop.now + Self.timeout)
        do throws(GatewayError) {
            outcome = try await fetch()
        } catch {
            outcome = .failed(error)
        }
        deadline.cancel()
        endedAt = pool.loop.now
        for waiter in waiters { waiter.fire() }
        waiters.removeAll()
    }

    nonisolated(nonsending) private func fetch() async throws(GatewayError) -> Outcome {
        for path in ReflectionRequest.paths {
            do throws(GatewayError) {
                return .schema(try await fetch(at: path))
            } catch {
                // An older or a newer version, or none at all.
                guard error.code == .application, error.status == .notFound || error.status == .notImplemented else {
                    throw error
                }
            }
        }
        return .unknown
    }

    nonisolated(nonsending) private func fetch(at path: String) async throws(GatewayError) -> SchemaSet {
        let connection = try await pool.connection(to: node, wakeup: wakeup, until: deadline)
        let target = GRPCRequestHead.Target(
            path: path, scheme: node.scheme, authority: node.address, contentType: "application/grpc")
        let stream = try connection.begin(wakeup: wakeup, endsStream: false) { encoder, block in
            GRPCRequestHead.write(target, timeLeft: Self.timeout, metadata: HeaderFields(), with: &encoder, to: &block)
        }
        defer { stream.close() }
        var answer = GRPCAnswer(from: node, of: "reflection", maximumMessage: Self.maximumAnswer)
        var builder = SchemaBuilder()
        guard case .services(let names) = try await ask(.services, over: stream, &answer) else {
            throw broken("it names no services")
        }
        for name in names where !name.hasPrefix("grpc.reflection.") {
            // A service without descriptors cannot be called, and does not harm the others.
            try await add(.fileContaining(symbol: name), to: &builder, over: stream, &answer)
        }
        var asked: Set<String> = []
        for _ in 0..<Self.maximumRounds {
            let missing = builder.missingImports.filter { asked.insert($0).inserted }
            if missing.isEmpty { break }
            for name in missing { try await add(.file(named: name), to: &builder, over: stream, &answer) }
        }
        do throws(SchemaProblem) {
            (fingerprint, size) = (builder.fingerprint, builder.size)
            return try builder.build()
        } catch {
            throw broken(error.description)
        }
    }

    nonisolated(nonsending) private func add(
        _ question: ReflectionRequest, to builder: inout SchemaBuilder, over stream: HTTP2Stream,
        _ answer: inout GRPCAnswer
    ) async throws(GatewayError) {
        guard case .files(let files) = try await ask(question, over: stream, &answer) else { return }
        do throws(SchemaProblem) {
            for file in files { try builder.add(file: file.span) }
        } catch {
            throw broken(error.description)
        }
    }

    nonisolated(nonsending) private func ask(
        _ question: ReflectionRequest, over stream: HTTP2Stream, _ answer: inout GRPCAnswer
    ) async throws(GatewayError) -> ReflectionResponse {
        var message = ByteBuffer()
        question.append(to: &message)
        GRPCMessageWriter.write(message.span, to: &stream.outgoing)
        stream.send()
        var reply = ByteBuffer()
        while true {
            switch try answer.next(from: stream, into: &reply) {
            case .message:
                do throws(SchemaProblem) {
                    return try ReflectionResponse(reply.span)
                } catch {
                    throw broken(error.description)
                }
            case .end: throw broken("it left a question open")
            case .nothing: break
            }
            if deadline.hasExpired { throw .timedOut(node, after: Self.timeout) }
            await wakeup.wait()
        }
    }

    private func broken(_ reason: String) -> GatewayError {
        .broken(node, "asked by reflection for what it serves: \(reason)")
    }
}
