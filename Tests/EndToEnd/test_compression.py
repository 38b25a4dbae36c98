"""Content that travels compressed, with curl and Python as the other side."""

import gzip
import json
import subprocess
import zlib

import pytest

import peers
import wire

LONG = {"text": " ".join(f"word{number * 7919 % 10007}" for number in range(5000))}
"""An answer of some 40 KB."""


def curl(url, *options):
    """Runs curl. Returns what it wrote to standard output."""
    result = subprocess.run(["curl", "-sS", "--max-time", "20", *options, url], capture_output=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return result.stdout


def fetch(port, target="/", *fields, method="GET", body=b"", host="localhost"):
    """One request for which gzip is accepted, and its answer as it came over the wire."""
    lines = ("Accept-Encoding: gzip", *fields)
    return wire.ask(port, wire.request(method, target, *lines, body=body, host=host), method)


@pytest.fixture
def gateway(start_server, micro_service):
    """A gateway with a service whose answers are long, and which answers with what it was sent."""
    def make(*arguments):
        server = start_server(*arguments)
        service = micro_service("go.micro.api.talker", Say_Long=lambda _: LONG, Say_Echo=lambda request: request)
        server.register(service.name, service.address)
        return server
    return make


# Answers of our own


@pytest.mark.parametrize("option", ["--http1.1", "--http1.0"])
def test_curl_gets_calls_compressed(gateway, option, tmp_path):
    server = gateway()
    head = tmp_path / "head"
    url = f"{server.api_url}/talker/say/long"
    assert json.loads(curl(url, option, "--compressed", "-D", str(head))) == LONG
    assert "content-encoding: gzip" in head.read_text().lower()
    size = int(curl(url, option, "-H", "Accept-Encoding: gzip", "-o", "/dev/null", "-w", "%{size_download}"))
    assert size < len(json.dumps(LONG)) / 2
    assert json.loads(curl(url, option)) == LONG


@pytest.mark.parametrize(("accepted", "coding"), [
    ("gzip", "gzip"), ("deflate", "deflate"), ("deflate;q=0.9, gzip;q=0.1", "deflate"), ("*", "gzip"), ("br", None),
    ("gzip;q=0", None), ("identity, gzip;q=0.5", None)])
def test_the_client_chooses_the_coding(gateway, accepted, coding):
    server = gateway()
    answer = wire.ask(server.api_port, wire.request("GET", "/talker/say/long", f"Accept-Encoding: {accepted}"))
    assert answer.value("Content-Encoding") == coding
    assert answer.value("Vary") == "Accept-Encoding"
    expand = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}[coding]
    assert json.loads(expand(answer.body)) == LONG


def test_rpc_and_the_dashboard_are_compressed_too(gateway):
    server = gateway()
    call = json.dumps({"service": "go.micro.api.talker", "endpoint": "Say.Long"}).encode()
    for port in (server.api_port, server.web_port):
        answer = fetch(port, "/rpc", "Content-Type: application/json", method="POST", body=call)
        assert json.loads(gzip.decompress(answer.body)) == LONG
    page = fetch(server.web_port, "/")
    assert page.value("Content-Encoding") == "gzip" and b"<html" in gzip.decompress(page.body)
    script = fetch(server.web_port, "/app.js")
    tag = script.value("ETag")
    assert tag.startswith("W/") and b"function" in gzip.decompress(script.body)
    again = fetch(server.web_port, "/app.js", f"If-None-Match: {tag}")
    assert (again.status, again.value("ETag"), again.value("Vary")) == (304, tag, "Accept-Encoding")
    head = fetch(server.web_port, "/app.js", method="HEAD")
    assert (head.value("Content-Encoding"), head.value("ETag"), head.body) == ("gzip", tag, b"")
    assert head.value("Content-Length") is None


def test_short_answers_and_streams_are_not(gateway):
    server = gateway()
    assert fetch(server.api_port, "/talker/say/hello").value("Content-Encoding") is None
    with wire.connect(server.web_port) as client:
        client.send(wire.request("GET", "/api/events", "Accept-Encoding: gzip", host="localhost"))
        head = client.head()
        assert head.value("Content-Type").startswith("text/event-stream")
        assert head.value("Content-Encoding") is None


def test_it_can_be_switched_off_and_the_least_length_set(gateway):
    server = gateway("--compression=none")
    assert fetch(server.api_port, "/talker/say/long").value("Content-Encoding") is None
    server = gateway("--compression_min_size=10")
    assert fetch(server.api_port, "/talker/say/hello").value("Content-Encoding") == "gzip"


# What is passed on


@pytest.fixture
def node(raw_server):
    """A server that answers every request in the same way."""
    def make(body, *fields):
        head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *fields]).encode() + b"\r\n\r\n"

        def script(_, connection):
            while (request := connection.request()) is not None:
                connection.send(head if request.first_line.startswith("HEAD") else head + body)
        return raw_server(script)
    return make


TEXT = json.dumps(LONG).encode()


def test_what_is_passed_on_stays_as_it_is(node, start_proxy):
    proxy = start_proxy(node(TEXT, "Content-Type: application/json", 'ETag: "a"').url)
    answer = fetch(proxy.proxy_port)
    assert (answer.body, answer.value("ETag")) == (TEXT, '"a"')
    assert answer.value("Vary") is None and answer.value("Content-Length") == str(len(TEXT))


def test_what_is_passed_on_is_compressed_when_wanted(node, start_proxy):
    proxy = start_proxy(node(TEXT, "Content-Type: application/json", 'ETag: "a"').url, "--compression=all")
    answer = fetch(proxy.proxy_port)
    assert gzip.decompress(answer.body) == TEXT
    assert (answer.value("ETag"), answer.value("Content-Length")) == ('W/"a"', None)
    head = fetch(proxy.proxy_port, method="HEAD")
    assert (head.value("Content-Encoding"), head.value("Content-Length")) == ("gzip", None)
    assert json.loads(curl(proxy.proxy_url, "--compressed")) == LONG


@pytest.mark.parametrize("fields", [
    ("Content-Type: image/png",), ("Content-Type: text/plain", "Content-Encoding: br"),
    ("Content-Type: text/plain", "Cache-Control: no-transform"), ("Content-Type: text/event-stream",),
    ("Content-Type: application/x-ndjson",), ("Content-Type: application/grpc",)])
def test_what_must_stay_as_it_is_does(node, start_proxy, fields):
    proxy = start_proxy(node(TEXT, *fields).url, "--compression=all")
    assert fetch(proxy.proxy_port).body == TEXT


def test_what_comes_slowly_is_readable_at_once(raw_server, start_proxy):
    def script(_, connection):
        connection.head()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
        for word in (b"one", b"two", b"three"):
            connection.send(b"%x\r\n%s\r\n" % (len(word), word))
            assert connection.take(1) == b"!"
        connection.send(b"0\r\n\r\n")

    proxy = start_proxy(raw_server(script).url, "--compression=all")
    inflater = zlib.decompressobj(31)
    with wire.connect(proxy.proxy_port) as client:
        # The body of the request is what the client says when it has read a word.
        client.send(wire.request("POST", "/", "Accept-Encoding: gzip", "Content-Length: 3"))
        assert client.head().value("Content-Encoding") == "gzip"
        for word in (b"one", b"two", b"three"):
            seen = b""
            while seen != word:
                seen += inflater.decompress(client.take(int(client.line(), 16)))
                client.take(2)
            client.send(b"!")
        while size := int(client.line(), 16):
            inflater.decompress(client.take(size))
            client.take(2)
    assert inflater.eof


# Requests


@pytest.mark.parametrize(("coding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_bodies_of_calls_may_be_compressed(gateway, coding, encode):
    server = gateway()
    fields = ("Content-Type: application/json", f"Content-Encoding: {coding}")
    body = encode(json.dumps(LONG).encode())
    answer = wire.ask(server.api_port, wire.request("POST", "/talker/say/echo", *fields, body=body))
    assert json.loads(answer.body) == LONG
    call = {"service": "go.micro.api.talker", "endpoint": "Say.Echo", "request": LONG}
    body = encode(json.dumps(call).encode())
    answer = wire.ask(server.api_port, wire.request("POST", "/rpc", *fields, body=body, host="localhost"))
    assert json.loads(answer.body) == LONG


@pytest.mark.parametrize(("coding", "body", "status"), [
    ("gzip", gzip.compress(b" " * 50_000_000), 413), ("deflate", zlib.compress(b" " * 50_000_000), 413),
    ("br", b"{}", 415), ("gzip", b"{}", 400), ("gzip", gzip.compress(b"{}")[:-1], 400)])
def test_bodies_that_cannot_be_expanded_are_refused(gateway, coding, body, status):
    server = gateway()
    before = server.resident_bytes()
    fields = ("Content-Type: application/json", f"Content-Encoding: {coding}")
    answer = wire.ask(server.api_port, wire.request("POST", "/talker/say/echo", *fields, body=body))
    assert answer.status == status
    assert json.loads(answer.body)["code"] == status
    assert answer.value("Accept-Encoding") == ("gzip, deflate" if status == 415 else None)
    assert server.resident_bytes() - before < 20_000_000


def test_bodies_that_are_passed_on_are_left_alone(raw_server, start_proxy):
    backend = raw_server(peers.RawServer.answer_all)
    proxy = start_proxy(backend.url)
    body = gzip.compress(TEXT)
    wire.ask(proxy.proxy_port, wire.request("POST", "/", "Content-Encoding: gzip", body=body))
    assert backend.requests[0].body == body and backend.requests[0].value("Content-Encoding") == "gzip"
