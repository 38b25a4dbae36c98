internal import Bytes

/// The value of `grpc-status-details-bin`, and of every field whose name ends with `-bin`: base64 without padding.
package enum GRPCStatusDetails {
    /// As it is sent.
    package static func encode(_ bytes: Span<UInt8>) -> String { Base64.encode(bytes, as: .unpadded) }

    /// The bytes that were sent; padding is accepted, as it must be. Nil when it is not base64.
    package static func decode(_ value: Span<UInt8>) -> [UInt8]? { Base64.decode(lenient: value) }
}
