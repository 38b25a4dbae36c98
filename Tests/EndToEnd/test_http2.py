"""HTTP/2 from clients: curl, nghttp, h2load, the library h2, and bytes that no library would send."""

import hashlib
import json
import os
import re
import subprocess
import threading
import time

import pytest

import h2client
import program
import wire

GREETER = "/greeter/say/hello"


def run(*command, limit=60, **options):
    result = subprocess.run(command, capture_output=True, text=True, timeout=limit, **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def curl(*arguments):
    """Body, status and version."""
    output = run(
        "curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code} %{http_version}",
        *arguments)
    body, _, facts = output.rpartition("\n")
    status, version = facts.split()
    return body, int(status), version


def node(connection_limit=60):
    """A script of a node that tells about each request, in JSON."""

    def script(server, connection):
        while (request := connection.request()) is not None:
            server.requests.append(request)
            facts = {
                "line": request.first_line, "fields": request.fields, "length": len(request.body),
                "digest": hashlib.sha256(request.body).hexdigest(), "trailers": request.trailers,
            }
            connection.send(wire.reply(body=json.dumps(facts).encode()))

    return script


@pytest.fixture
def telling(raw_server, start_proxy):
    """A proxy in front of a node that tells what it was asked."""
    server = raw_server(node())
    return start_proxy(server.url), server


# Real clients


@pytest.mark.parametrize("option", ["--http2-prior-knowledge", "--http2"])
def test_curl_gets_an_answer_over_http2(demo, option):
    assert curl(option, f"{demo.api_url}/")[1:] == (200, "2")
    url = f"{demo.api_url}{GREETER}?name=John"
    assert curl(option, url) == ('{"msg":"Hello John"}', 200, "2")
    body, status, _ = curl(option, "-H", "Content-Type: application/json", "-d", '{"name":"J"}', demo.api_url + GREETER)
    assert (json.loads(body), status) == ({"msg": "Hello J"}, 200)
    assert curl(option, "--head", url)[1:] == (200, "2")
    assert curl(option, f"{demo.api_url}/nowhere/at/all")[1:] == (404, "2")


def test_the_dashboard_speaks_http2_too(demo):
    body, status, version = curl("--http2-prior-knowledge", f"{demo.web_url}/api/services")
    assert (status, version) == (200, "2")
    assert json.loads(body)["data"]


def test_curl_uploads_and_downloads(telling, tmp_path):
    running, _ = telling
    content = os.urandom(3_000_000)
    path = tmp_path / "content"
    path.write_bytes(content)
    body, status, version = curl(
        "--http2-prior-knowledge", "--upload-file", str(path), f"{running.proxy_url}/upload")
    assert (status, version) == (200, "2")
    assert json.loads(body)["digest"] == hashlib.sha256(content).hexdigest()


def test_nghttp_fetches_many_at_once(demo):
    urls = [f"{demo.api_url}{GREETER}?name=N{number}" for number in range(20)]
    output = run("nghttp", *urls)
    assert sorted(re.findall(r"Hello (N\d+)", output)) == sorted(f"N{number}" for number in range(20))


def test_nghttp_sends_trailers_and_continues(telling, tmp_path):
    running, server = telling
    path = tmp_path / "content"
    path.write_bytes(b"x" * 100_000)
    run("nghttp", "--trailer=x-sum: 7", "--expect-continue", f"--data={path}", "--no-content-length",
        f"{running.proxy_url}/trailers")
    request = server.requests[0]
    assert (len(request.body), request.trailers) == (100_000, [("x-sum", "7")])


def test_h2load_succeeds_with_every_request(demo, telling):
    running, _ = telling
    for url in (f"{demo.api_url}{GREETER}?name=John", f"{running.proxy_url}/x"):
        output = run("h2load", "-n", "600", "-c", "3", "-m", "20", url)
        assert "600 succeeded, 0 failed, 0 errored" in output, output


# What the node sees


def test_a_request_becomes_one_of_http1(telling):
    running, server = telling
    with h2client.Client(running.proxy_port) as client:
        answer = client.ask(
            "/a/b?c=d", "GET", ("cookie", "a=b"), ("cookie", "c=d"), ("x-one", "1"), ("x-one", "2"), ("te", "trailers"),
            ("user-agent", "test"), ("accept-encoding", "br"), authority="host.example:81")
    assert answer.status == 200
    request = server.requests[0]
    assert request.first_line == "GET /a/b?c=d HTTP/1.1"
    assert request.values("host") == ["host.example:81"]
    assert request.values("cookie") == ["a=b; c=d"]
    assert request.values("x-one") == ["1", "2"]
    assert request.values("te") == ["trailers"]
    assert request.value("via").startswith("2.0 micro")
    assert request.values("x-forwarded-for") == ["127.0.0.1"]
    assert request.values("content-length") == [] and request.values("transfer-encoding") == []
    # G12.
    names = server.connections[0].received
    for spelled in (b"\r\nUser-Agent: test\r\n", b"\r\nAccept-Encoding: br\r\n", b"\r\nX-One: 1\r\nX-One: 2\r\n"):
        assert spelled in names
    assert answer.value("connection") is None and answer.value("transfer-encoding") is None


def test_a_body_of_unknown_length_is_sent_in_chunks_and_a_known_one_with_its_length(telling):
    running, server = telling
    with h2client.Client(running.proxy_port) as client:
        client.ask("/", "POST", body=b"abc")
        client.ask("/", "POST", ("content-length", "3"), body=b"abc")
        client.ask("/", "POST")
    first, second, third = server.requests
    assert (first.value("transfer-encoding"), first.body) == ("chunked", b"abc")
    assert (second.value("content-length"), second.value("transfer-encoding"), second.body) == ("3", None, b"abc")
    assert third.value("content-length") == "0"


def test_large_bodies_arrive_whole_in_both_directions(raw_server, start_proxy):
    download = os.urandom(2_000_000)

    def script(server, connection):
        while (request := connection.request()) is not None:
            server.requests.append(request)
            connection.send(wire.reply(body=download))

    server = raw_server(script)
    running = start_proxy(server.url)
    uploads = [os.urandom(500_000) for _ in range(4)]
    with h2client.Client(running.proxy_port) as client:
        streams = [client.request("/", "POST", body=upload) for upload in uploads]
        answers = client.wait(*streams)
    assert all(answer.body == download for answer in answers)
    assert sorted(request.body for request in server.requests) == sorted(uploads)


@pytest.mark.parametrize(
    "reply, body, is_whole",
    [
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"abc", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"abc", False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    ],
)
def test_the_end_of_a_stream_is_the_end_of_the_answer_and_nothing_else(raw_server, start_proxy, reply, body, is_whole):
    def script(_, connection):
        connection.request()
        connection.send(reply)

    running = start_proxy(raw_server(script).url)
    with h2client.Client(running.proxy_port) as client:
        answer = client.ask("/", "GET", ("te", "trailers"))
        assert (answer.body, answer.has_ended, answer.reset) == (body, is_whole, None if is_whole else 2)
        assert answer.trailers == ([("x-sum", "7")] if b"X-Sum" in reply else [])


@pytest.mark.parametrize("content", [b"abcd", b"abcdef"])
def test_a_body_that_is_not_as_long_as_announced_is_never_whole_for_the_node(raw_server, start_proxy, content):
    server = raw_server(node())
    running = start_proxy(server.url)
    with h2client.Raw(running.proxy_port) as raw:
        raw.send(h2client.headers(1, ("content-length", "5"), method="POST", ends=False))
        program.until(lambda: server.received > 0)
        raw.send(h2client.frame(0, 1, 1, content))
        assert raw.first(3, 1) == b"\0\0\0\1"
    program.until(lambda: all(connection.socket.fileno() < 0 for connection in server.connections))
    assert server.requests == []


# Many at once, slow ones, and the end


def test_the_most_streams_is_a_setting(raw_server, start_proxy):
    release = threading.Event()

    def script(_, connection):
        connection.request()
        release.wait(20)
        connection.send(wire.reply(body=b"late"))

    running = start_proxy(raw_server(script).url, "--max_streams=3")
    with h2client.Raw(running.proxy_port) as raw:
        raw.send(b"".join(h2client.headers(stream) for stream in (1, 3, 5, 7)))
        assert raw.first(3) == b"\0\0\0\7"  # REFUSED_STREAM, of the fourth.
        release.set()
        assert raw.first(0) == b"late"


def test_a_slow_node_holds_up_nobody_else(raw_server, start_proxy):
    release = threading.Event()

    def script(_, connection):
        while (request := connection.request()) is not None:
            if request.target == "/slow":
                release.wait(20)
            connection.send(wire.reply(body=request.target.encode()))

    running = start_proxy(raw_server(script).url)
    with h2client.Client(running.proxy_port) as client:
        slow = client.request("/slow")
        streams = [client.request(f"/{number}") for number in range(99)]
        answers = client.wait(*streams)
        assert [answer.body for answer in answers] == [f"/{number}".encode() for number in range(99)]
        assert not client.answers[slow].is_over
        release.set()
        assert client.wait(slow).body == b"/slow"


def test_the_memory_is_bounded_when_clients_read_slowly(raw_server, start_proxy):
    size = 50_000_000
    held_up = set()

    def script(_, connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        piece = b"x" * 100_000
        for _ in range(size // len(piece)):
            if wire.is_held_up(connection.socket):
                held_up.add(connection)
            connection.send(piece)

    server = raw_server(script)
    running = start_proxy(server.url)
    with h2client.Client(running.proxy_port, window=1 << 30, acknowledges=False, keeps_bodies=False) as client:
        client.h2.increment_flow_control_window(1 << 30)
        client.push()
        before = running.resident_bytes()
        streams = [client.request(f"/{number}") for number in range(5)]
        program.until(lambda: len(held_up) == 5, limit=30)
        assert running.resident_bytes() - before < 30_000_000
        client.deadline = time.monotonic() + 60
        answers = client.wait(*streams)
        assert all(answer.length == size for answer in answers)


def test_an_upload_that_nobody_reads_waits_in_the_client(raw_server, start_proxy):
    release = threading.Event()
    size = 64_000_000

    def script(_, connection):
        connection.head()
        release.wait(20)
        while connection.socket.recv(1 << 20):
            pass

    running = start_proxy(raw_server(script).url)
    before = running.resident_bytes()
    with h2client.Client(running.proxy_port) as client:
        stream = client.request("/", "POST", ends=False)
        sent = 0
        while sent < size:
            room = min(client.h2.local_flow_control_window(stream), client.h2.max_outbound_frame_size, size - sent)
            if room == 0:
                # Where there is more room it comes at once; whoever waits too short only sends less.
                client.deadline = time.monotonic() + 0.5
                try:
                    assert client.read()
                except TimeoutError:
                    break
                finally:
                    client.deadline = time.monotonic() + h2client.LIMIT
                continue
            client.h2.send_data(stream, bytes(room))
            client.push()
            sent += room
        assert sent < size, "nobody read it, and yet all of it was taken"
        assert running.resident_bytes() - before < 20_000_000
        release.set()
        while client.h2.local_flow_control_window(stream) == 0:
            assert client.read()


def test_a_client_that_resets_a_stream_ends_the_request_to_the_node(raw_server, start_proxy):
    asked, left = threading.Event(), threading.Event()

    def script(_, connection):
        connection.request()
        asked.set()
        if not connection.fill():
            left.set()

    running = start_proxy(raw_server(script).url)
    with h2client.Client(running.proxy_port) as client:
        stream = client.request("/")
        assert asked.wait(10)
        client.h2.reset_stream(stream, 8)
        client.push()
        assert left.wait(10)


def test_a_client_that_vanishes_ends_all_its_requests(raw_server, start_proxy):
    left = []

    def script(server, connection):
        server.requests.append(connection.request())
        try:
            has_more = connection.fill()
        except ConnectionResetError:
            has_more = False
        if not has_more:
            left.append(connection)

    server = raw_server(script)
    running = start_proxy(server.url)
    # The program opens its last descriptors after it has said that it serves.
    descriptors = running.settled_descriptor_count()
    with h2client.Client(running.proxy_port) as client:
        for number in range(10):
            client.request(f"/{number}")
        program.until(lambda: len(server.requests) == 10)
    program.until(lambda: len(left) == 10)
    program.until(lambda: running.descriptor_count() <= descriptors)


def test_sigterm_lets_streams_end_and_tells_the_client(raw_server, start_proxy):
    release = threading.Event()

    def script(_, connection):
        connection.request()
        release.wait(20)
        connection.send(wire.reply(body=b"late"))

    server = raw_server(script)
    running = start_proxy(server.url)
    with h2client.Raw(running.proxy_port) as raw:
        raw.send(h2client.headers(1))
        program.until(lambda: server.received > 0)
        running.process.terminate()
        farewells, content = [], b""
        for kind, flags, _, payload in raw.frames():
            if kind == 7:
                farewells.append(payload)
            elif kind == 6 and not flags & 1:
                raw.send(h2client.frame(6, 1, 0, payload))
            elif kind == 0:
                content += payload
            if len(farewells) == 2:
                release.set()
    assert farewells == [b"\x7f\xff\xff\xff\0\0\0\0", b"\0\0\0\1\0\0\0\0"]
    assert content == b"late"
    assert running.process.wait(10) == 0


# What no library sends


@pytest.mark.parametrize(
    "bytes_sent, code",
    [
        (h2client.frame(6, 0, 1, b"12345678"), 1),
        (h2client.frame(0, 1, 1, b"test"), 1),
        (h2client.headers(1) + h2client.frame(1, 5, 1, b"\x80"), 9),
        (h2client.headers(2), 1),
        (h2client.frame(0, 0, 1, b"x" * 16_385), 6),
        (h2client.frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2, 3),
        (h2client.frame(1, 1, 1, h2client.block()) + h2client.frame(9, 0, 1) * 100, 11),
        (b"".join(h2client.headers(n) + h2client.frame(3, 0, n, b"\0\0\0\x08") for n in range(1, 10_000, 2)), 11),
        (h2client.frame(6, 0, 0, b"12345678") * 10_000, 11),
        (h2client.frame(4, 0, 0, b"\0\4\0\0\xff\xff") * 10_000, 11),
    ],
    ids=["ping", "idle", "hpack", "even", "large", "window", "continuation", "rapid-reset", "pings", "settings"],
)
def test_who_breaks_the_rules_is_told_which_and_the_others_are_served(start_proxy, raw_server, bytes_sent, code):
    running = start_proxy(raw_server().url)
    with h2client.Raw(running.proxy_port) as raw:
        sender = threading.Thread(target=raw.send, args=(bytes_sent,))
        sender.start()
        assert raw.goaway() == code
        sender.join()
    assert wire.ask(running.proxy_port, wire.get("/after")).status == 200


def test_the_window_of_one_byte_is_respected_in_every_frame(demo):
    with h2client.Client(demo.api_port, window=1) as client:
        answer = client.ask("/")
        assert answer.has_ended and json.loads(answer.body)["version"]


def test_the_preface_byte_by_byte(demo):
    with h2client.Raw(demo.api_port, greets=False) as raw:
        for byte in h2client.PREFACE + h2client.frame(4, 0, 0) + h2client.headers(1):
            raw.send(bytes((byte,)))
        assert b"version" in raw.first(0, 1)


def test_http1_is_as_it_was_beside_http2(demo):
    assert wire.ask(demo.api_port, b"PRI * HTTP/2.0\r\n\r\nnot the preface").status == 505
    with wire.connect(demo.api_port) as connection:
        connection.send(b"INVALID CONNECTION PREFACE\r\n\r\n")
        assert connection.response().status == 400
        assert connection.is_closed_by_peer()


def test_an_upgrade_keeps_the_request(telling):
    running, server = telling
    with wire.connect(running.proxy_port) as connection:
        connection.send(wire.get(
            "/kept?x=y", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
            "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", "X-Kept: yes"))
        head = connection.head()
        assert head.status == 101 and head.value("upgrade") == "h2c"
        connection.send(h2client.PREFACE + h2client.frame(4, 0, 0))
        program.until(lambda: server.requests)
        while b"digest" not in connection.received:
            assert connection.fill()
    request = server.requests[0]
    assert (request.target, request.value("x-kept")) == ("/kept?x=y", "yes")
    for name in ("upgrade", "http2-settings", "connection"):
        assert request.value(name) is None
