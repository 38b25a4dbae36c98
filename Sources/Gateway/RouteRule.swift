internal import Synchronization

/// A route that the author of a service has declared, such as with `google.api.http`: which endpoint a request with a
/// certain method and path is for, and what of it becomes which field.
package final class RouteRule: Sendable {
    /// What the body is.
    package enum Body: Sendable, Equatable {
        /// Nothing: it is not looked at.
        case ignored
        /// The whole message; the query is not looked at.
        case message
        /// The field of that name, with dots for fields of fields.
        case field(String)
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

    /// Under what names the service may be registered, the likeliest first.
    package let services: [String]
    /// Such as `Greeter.SayHello`.
    package let endpoint: String
    /// Such as `/helloworld.Greeter/SayHello`.
    package let path: String
    package let isStream: Bool
    package let body: Body
    /// Nil for the whole answer.
    package let answer: AnswerField?
    /// The fields of the request, so that a path's `7` is a number only where one is wanted. Nil when they are not known.
    package let request: FieldDescription?

    package init(
        services: [String], endpoint: String, path: String, isStream: Bool = false, body: Body = .ignored,
        answer: AnswerField? = nil, request: FieldDescription? = nil
    ) {
        self.services = services
        self.endpoint = endpoint
        self.path = path
        self.isStream = isStream
        self.body = body
        self.answer = answer
        self.request = request
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
