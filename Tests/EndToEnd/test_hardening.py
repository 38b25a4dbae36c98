"""What must hold when the bytes are hostile: on the side of the client, and on that of the backend."""

import socket
import threading
import time

import pytest

import hostile
import peers
import wire
from program import until

CANARY = wire.get("/canary", "Connection: close")


@pytest.fixture(scope="module")
def backend():
    """Answers everything, and remembers what it saw."""
    server = peers.RawServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def gate(start_for_module, backend):
    """`micro proxy` in front of the backend, shared by the tables."""
    return start_for_module("proxy", backend.url, "--address=127.0.0.1:0", "--loops=1", "--body_timeout=1s")


@pytest.fixture
def seen(backend):
    """What has reached the backend since the test began."""

    class Seen:
        bytes_before = backend.received
        requests_before = len(backend.requests)

        @property
        def bytes(self):
            return backend.received - self.bytes_before

        @property
        def requests(self):
            return backend.requests[self.requests_before:]

        @property
        def targets(self):
            return [request.target for request in self.requests]

    return Seen()


def names(cases):
    return {"argvalues": cases, "ids": [case.name for case in cases]}


def send(client, data):
    """Sends, though the other side may have heard enough before the end."""
    try:
        client.send(data)
    except (BrokenPipeError, ConnectionResetError):
        pass


def method(case):
    return "HEAD" if case.data.startswith(b"HEAD") else "GET"


# A to F, the tables


@pytest.mark.parametrize("case", **names(hostile.BEFORE_THE_BODY))
def test_a_request_is_answered_as_the_table_says(gate, seen, case):
    with wire.connect(gate.proxy_port) as client:
        send(client, case.data)
        answer = client.response(method(case))
        assert answer.status in case.statuses
        if answer.status == 200:
            client.send(CANARY)  # The connection goes on.
            assert client.response().body == b"/canary"
            assert len(seen.requests) == 2
        else:
            assert client.is_closed_by_peer()
            assert seen.bytes == 0


@pytest.mark.parametrize("case", **names(hostile.BEFORE_THE_BODY))
def test_what_follows_is_not_taken_for_something_else(gate, seen, case):
    with wire.connect(gate.proxy_port) as client:
        send(client, case.data + CANARY)
        answer = client.response(method(case))
        assert answer.status in case.statuses
        if answer.status == 200:
            canary = client.response()
            assert (canary.status, canary.body) == (200, b"/canary")
            assert len(seen.requests) == 2 and seen.targets[1] == "/canary"
        else:
            assert seen.bytes == 0
        assert client.is_closed_by_peer()


@pytest.mark.parametrize("case", **names(hostile.IN_THE_BODY))
@pytest.mark.parametrize("follower", [b"", CANARY], ids=["alone", "followed"])
def test_a_broken_body_is_never_passed_on_as_a_complete_request(gate, seen, case, follower):
    with wire.connect(gate.proxy_port) as client:
        send(client, case.data + follower)
        answer = client.response()
        assert answer.status in case.statuses
        if answer.status == 200:
            client.send(b"" if follower else CANARY)
            assert client.response().body == b"/canary"
            assert [request.body for request in seen.requests] == [b"hello", b""]
        else:
            assert seen.requests == []
        assert client.is_closed_by_peer()


@pytest.mark.parametrize("case", **names([
    case for case in hostile.BEFORE_THE_BODY + hostile.IN_THE_BODY if len(case.data) < 300 and case.name[:3] in
    ("A01", "A02", "A20", "B02", "C05", "D02", "D12", "E01", "E02", "E17", "E22", "E24", "F13")]))
def test_bytes_that_come_one_by_one_mean_the_same(gate, seen, case):
    """E33."""
    with wire.connect(gate.proxy_port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for byte in case.data:
                client.send(bytes([byte]))
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.response(method(case)).status in case.statuses
        assert len(seen.requests) == (0 if case.is_refused else 1)


# A and B, what is forwarded


def test_a_tls_client_is_told_that_this_port_has_no_tls(gate):
    """A23."""
    assert b"plain HTTP" in wire.ask(gate.proxy_port, hostile.CLIENT_HELLO).body


def test_the_authority_of_the_target_wins_and_is_what_the_backend_sees(gate, seen):
    """B07."""
    assert wire.ask(gate.proxy_port, hostile.head(b"GET http://b/x HTTP/1.1", b"Host: a")).status == 200
    request, = seen.requests
    assert (request.target, request.values("Host")) == ("/x", ["b"])


@pytest.mark.parametrize(("host", "status"), [
    ("localhost", 200), ("127.0.0.1:8082", 200), ("attacker.test", 421), ("localhost.attacker.test", 421),
    ("127.0.0.1.attacker.test:8082", 421), ("127.0.0.1:8082.evil.test", 400), ("", 400)])
def test_the_dashboard_answers_only_to_names_of_this_machine(demo, host, status):
    """B12."""
    answer = wire.ask(demo.web_port, wire.request("GET", "/api/status", host=host))
    assert answer.status == status, answer.body


# C, fields


def test_bytes_above_ascii_are_passed_on_unchanged(gate, seen):
    """C07."""
    wire.ask(gate.proxy_port, wire.get("/", b"X-Odd: \x80\xff\t\xa0"))
    assert seen.requests[0].value("X-Odd") == b"\x80\xff\t\xa0".decode("latin-1")


def test_cookie_lines_are_joined_in_order(gate, seen):
    """C13."""
    wire.ask(gate.proxy_port, wire.get("/", "Cookie: a=1", "X: y", "Cookie: b=2; c=3"))
    assert seen.requests[0].values("Cookie") == ["a=1; b=2; c=3"]


def test_a_head_that_dribbles_in_is_given_up(start_proxy, raw_server):
    """C10."""
    backend = raw_server()
    proxy = start_proxy(backend.url, "--header_timeout=400ms")
    with wire.connect(proxy.proxy_port) as client:
        stop = threading.Event()

        def dribble():
            data = iter(wire.get("/" + "a" * 4000))
            while not stop.wait(0.01):
                try:
                    client.send(bytes([next(data)]))
                except OSError:
                    return

        began = time.monotonic()
        thread = threading.Thread(target=dribble)
        thread.start()
        answer = client.response()
        stop.set()
        thread.join()
    assert answer.status == 408
    assert 0.3 < time.monotonic() - began < 5
    assert backend.received == 0


def test_http_1_0_is_never_told_to_continue(gate):
    """C19."""
    with wire.connect(gate.proxy_port) as client:
        client.send(b"POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab")
        assert client.response(skips_interim=False).status == 200


# D, lengths


def test_a_body_that_stops_is_given_up_on_both_sides(gate, backend, seen):
    """D09."""
    connections = len(backend.connections)
    with wire.connect(gate.proxy_port) as client:
        client.send(wire.request("POST", "/stops", "Content-Length: 10") + b"1234")
        assert client.response().status == 408
        assert client.is_closed_by_peer()
    assert seen.requests == []
    until(lambda: all(c.socket.fileno() == -1 for c in backend.connections[connections:]))


def test_a_body_above_the_limit_is_refused_instead_of_asked_for(demo):
    """D11."""
    with wire.connect(demo.api_port) as client:
        client.send(wire.request(
            "POST", "/greeter/say/hello", "Content-Type: application/json", "Content-Length: 99999999",
            "Expect: 100-continue"))
        assert client.response(skips_interim=False).status == 413
        assert client.is_closed_by_peer()


def test_the_body_of_a_get_is_passed_on_with_its_length(gate, seen):
    """D12."""
    wire.ask(gate.proxy_port, wire.request("GET", "/", body=b"0123456789"))
    assert (seen.requests[0].values("Content-Length"), seen.requests[0].body) == (["10"], b"0123456789")


# E, chunks


def test_chunk_extensions_and_forbidden_trailers_stay_here(gate, backend, seen):
    """E22, E24, E25."""
    body = (b'5;a=b;c="d"\r\nhello\r\n0\r\nX-Fine: 1\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\nHost: evil\r\n'
            b"Authorization: x\r\nCookie: a=b\r\nX-Micro-Evil: 1\r\n\r\n")
    answer = wire.ask(gate.proxy_port, wire.request("POST", "/", "Transfer-Encoding: chunked") + body)
    assert answer.status == 200
    request, = seen.requests
    assert request.body == b"hello"
    assert {name for name, _ in request.trailers} <= {"x-fine"}
    assert not any(b"a=b;" in connection.received[-400:] for connection in backend.connections)


def test_an_upload_that_ends_early_is_no_complete_request(gate, backend, seen):
    """E27."""
    with wire.connect(gate.proxy_port) as client:
        client.send(wire.request("POST", "/cut", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n")
        until(lambda: seen.bytes > 0)
        client.finish()
        client.rest()
    until(lambda: backend.failures)
    assert seen.requests == []


def test_a_stray_zero_after_a_message_spoils_only_the_next(gate, seen):
    """E28."""
    with wire.connect(gate.proxy_port) as client:
        client.send(hostile.post(hostile.CHUNKED, body=b"0\r\n\r\n\0") + wire.get("/next"))
        assert [client.response().status, client.response().status] == [200, 400]
    assert seen.targets == ["/"]
    assert wire.ask(gate.proxy_port, wire.get("/alive")).body == b"/alive"


def test_ten_megabytes_in_chunks_of_one_byte_are_no_storm(start_proxy):
    """E30: neither of calls to the system, nor of work that grows faster than the number of chunks."""
    few, many = 250_000, 10_000_000
    with peers.Sink() as backend:
        proxy = start_proxy(backend.url)

        def upload(count):
            """Returns what was used to pass on so many chunks, in seconds."""
            before, reads = proxy.cpu_seconds(), backend.reads
            with wire.connect(proxy.proxy_port, limit=60) as client:
                client.send(wire.request("POST", "/", "Transfer-Encoding: chunked"))
                for _ in range(count // few):
                    client.send(b"1\r\nx\r\n" * few)
                client.send(b"0\r\n\r\n")
                assert client.response().body == b"%d" % count
            assert backend.reads - reads < count / 1000
            return proxy.cpu_seconds() - before

        assert upload(few) > 0
        shortest = min(upload(few), upload(few))
        assert upload(many) < 3 * many / few * max(shortest, 0.05)


# F, sequences


def test_a_hundred_requests_in_one_write_are_answered_in_order(gate, seen):
    """F01."""
    with wire.connect(gate.proxy_port) as client:
        client.send(b"".join(wire.get(f"/{number}") for number in range(100)))
        assert [client.response().body for _ in range(100)] == [b"/%d" % number for number in range(100)]
    assert len(seen.requests) == 100


def test_an_answer_before_the_body_does_not_shift_the_next_request(start_proxy, raw_server):
    """F07."""

    def answers_early(server, connection):
        while True:
            head = connection.head()
            server.requests.append(head)
            connection.send(wire.reply("200 OK", body=head.target.encode()))

    backend = raw_server(answers_early)
    proxy = start_proxy(backend.url)
    smuggled = wire.get("/smuggled")
    for _ in range(5):
        with wire.connect(proxy.proxy_port) as client:
            head = wire.request("POST", "/early", f"Content-Length: {len(smuggled)}")
            client.send(head)
            first = client.response()
            send(client, smuggled + wire.get("/canary", "Connection: close"))
            rest = client.rest()
        assert first.body == b"/early"
        assert b"/smuggled" not in rest
    assert wire.ask(proxy.proxy_port, wire.get("/other")).body == b"/other"


def test_nothing_is_read_after_connection_close(gate, seen):
    """F08."""
    with wire.connect(gate.proxy_port) as client:
        client.send(wire.get("/last", "Connection: close") + wire.get("/extra"))
        assert client.response().body == b"/last"
        assert client.is_closed_by_peer()
    assert seen.targets == ["/last"]


def test_a_client_that_has_said_all_is_still_answered(gate):
    """F09."""
    with wire.connect(gate.proxy_port) as client:
        client.send(wire.get("/half"))
        client.finish()
        assert client.response().body == b"/half"
        assert client.is_closed_by_peer()


def test_clients_that_break_off_leave_nothing_behind(start_proxy, raw_server):
    """F10."""

    def streams(server, connection):
        request = connection.head()
        if request.first_line.startswith("GET"):
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while True:
                connection.send(bytes(65536))
        while connection.fill():
            connection.buffer = b""

    backend = raw_server(streams)
    proxy = start_proxy(backend.url)
    before = proxy.settled_descriptor_count()
    for _ in range(1000):
        with wire.connect(proxy.proxy_port) as client:
            client.send(wire.get("/download"))
            client.take(1000)
            client.reset()
        with wire.connect(proxy.proxy_port) as client:
            client.send(wire.request("PUT", "/upload", "Content-Length: 1000000") + bytes(20000))
            client.reset()
    until(lambda: proxy.descriptor_count() <= before + 2, limit=20)
    until(lambda: all(c.socket.fileno() == -1 for c in backend.connections))


# G, what leaves towards the backend


def passed_on(gate, seen, *fields, target="/", method="GET"):
    assert wire.ask(gate.proxy_port, wire.request(method, target, *fields)).status == 200
    return seen.requests[-1]


def test_fields_named_by_connection_stay_here(gate, seen):
    """G01."""
    request = passed_on(
        gate, seen, "Connection: X-Secret, keep-alive", "X-Secret: 1", "Keep-Alive: 5", "TE: gzip",
        "Proxy-Authorization: x", "Proxy-Connection: y", "X-Open: 2")
    hop = ("connection", "x-secret", "keep-alive", "te", "proxy-authorization", "proxy-connection")
    assert [name for name, _ in request.fields if name in hop] == []
    assert request.value("X-Open") == "2"


def test_connection_cannot_take_away_what_says_who_asks(gate, seen):
    """G02."""
    data = wire.request(
        "POST", "/", "Connection: X-Forwarded-For, X-Forwarded-Proto, Authorization, Content-Length, Host, Cookie",
        "Authorization: Bearer t", "Cookie: a=b", body=b"hello")
    assert wire.ask(gate.proxy_port, data).status == 200
    request = seen.requests[-1]
    assert request.values("X-Forwarded-For") == ["127.0.0.1"]
    assert request.values("X-Forwarded-Proto") == ["http"]
    assert request.values("Host") == ["a"]
    assert (request.values("Authorization"), request.values("Cookie")) == (["Bearer t"], ["a=b"])
    assert (request.values("Content-Length"), request.body) == (["5"], b"hello")


def test_a_client_cannot_say_where_it_comes_from(gate, seen):
    """G08, G10."""
    request = passed_on(
        gate, seen, "X-Forwarded-For: 10.0.0.1", "X_Forwarded_For: 10.0.0.2", "X.Forwarded.For: 10.0.0.3",
        "X-Forwarded-Host: evil", "X-Forwarded-Prefix: /admin", "X-Forwarded-Proto: https", "X-Forwarded-Port: 1",
        "Forwarded: host=evil", "X-Real-IP: 10.0.0.4", "True-Client-IP: 10.0.0.5", "X-Original-URL: /admin",
        "X-Rewrite-URL: /admin")
    text = repr(request.fields)
    assert [word for word in ("10.0.0", "evil", "/admin", "https") if word in text] == []
    assert request.values("X-Forwarded-For") == ["127.0.0.1"]
    assert request.values("X-Forwarded-Host") == ["a"]


def test_a_trusted_proxy_is_believed_and_added_to(start_proxy, raw_server):
    """G05."""
    backend = raw_server()
    proxy = start_proxy(backend.url, "--trusted_proxies=127.0.0.0/8")
    data = wire.get("/", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Forwarded-Host: shop.test")
    assert wire.ask(proxy.proxy_port, data).status == 200
    request, = backend.requests
    assert ", ".join(request.values("X-Forwarded-For")) == "203.0.113.9, 127.0.0.1"
    assert request.values("X-Forwarded-Proto") == ["https"]
    assert request.values("X-Forwarded-Host") == ["shop.test"]


@pytest.mark.parametrize(
    "field", ["X-Micro-Id: 1", "Micro-Endpoint: A.B", "micro_endpoint: A.B", "Micro.Endpoint: A.B", "X-Api-Field-id: 9",
              "X-Api-Body: x"])
def test_names_of_the_framework_are_not_taken_from_clients(gate, seen, field):
    """G09."""
    name, value = field.split(": ")
    request = passed_on(gate, seen, field)
    assert name.lower() not in [key for key, _ in request.fields]


def test_a_request_that_comes_round_in_a_circle_is_stopped(start_proxy, raw_server):
    """G16: the backend sends every request back to where it came from."""
    ports = []

    def mirror(server, connection):
        data = connection.head()
        server.requests.append(data)
        fields = [f"{name}: {value}" for name, value in data.fields if name not in ("host", "connection")]
        answer = wire.ask(ports[0], wire.get(data.target, *fields))
        connection.send(wire.reply(f"{answer.status} Loop", body=answer.body))

    backend = raw_server(mirror)
    proxy = start_proxy(backend.url)
    ports.append(proxy.proxy_port)
    assert wire.ask(proxy.proxy_port, wire.get("/")).status == 508
    assert len(backend.requests) == 1


# H, what comes back from the backend


@pytest.fixture
def answering(start_proxy, raw_server):
    """A proxy in front of a backend that answers the first request on each connection with these bytes."""

    def make(data, *flags, closes=False):
        def script(server, connection):
            while (request := connection.request()) is not None:
                server.requests.append(request)
                connection.send(data(request) if callable(data) else data)
                if closes:
                    return

        backend = raw_server(script)
        return start_proxy(backend.url, *flags), backend

    return make


def test_a_silent_backend_is_given_up(start_proxy, raw_server):
    """H01."""
    backend = raw_server(lambda server, connection: connection.rest())
    proxy = start_proxy(backend.url, "--client_request_timeout=300ms")
    began = time.monotonic()
    assert wire.ask(proxy.proxy_port, wire.get("/")).status == 504
    assert 0.25 < time.monotonic() - began < 5
    until(lambda: all(c.socket.fileno() == -1 for c in backend.connections))


def test_a_backend_that_breaks_off_before_its_answer_is_bad_gateway(start_proxy, raw_server):
    """H02."""

    def breaks_off(server, connection):
        connection.head()
        connection.reset()

    proxy = start_proxy(raw_server(breaks_off).url)
    assert wire.ask(proxy.proxy_port, wire.request("POST", "/", body=b"x")).status == 502


def test_a_backend_that_cannot_be_reached_is_bad_gateway(start_proxy):
    """H02: nobody listens at the one address, and to the other there is no way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for host in ("127.0.0.1", "127.255.255.255"):
        assert wire.ask(start_proxy(f"http://{host}:{port}").proxy_port, wire.get("/")).status == 502


BAD_ANSWERS = {
    "H05-two_lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
    "H05-plus": b"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
    "H05-negative": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "H05-two_lines": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "H08-lf": b"HTTP/1.1 200 OK\r\nX: a\nX-Injected: b\r\nContent-Length: 0\r\n\r\n",
    "H08-nul": b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
    "H08-fold": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "H08-cr": b"HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n",
    "H09-large": b"HTTP/1.1 200 OK\r\n" + b"X: " + b"v" * 1_000_000 + b"\r\n\r\n",
    "H09-many": b"HTTP/1.1 200 OK\r\n" + b"X: v\r\n" * 10_000 + b"\r\n",
    "H14-99": b"HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n",
    "H14-1000": b"HTTP/1.1 1000 High\r\nContent-Length: 0\r\n\r\n",
    "H14-2xx": b"HTTP/1.1 2xx Odd\r\nContent-Length: 0\r\n\r\n",
    "H15-no_head": b"<html>hello</html>",
    "H15-other": b"SSH-2.0-OpenSSH_9.0\r\n",
    "H16-gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nxxx",
    "H16-101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("data", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_what_is_no_valid_answer_is_bad_gateway(answering, data):
    proxy, _ = answering(data, closes=True)
    with wire.connect(proxy.proxy_port) as client:
        client.send(wire.get("/"))
        answer = client.response()
        assert answer.status == 502
        assert b"X-Injected" not in client.received
        client.send(CANARY)  # It was not the client's fault.
        assert client.response().status == 502


def test_chunks_win_over_a_length_which_is_not_passed_on(answering):
    """H04."""
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    proxy, backend = answering(data)
    answer = wire.ask(proxy.proxy_port, wire.get("/"))
    assert (answer.body, answer.values("Content-Length")) == (b"hello", [])


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_bytes_after_an_answer_reach_no_client(answering, method):
    """H06."""
    extra = wire.reply("200 OK", body=b"poison")

    def data(request):
        own = wire.reply("200 OK", body=request.target.encode())
        return (own.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if method == "HEAD" else own) + extra

    proxy, backend = answering(data)
    for number in range(5):
        answer = wire.ask(proxy.proxy_port, wire.request(method, f"/{number}"), method)
        assert answer.status == 200
        assert answer.body == (b"" if method == "HEAD" else b"/%d" % number)
    assert len(backend.connections) == 5


def test_an_answer_that_nobody_asked_for_reaches_no_client(start_proxy, raw_server):
    """H07."""
    unsolicited = threading.Event()

    def script(server, connection):
        while (request := connection.request()) is not None:
            connection.send(wire.reply("200 OK", body=request.target.encode()))
            if request.target == "/first":
                connection.send(wire.reply("200 OK", body=b"poison"))
                unsolicited.set()

    backend = raw_server(script)
    proxy = start_proxy(backend.url)
    assert wire.ask(proxy.proxy_port, wire.get("/first")).body == b"/first"
    assert unsolicited.wait(5)
    for number in range(5):
        assert wire.ask(proxy.proxy_port, wire.get(f"/{number}")).body == b"/%d" % number


def test_a_body_that_ends_with_its_connection_is_streamed_in_chunks(start_proxy, raw_server):
    """H13."""
    second = threading.Event()

    def script(server, connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nfirst ")
        second.wait(10)
        connection.send(b"second")

    proxy = start_proxy(raw_server(script).url)
    with wire.connect(proxy.proxy_port) as client:
        client.send(wire.get("/", "Connection: close"))
        head = client.head()
        assert head.values("Transfer-Encoding") == ["chunked"]
        assert client.take(int(client.line(), 16)) == b"first "  # Long before the end.
        second.set()
        assert client.rest() == b"\r\n6\r\nsecond\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nZZ\r\n"],
    ids=["length", "chunks", "bad_chunk"])
def test_an_answer_that_is_cut_never_looks_complete(answering, data):
    """H13."""
    proxy, _ = answering(data, closes=True)
    with wire.connect(proxy.proxy_port) as client:
        client.send(wire.get("/"))
        with pytest.raises(wire.Closed):
            client.response()
        assert b"0\r\n\r\n" not in client.rest()


def test_a_missing_reason_is_accepted(answering):
    """H14."""
    proxy, _ = answering(b"HTTP/1.1 204\r\n\r\n")
    assert wire.ask(proxy.proxy_port, wire.get("/")).status == 204


def test_an_early_refusal_stops_an_upload(start_proxy, raw_server):
    """H17."""

    def refuses(server, connection):
        connection.head()
        connection.send(wire.reply("413 Content Too Large", "Connection: close", body=b"no"))

    backend = raw_server(refuses)
    proxy = start_proxy(backend.url)
    with wire.connect(proxy.proxy_port) as client:
        client.send(wire.request("PUT", "/", "Content-Length: 1000000000"))
        sent = 0
        try:
            while sent < 50_000_000:
                client.send(bytes(65536))
                sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert client.response().status == 413
    assert sent < 50_000_000


def test_interim_answers_are_not_taken_for_the_answer(answering):
    proxy, _ = answering(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + wire.reply("200 OK", body=b"final"))
    assert wire.ask(proxy.proxy_port, wire.get("/")).body == b"final"


def test_fields_of_an_answer_are_kept_apart_and_in_order(answering):
    """H18, H19."""
    cookies = [f"c{number}={number}; Path=/" for number in range(50)]
    fields = [f"Set-Cookie: {cookie}" for cookie in cookies]
    data = wire.reply(
        "200 OK", *fields, "Link: </a>", "Link: </b>", "Strict-Transport-Security: max-age=1", "Alt-Svc: h3=\":443\"",
        "Connection: X-A", "X-A: 1", "Keep-Alive: timeout=5", "Server: theirs")
    proxy, _ = answering(data)
    answer = wire.ask(proxy.proxy_port, wire.get("/"))
    assert answer.values("Set-Cookie") == cookies
    assert answer.values("Link") == ["</a>", "</b>"]
    assert answer.values("Strict-Transport-Security") == ["max-age=1"]
    assert [name for name in ("Alt-Svc", "X-A", "Keep-Alive") if answer.values(name)] == []


def test_a_thousand_slow_readers_make_the_backend_wait_instead_of_memory_grow(many_descriptors, start_proxy):
    """H21: each reads a kilobyte of a gigabyte, and no more."""
    count, clients = 1000, []
    with peers.Spring() as backend:
        proxy = start_proxy(backend.url)
        wire.ask(proxy.proxy_port, wire.get("/small"))
        memory, descriptors = proxy.resident_bytes(), proxy.settled_descriptor_count()
        try:
            for _ in range(count):
                sock = socket.socket()
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
                sock.connect(("127.0.0.1", proxy.proxy_port))
                clients.append(wire.Connection(sock, 60))
                clients[-1].send(wire.get("/"))
            for client in clients:
                client.take(1024)
            until(lambda: backend.streams == count and backend.has_been_waiting_for(0.5), limit=30)
            assert backend.most_sent < 32 * 1024 * 1024
            assert proxy.resident_bytes() - memory < count * 384 * 1024
            for client in clients:
                client.take(1024)
        finally:
            for client in clients:
                client.close()
        until(lambda: proxy.descriptor_count() <= descriptors, limit=20)
