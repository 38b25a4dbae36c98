/// Limits on the HTTP/2 connections that one loop shares among its requests.
package struct HTTP2Limits: Sendable, Equatable {
    /// Connections to one node. Default 8; a request that finds all of them full waits for room.
    package var connections = 8
    /// Streams at once on one connection, if the node allows as many. Default 100.
    package var streams = 100
    /// Bytes of one stream that the node may send before somebody has read them. Default 131,072.
    package var streamWindow = 131_072
    /// Bytes on one connection that the node may send before we have taken note of them. Default 1,048,576.
    package var connectionWindow = 1_048_576
    /// How large the fields of an answer may be, as RFC 9113, 6.5.2 counts them. Default 65,536.
    package var listSize = 65_536
    /// Limit on the node's first frame once the connection is made. Default 5 s.
    package var settingsTimeout = Duration.seconds(5)
    /// Silence, while requests wait, after which the node is asked whether it lives. Default 20 s.
    package var silence = Duration.seconds(20)
    /// The same when it was asked before and has sent nothing but the answer. Default 310 s, because gRPC servers take
    /// more than one such question in five minutes for an attack.
    package var furtherSilence = Duration.seconds(310)
    /// Limit on the answer to that question. Default 10 s.
    package var pingTimeout = Duration.seconds(10)

    package init() {}
}
