/// The field names that the gateway itself looks at, and a few that are common enough to be recognised.
///
/// A name is looked up once, when its line is read; from then on it is one byte. All others are `other`, and keep
/// their text in `HeaderFields`. There are fewer than 64, so that a set of them fits in one word.
package enum FieldName: UInt8, CaseIterable, Sendable {
    case other = 0
    case accept, acceptEncoding, acceptLanguage, accessControlRequestHeaders, accessControlRequestMethod, allow
    case altSvc, authorization, cacheControl, connection, contentEncoding, contentLength, contentType, cookie, date
    case etag, expect, forwarded, host, http2Settings, ifModifiedSince, ifNoneMatch, keepAlive, lastModified
    case location, origin, proxyAuthenticate, proxyAuthorization, proxyConnection, range, referer, retryAfter
    case secFetchDest, secFetchMode, secFetchSite, secWebSocketAccept, secWebSocketExtensions, secWebSocketKey
    case secWebSocketProtocol, secWebSocketVersion, server, setCookie, strictTransportSecurity, te, timeout, trailer
    case transferEncoding, trueClientIP, upgrade, userAgent, vary, via, wwwAuthenticate, xForwardedFor
    case xForwardedHost, xForwardedPort, xForwardedPrefix, xForwardedProto, xRealIP, xRequestID

    /// The canonical spelling, such as `Content-Type`; empty for `other`.
    package var text: StaticString {
        switch self {
        case .other: ""
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptLanguage: "Accept-Language"
        case .accessControlRequestHeaders: "Access-Control-Request-Headers"
        case .accessControlRequestMethod: "Access-Control-Request-Method"
        case .allow: "Allow"
        case .altSvc: "Alt-Svc"
        case .authorization: "Authorization"
        case .cacheControl: "Cache-Control"
        case .connection: "Connection"
        case .contentEncoding: "Content-Encoding"
        case .contentLength: "Content-Length"
        case .contentType: "Content-Type"
        case .cookie: "Cookie"
        case .date: "Date"
        case .etag: "ETag"
        case .expect: "Expect"
        case .forwarded: "Forwarded"
        case .host: "Host"
        case .http2Settings: "HTTP2-Settings"
        case .ifModifiedSince: "If-Modified-Since"
        case .ifNoneMatch: "If-None-Match"
        case .keepAlive: "Keep-Alive"
        case .lastModified: "Last-Modified"
        case .location: "Location"
        case .origin: "Origin"
        case .proxyAuthenticate: "Proxy-Authenticate"
        case .proxyAuthorization: "Proxy-Authorization"
        case .proxyConnection: "Proxy-Connection"
        case .range: "Range"
        case .referer: "Referer"
        case .retryAfter: "Retry-After"
        case .secFetchDest: "Sec-Fetch-Dest"
        case .secFetchMode: "Sec-Fetch-Mode"
        case .secFetchSite: "Sec-Fetch-Site"
        case .secWebSocketAccept: "Sec-WebSocket-Accept"
        case .secWebSocketExtensions: "Sec-WebSocket-Extensions"
        case .secWebSocketKey: "Sec-WebSocket-Key"
        case .secWebSocketProtocol: "Sec-WebSocket-Protocol"
        case .secWebSocketVersion: "Sec-WebSocket-Version"
        case .server: "Server"
        case .setCookie: "Set-Cookie"
        case .strictTransportSecurity: "Strict-Transport-Security"
        case .te: "TE"
        case .timeout: "Timeout"
        case .trailer: "Trailer"
        case .transferEncoding: "Transfer-Encoding"
        case .trueClientIP: "True-Client-IP"
        case .upgrade: "Upgrade"
        case .userAgent: "User-Agent"
        case .vary: "Vary"
        case .via: "Via"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .xForwardedFor: "X-Forwarded-For"
        case .xForwardedHost: "X-Forwarded-Host"
        case .xForwardedPort: "X-Forwarded-Port"
        case .xForwardedPrefix: "X-Forwarded-Prefix"
        case .xForwardedProto: "X-Forwarded-Proto"
        case .xRealIP: "X-Real-IP"
        case .xRequestID: "X-Request-ID"
        }
    }

    /// The name in these bytes, whatever its case.
    package static func of(_ name: Span<UInt8>) -> FieldName {
        let candidate = candidate(for: name)
        guard candidate != .other, name.equalsIgnoringCase(candidate.text) else { return .other }
        return candidate
    }

    /// The one listed name that it can be: names of the same length differ at a place that is looked at here.
    @inline(__always)
    private static func candidate(for name: Span<UInt8>) -> FieldName {
        switch name.count {
        case 2: .te
        case 3: .via
        case 4:
            switch name[0].lowercased {
            case UInt8(ascii: "d"): .date
            case UInt8(ascii: "e"): .etag
            case UInt8(ascii: "h"): .host
            case UInt8(ascii: "v"): .vary
            default: .other
            }
        case 5:
            switch name[0].lowercased {
            case UInt8(ascii: "a"): .allow
            case UInt8(ascii: "r"): .range
            default: .other
            }
        case 6:
            switch name[0].lowercased {
            case UInt8(ascii: "a"): .accept
            case UInt8(ascii: "c"): .cookie
            case UInt8(ascii: "e"): .expect
            case UInt8(ascii: "o"): .origin
            case UInt8(ascii: "s"): .server
            default: .other
            }
        case 7:
            switch name[1].lowercased {
            case UInt8(ascii: "e"): .referer
            case UInt8(ascii: "i"): .timeout
            case UInt8(ascii: "l"): .altSvc
            case UInt8(ascii: "p"): .upgrade
            case UInt8(ascii: "r"): .trailer
            default: .other
            }
        case 8: .location
        case 9:
            switch name[0].lowercased {
            case UInt8(ascii: "f"): .forwarded
            case UInt8(ascii: "x"): .xRealIP
            default: .other
            }
        case 10:
            switch name[0].lowercased {
            case UInt8(ascii: "c"): .connection
            case UInt8(ascii: "k"): .keepAlive
            case UInt8(ascii: "s"): .setCookie
            case UInt8(ascii: "u"): .userAgent
            default: .other
            }
        case 11: .retryAfter
        case 12:
            switch name[0].lowercased {
            case UInt8(ascii: "c"): .contentType
            case UInt8(ascii: "x"): .xRequestID
            default: .other
            }
        case 13:
            switch name[0].lowercased {
            case UInt8(ascii: "a"): .authorization
            case UInt8(ascii: "c"): .cacheControl
            case UInt8(ascii: "i"): .ifNoneMatch
            case UInt8(ascii: "l"): .lastModified
            default: .other
            }
        case 14:
            switch name[10].lowercased {
            case UInt8(ascii: "d"): .secFetchDest
            case UInt8(ascii: "i"): .http2Settings
            case UInt8(ascii: "m"): .secFetchMode
            case UInt8(ascii: "n"): .contentLength
            case UInt8(ascii: "s"): .secFetchSite
            case UInt8(ascii: "t"): .trueClientIP
            default: .other
            }
        case 15:
            switch name[7].lowercased {
            case UInt8(ascii: "e"): .acceptEncoding
            case UInt8(ascii: "l"): .acceptLanguage
            case UInt8(ascii: "r"): .xForwardedFor
            default: .other
            }
        case 16:
            switch name[12].lowercased {
            case UInt8(ascii: "c"): .wwwAuthenticate
            case UInt8(ascii: "d"): .contentEncoding
            case UInt8(ascii: "h"): .xForwardedHost
            case UInt8(ascii: "p"): .xForwardedPort
            case UInt8(ascii: "t"): .proxyConnection
            default: .other
            }
        case 17:
            switch name[0].lowercased {
            case UInt8(ascii: "i"): .ifModifiedSince
            case UInt8(ascii: "s"): .secWebSocketKey
            case UInt8(ascii: "t"): .transferEncoding
            case UInt8(ascii: "x"): .xForwardedProto
            default: .other
            }
        case 18:
            switch name[0].lowercased {
            case UInt8(ascii: "p"): .proxyAuthenticate
            case UInt8(ascii: "x"): .xForwardedPrefix
            default: .other
            }
        case 19: .proxyAuthorization
        case 20: .secWebSocketAccept
        case 21: .secWebSocketVersion
        case 22: .secWebSocketProtocol
        case 24: .secWebSocketExtensions
        case 25: .strictTransportSecurity
        case 29: .accessControlRequestMethod
        case 30: .accessControlRequestHeaders
        default: .other
        }
    }

    /// The name in this text, whatever its case.
    package static func of(_ name: String) -> FieldName { of(name.utf8.span) }

    /// Whether a text could be the name of a field.
    package static func isName(_ text: String) -> Bool { text.utf8.span.isToken }

    /// This name's bit in a set of names.
    @inline(__always)
    var bit: UInt64 { 1 << UInt64(rawValue) }
}
