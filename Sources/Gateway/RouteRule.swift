package import HTTP
internal import Synchronization

/// A route that someone has declared: the author of a service with `google.api.http` or in the metadata of an endpoint, or
/// the operator. It says which endpoint a request with a certain host, method and path is for, and what of it becomes which
/// field.
package final class RouteRule: Sendable {
    /// What the body is.
    package enum Body: Sendable, Equatable {
        /// Nothing: it is not looked at.
        case ignored
        /// The whole message; the query is not looked at.
        case message
        /// The message, together with the query, which it overrules.
        case merged
        /// The field of that name, with dots for fields of fields.
        case field(String)
        /// Bytes of any type, with that type (`google.api.HttpBody`): the field of that name, or the whole message when it
        /// is nil. In pieces, where the endpoint takes a stream of messages; the first has what path and query say.
        case bytes(field: String?, inPieces: Bool)

        /// Whether the body is not read as a message in any encoding.
        package var isOpaque: Bool {
            switch self {
            case .bytes: true
            case .ignored, .message, .merged, .field: false
            }
        }
    }

    /// The field of the answer that a client gets in place of the whole.
    package struct AnswerField: Sendable, Equatable {
        /// Its names in JSON.
        package let names: [String]
        /// What it is when the answer has not got it, in JSON.
        package let absent: String

        package init(names: [String], absent: String) {
            self.names = names
            self.absent = absent
        }
    }

    /// Which requests it is for.
    package struct Condition: Sendable, Equatable {
        /// As it was written.
        package let text: String
        package let pattern: Pattern
        /// None for every method.
        package var methods: [Method]
        /// None for every host.
        package var hosts: [HostPattern]

        /// - Throws: What is wrong with the path.
        package init(
            path: String, methods: [Method] = [], hosts: [HostPattern] = []
        ) throws(PathTemplate.Malformed) {
            text = path
            let isExpression = PathExpression.isMarked(path)
            pattern = isExpression ? .expression(try PathExpression(path)) : .template(try PathTemplate(path))
            self.methods = methods
            self.hosts = hosts
        }

        /// How paths are compared.
        package enum Pattern: Sendable, Equatable {
            case template(PathTemplate)
            /// Marked by `^` and `$`. It captures nothing.
            case expression(PathExpression)
        }

        /// The fields that the path says.
        package var variables: [PathTemplate.Variable] {
            switch pattern {
            case .template(let template): template.variables
            case .expression: []
            }
        }
    }

    /// Who has declared a rule. It decides for whose nodes the rule is, and what becomes of requests when there are none.
    package enum Declarer: Sendable, Equatable {
        /// The author of a service, by `google.api.http`. For all nodes of the service; while it is not registered, the
        /// path may be another's.
        case author
        /// These versions of a service, by the metadata of their endpoints. For the nodes of these and no others, which may
        /// not have the endpoint.
        case versions(Set<String>)
        /// The operator, who means this service: no request for it ever goes to another.
        case `operator`
    }

    package let condition: Condition
    package let kind: HandlerKind
    /// What is taken off the path of a request before it is passed on. Nil for nothing.
    package let strippedPrefix: PathPrefix?
    /// Under what names the service may be registered, the likeliest first.
    package let services: [String]
    /// Such as `Greeter.SayHello`. Empty where none is called.
    package let endpoint: String
    /// The name of the endpoint in gRPC, such as `/helloworld.Greeter/SayHello`. Empty when it has none.
    package let path: String
    package let isStream: Bool
    package let body: Body
    /// Nil for the whole answer.
    package let answer: AnswerField?
    /// Whether what the client gets are bytes of a type that the answer names (`google.api.HttpBody`).
    package let answersBytes: Bool
    /// The fields of the request, so that a path's `7` is a number only where one is wanted. Nil when they are not known.
    package let request: FieldDescription?
    package let declarer: Declarer
    /// Who has declared it, for operators: `service go.micro.api.items, endpoint Items.Read`.
    package let origin: String

    package init(
        on condition: Condition, without prefix: PathPrefix? = nil, kind: HandlerKind = .rpc, services: [String],
        endpoint: String = "", path: String = "", isStream: Bool = false, body: Body = .merged,
        answer: AnswerField? = nil, answersBytes: Bool = false, request: FieldDescription? = nil,
        declarer: Declarer = .author, origin: String
    ) {
        self.condition = condition
        strippedPrefix = prefix
        self.kind = kind
        self.services = services
        self.endpoint = endpoint
        self.path = path
        self.isStream = isStream
        self.body = body
        self.answer = answer
        self.answersBytes = answersBytes
        self.request = request
        self.declarer = declarer
        self.origin = origin
    }

    /// Whether the other says the same, so that nothing has changed.
    package func isSame(as other: RouteRule) -> Bool {
        condition == other.condition && strippedPrefix == other.strippedPrefix && kind == other.kind
            && services == other.services && endpoint == other.endpoint && path == other.path
            && isStream == other.isStream && body == other.body && answer == other.answer
            && answersBytes == other.answersBytes && request == other.request && declarer == other.declarer
            && origin == other.origin
    }
}

extension RouteRule.Condition: CustomStringConvertible {
    /// Such as `GET,POST example.com/items/{id}`.
    package var description: String {
        let methods = methods.isEmpty ? "any" : methods.map(\.description).joined(separator: ",")
        return "\(methods) \(hosts.map(\.description).joined(separator: ","))\(text)"
    }
}

/// A rule as it applies to one path.
package struct RouteBinding: Sendable {
    package let rule: RouteRule
    /// What the path says, decoded: names of fields, with dots for fields of fields, and their values.
    package let fields: [(name: String, value: String)]

    package init(rule: RouteRule, fields: [(name: String, value: String)] = []) {
        self.rule = rule
        self.fields = fields
    }
}

/// Something that the control plane replaces now and then, and every loop reads. To ask for the generation is cheap enough
/// for each request; to take the value is not.
package final class Published<Value: Sendable>: Sendable {
    private let value: Mutex<Value>
    private let counter = Atomic<Int>(1)

    package init(_ value: Value) { self.value = Mutex(value) }

    /// Grows with each replacement, from 1.
    package var generation: Int { counter.load(ordering: .acquiring) }

    package var current: Value { value.withLock { $0 } }

    /// Every loop takes the new value with its next request.
    package func replace(with new: Value) {
        value.withLock { $0 = new }
        counter.add(1, ordering: .releasing)
    }
}
