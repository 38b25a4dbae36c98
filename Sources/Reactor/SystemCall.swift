internal import Glibc

/// A system call that failed: which one, and why.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    /// The value of `errno`.
    package let number: CInt
    package let call: StaticString

    package init(_ number: CInt, in call: StaticString) {
        self.number = number
        self.call = call
    }

    /// Such as `bind: Address already in use`.
    package var description: String { "\(call): \(reason)" }

    /// The system's sentence for the error number.
    package var reason: String { String(cString: strerror(number)) }

    package static func == (one: Self, other: Self) -> Bool {
        one.number == other.number && one.call.description == other.call.description
    }
}

/// Makes a system call, again when a signal interrupted it, and turns a negative result into an error.
@inline(__always)
package func systemCall(_ name: StaticString, _ call: () -> CInt) throws(SystemError) -> CInt {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(errno, in: name) }
    }
}

/// Makes a system call that returns a length, again when a signal interrupted it. Returns the length, or the error number
/// negated.
@inline(__always)
package func systemTransfer(_ call: () -> Int) -> Int {
    while true {
        let result = call()
        if result >= 0 { return result }
        if errno != EINTR { return -Int(errno) }
    }
}
