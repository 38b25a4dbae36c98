"""Requests that are malformed, oversized or ambiguous, and what must be answered.

A row is a name, the bytes, and the status. A refusal ends the connection, and nothing of the request reaches a backend;
a request that is accepted reaches it once, and the connection goes on. Rows that allow several answers list them.
"""

import random
from typing import NamedTuple


class Case(NamedTuple):
    name: str
    data: bytes
    statuses: tuple

    @property
    def is_refused(self):
        return 200 not in self.statuses


def head(*lines):
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n"


def line(first):
    """A request with this first line and nothing else wrong."""
    return head(first, b"Host: a")


def field(*fields):
    return head(b"GET / HTTP/1.1", b"Host: a", *fields)


def post(*fields, body=b""):
    return head(b"POST / HTTP/1.1", b"Host: a", *fields) + body


CHUNKED = b"Transfer-Encoding: chunked"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
CLIENT_HELLO = bytes.fromhex("16030100f8010000f40303") + bytes(240)
NOISE = bytes(random.Random(9112).choices([byte for byte in range(256) if byte not in (0x0A, 0x0D, 0x16)], k=4096))


def colliding(count):
    """Names of equal hash where that is made of 31 times the hash before, and one byte."""
    return [b"".join(b"BB" if number >> bit & 1 else b"Aa" for bit in range(14)) for number in range(count)]


def rows(prefix, statuses, **named):
    statuses = statuses if isinstance(statuses, tuple) else (statuses,)
    return [Case(f"{prefix}-{name}", data, statuses) for name, data in named.items()]


def numbered(prefix, statuses, items):
    return rows(prefix, statuses, **{str(number): data for number, data in enumerate(items, 1)})


REQUEST_LINE = [
    *rows("A01", 200, baseline=line(b"GET / HTTP/1.1")),
    *rows("A02", 200, one_empty_line=b"\r\n" + line(b"GET / HTTP/1.1")),
    *rows("A03", 400, many_empty_lines=b"\r\n" * 1000 + line(b"GET / HTTP/1.1")),
    *rows("A04", 400, two_spaces=line(b"GET  / HTTP/1.1"), two_before_version=line(b"GET /  HTTP/1.1")),
    *rows("A05", 400, tab=line(b"GET\t/ HTTP/1.1"), tab_before_version=line(b"GET /\tHTTP/1.1")),
    *rows("A06", 400, space_in_target=line(b"GET /a b HTTP/1.1")),
    *rows("A08", 400, version_0_9=b"GET /\r\n"),
    *rows("A09", 400, lower_case=line(b"GET / http/1.1")),
    *numbered("A10", (400, 505), [
        line(b"GET / " + version) for version in
        (b"HTTP/1.01", b"HTTP/01.1", b"HTTP/1", b"HTTP/1.1 ", b"HTTP/2.0", b"HTTP/1.1x", b"HTTP/", b"1.1",
         b"HTTP/1,1")]),
    *rows("A14", (400, 501), long_method=line(b"M" * 70_000 + b" / HTTP/1.1")),
    *numbered("A15", 400, [
        line(method + b" / HTTP/1.1") for method in
        (b'G=":<>(e),[T];?"', b"GE(T", b"GET:", b"\x01GET", b"G\xc3\x89T")]),
    *rows("A17", 414, long_target=line(b"GET /" + b"a" * 100_000 + b" HTTP/1.1")),
    *numbered("A18", 400, [
        line(b"GET /" + byte + b" HTTP/1.1") for byte in (b"\0", b"\x80", b"\xff", b"\x7f", b"\x01")]),
    *rows("A19", 400, fragment=line(b"GET /x#frag HTTP/1.1")),
    *rows(
        "A20", 400, bare_lf=b"GET / HTTP/1.1\nHost: a\n\n", bare_lf_at_end=b"GET / HTTP/1.1\r\nHost: a\r\n\n",
        bare_cr=b"GET / HTTP/1.1\rHost: a\r\n\r\n", lf_in_one_line=b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    *rows("A23", 400, noise=NOISE + b"\r\n\r\n", tls=CLIENT_HELLO),
    *rows(
        "A24", 400, no_slash=line(b"GET x HTTP/1.1"), asterisk_with_get=line(b"GET * HTTP/1.1"),
        no_target=line(b"GET HTTP/1.1"), other_protocol=line(b"GET / RTSP/1.0")),
]

HOST = [
    *rows("B01", 400, missing=head(b"GET / HTTP/1.1")),
    *rows(
        "B02", 400, same=head(b"GET / HTTP/1.1", b"Host: a", b"Host: a"),
        different=head(b"GET / HTTP/1.1", b"Host: a", b"Host: b")),
    *rows("B03", 400, list=head(b"GET / HTTP/1.1", b"Host: a, b")),
    *numbered("B04", 400, [
        head(b"GET / HTTP/1.1", b"Host: " + host) for host in
        (b"user@a", b"a/b", b"a?x", b"a#x", b"a:99999", b"a:b", b"[::1", b"::1", b"a b", b"a\tb", b"[::1]x")]),
    *rows("B05", (200, 400), empty=head(b"GET / HTTP/1.1", b"Host:")),
    *rows("B07", 200, target_wins=head(b"GET http://b/x HTTP/1.1", b"Host: a")),
    *rows("B08", (400, 421), other_scheme=head(b"GET https://a/ HTTP/1.1", b"Host: a")),
    *rows("B09", 400, userinfo=head(b"GET http://u@a/ HTTP/1.1", b"Host: a")),
    *rows("B14", 501, tunnel=head(b"CONNECT a:443 HTTP/1.1", b"Host: a:443")),
]

FIELDS = [
    *numbered("C01", 400, [
        field(name) for name in
        (b"X : a", b": a", b"X", b" X: a", b"X\t: a", b"X(y): a", b"X\x80: a", b"X y: a", b"X\0: a", b"\x0bX: a")]),
    *numbered("C05", 400, [field(b"X: a" + byte + b"b") for byte in (b"\0", b"\r", b"\n")]),
    *numbered("C06", 400, [
        field(b"X: v" + bytes([byte])) for byte in (*range(1, 0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F)]),
    *rows("C06", 200, tab=field(b"X: a\tb"), empty_value=field(b"X:"), blanks=field(b"X: \t  ")),
    *rows("C07", 200, obsolete_text=field(b"X: \x80\xff")),
    *rows(
        "C08", 431, one_too_many=field(*[b"X-%d: 1" % number for number in range(100)]),
        ten_thousand=field(*[b"X-%d: 1" % number for number in range(10_000)])),
    *rows("C08", 200, just_enough=field(*[b"X-%d: 1" % number for number in range(90)])),
    *rows(
        "C09", 431, value=field(b"X: " + b"v" * 65_536), name=field(b"N" * 65_536 + b": v"),
        total=field(*[b"X: " + b"v" * 10_000] * 100)),
    *rows("C11", 400, folded=field(b"X: a", b" b"), folded_with_tab=field(b"X: a", b"\tb"),
          folded_first=b"GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
    *rows("C14", 200, cookies=field(b"Cookie: " + b"a=b; " * 1000), odd_cookies=field(b"Cookie: ===;;;")),
    *rows("C15", 431, ten_thousand=field(*[name + b": 1" for name in colliding(10_000)]), options=field(
        b"Connection: " + b"x," * 30_000, *[b"%c%c: 1" % (first, 0x61) for first in range(0x61, 0x7B)])),
    *rows("C15", 200, just_enough=field(*[name + b": 1" for name in colliding(90)])),
    *rows("C16", 200, odd_type=field(b'Content-Type: application/json; charset="\\"; x"')),
    *rows("C18", 417, expectation=field(b"Expect: 200-maybe")),
]

LENGTH = [
    *numbered("D02", 400, [
        post(b"Content-Length: " + length, body=b"hello") for length in
        (b"+5", b"-0", b"-48", b"5,", b",5", b"5, 5", b"0x5", b"0o5", b"1_0", b"5 5", b"5Z", "５".encode(), b"5.0",
         b"1e1", b"9" * 30, b"18446744073709551621", b"\x0b5", b'"5"')]),
    *rows(
        "D03", 400, empty=post(b"Content-Length:", body=b"hello"),
        empty_then_valid=post(b"Content-Length:", b"Content-Length: 5", body=b"hello")),
    *rows(
        "D04", 400, different=post(b"Content-Length: 0", b"Content-Length: 43", body=b"x" * 43),
        reversed=post(b"Content-Length: 43", b"Content-Length: 0", body=b"x" * 43),
        equal=post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
        equal_in_other_case=post(b"Content-Length: 5", b"CONTENT-LENGTH: 5", body=b"hello")),
    *rows("D12", 200, body_of_get=field(b"Content-Length: 10") + b"0123456789"),
    *rows(
        "D14", 200, head=head(b"HEAD / HTTP/1.1", b"Host: a", b"Content-Length: 5") + b"hello",
        options=head(b"OPTIONS / HTTP/1.1", b"Host: a", b"Content-Length: 5") + b"hello"),
    *rows("D16", (200, 400), alias=post(b"Content_Length: 5")),
    *rows("D17", 200, leading_zeros=post(b"Content-Length: 005", body=b"hello"), none=post()),
    *rows("D18", 400, space_before_colon=post(b"Content-Length : 5", body=b"hello")),
]

CODING = [
    *rows("E01", 200, chunked=post(CHUNKED, body=HELLO), other_case=post(b"transfer-encoding: CHUNKED", body=HELLO)),
    *rows(
        "E02", 400, with_length=post(CHUNKED, b"Content-Length: 5", body=HELLO),
        length_first=post(b"Content-Length: 15", CHUNKED, body=HELLO)),
    *numbered("E05", (400, 501), [
        post(b"Transfer-Encoding: " + coding, body=HELLO) for coding in
        (b"chunked, gzip", b"chunked, identity", b"identity", b"xchunked", b"chunk", b'"chunked"', b"gzip, chunked",
         b"chunked;q=1", b"chunked chunked")]),
    *rows("E06", 400, twice=post(b"Transfer-Encoding: chunked, chunked", body=HELLO),
          two_lines=post(CHUNKED, CHUNKED, body=HELLO),
          two_lines_one_odd=post(CHUNKED, b"Transfer-Encoding: x", body=HELLO)),
    *numbered("E08", (400, 501), [
        post(b"Transfer-Encoding: " + coding, body=HELLO) for coding in
        (b"\x0bchunked", b"\x0cchunked", b"\xa0chunked", b"chunked\0", b"chunked\r", b"\0chunked", b"ch\xc3\xbcnked")]),
    *rows("E10", 400, folded=post(b"Transfer-Encoding:", b" chunked", body=HELLO)),
    *numbered("E11", 400, [
        post(name, body=HELLO) for name in
        (b"Transfer-Encoding : chunked", b"\tTransfer-Encoding: chunked", b"Transfer Encoding: chunked",
         b"Transf\x82r-Encoding: chunked", b" Transfer-Encoding: chunked", b"Transfer-Encoding\0: chunked")]),
    *rows(
        "E12", 400, after_lf=post(b"X: y\nTransfer-Encoding: chunked", body=HELLO),
        after_cr=post(b"X: y\rTransfer-Encoding: chunked", body=HELLO)),
    *rows("E14", 400, empty=post(b"Transfer-Encoding:", body=HELLO)),
    *rows("E15", 400, in_http_1_0=head(b"POST / HTTP/1.0", b"Host: a", CHUNKED) + HELLO),
]

CHUNKS = [
    *numbered("E17", 400, [
        post(CHUNKED, body=size + b"\r\nhello\r\n0\r\n\r\n") for size in
        (b"0x5", b"+5", b"-5", b"5_0", b" 5", b"5 ", b"5Z", b"", b"5\t", b"\x005", b"F" * 17, b"1" + b"0" * 16,
         b"5,")]),
    *numbered("E19", 400, [
        post(CHUNKED, body=body) for body in
        (b"5\nhello\r\n0\r\n\r\n", b"5\rhello\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n",
         b"5\r\nhello0\r\n\r\n", b"4\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\n\r\n")]),
    *numbered("E22", 400, [
        post(CHUNKED, body=b"5" + extension + b"\r\nhello\r\n0\r\n\r\n") for extension in
        (b";", b";[=x", b';a="\n"', b';a="', b";a=b\n", b";a=\0", b";=b")]),
    *rows("E22", 200, extension=post(CHUNKED, body=b'5;a=b;c="d;e"\r\nhello\r\n0;x\r\n\r\n')),
    *rows("E24", 200, trailer=post(CHUNKED, body=b"5\r\nhello\r\n0\r\nX-T: v\r\n\r\n")),
    *rows("E26", (400, 431), trailers=post(CHUNKED, body=b"0\r\n" + b"X: v\r\n" * 10_000 + b"\r\n"),
          long_trailer=post(CHUNKED, body=b"0\r\nX: " + b"v" * 1_000_000 + b"\r\n\r\n")),
    *rows("E29", 400, no_chunk=post(CHUNKED, body=b"INVALID!!!\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n")),
    *rows("E31", 400, long_size=post(CHUNKED, body=b"0" * 100_000), long_extension=post(
        CHUNKED, body=b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n")),
]

DESYNC = [
    *rows("F04", 400, te_cl=post(
        b"Content-Length: 4", CHUNKED, body=b"5c\r\nGPOST /x HTTP/1.1\r\nContent-Length: 15\r\n\r\nx=1\r\n0\r\n\r\n")),
    *rows("F05", (400, 501), te_te=post(
        CHUNKED, b"Transfer-Encoding: cow", body=b"5c\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n0\r\n\r\n")),
    *rows("F06", 400, cl_te=post(b"Content-Length: 13", CHUNKED, body=b"0\r\n\r\nSMUGGLED")),
    *rows("F13", 400, upgrade_with_body=post(
        b"Upgrade: websocket", b"Connection: Upgrade", b"Content-Length: 10", body=b"0123456789")),
]

BEFORE_THE_BODY = REQUEST_LINE + HOST + FIELDS + LENGTH + CODING + DESYNC
"""What can be judged by the head alone: when it is refused, no byte reaches a backend."""

IN_THE_BODY = CHUNKS
"""What goes wrong while a body is passed on: a backend may have seen the beginning, but never a complete request."""
