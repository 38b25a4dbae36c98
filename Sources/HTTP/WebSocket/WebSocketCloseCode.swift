/// Why a WebSocket is closed, as a number that may be sent (RFC 6455, 7.4).
package struct WebSocketCloseCode: Sendable, Hashable {
    /// 1000 to 1003, 1007 to 1014, or 3000 to 4999. Those from 1012 on came later, by IANA's registry.
    package let number: UInt16

    /// Nil when the number may not be sent: the rest is reserved, or means that no number came.
    package init?(_ number: UInt16) {
        switch number {
        case 1000...1003, 1007...1014, 3000...4999: self.number = number
        default: return nil
        }
    }

    private init(known number: UInt16) { self.number = number }

    package static let normal = Self(known: 1000)
    package static let goingAway = Self(known: 1001)
    package static let protocolError = Self(known: 1002)
    package static let unsupportedData = Self(known: 1003)
    /// Text that is not UTF-8, among others.
    package static let invalidPayload = Self(known: 1007)
    package static let policyViolation = Self(known: 1008)
    package static let messageTooBig = Self(known: 1009)
    package static let extensionMissing = Self(known: 1010)
    package static let internalError = Self(known: 1011)
    package static let serviceRestart = Self(known: 1012)
    package static let tryAgainLater = Self(known: 1013)
    package static let badGateway = Self(known: 1014)
}
