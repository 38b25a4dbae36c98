internal import Gateway
internal import HTTP

extension Route {
    /// Whether a request with that method becomes a call. One with OPTIONS does not, since browsers send it before they are
    /// allowed to call; nor does one with a method that hardly anyone knows. A declared route that names such a method means
    /// it.
    func calls(with method: Method) -> Bool {
        method.isCall || binding?.rule.condition.methods.contains(method) == true
    }
}

extension Method {
    fileprivate var isCall: Bool {
        self == .post || self == .get || self == .head || self == .put || self == .patch || self == .delete
    }
}
