"""WebSockets over HTTP/2 (RFC 8441): frames of the package websockets on streams of h2, and a browser's own."""

import json
import threading

import h2.settings
import pytest
from playwright.sync_api import sync_playwright
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol
from websockets.utils import accept_key

import h2client
import peers
import pki
from program import until
from websocket_nodes import nodes

STREAM = "/greeter/say/stream"


@pytest.fixture
def node():
    yield from nodes()


class Socket:
    """A WebSocket on a stream of a client's connection."""

    def __init__(self, client, path, *fields, protocol="websocket"):
        self.client = client
        self.frames = Protocol(CLIENT, state=OPEN, max_size=None)
        self.taken = 0
        self.heard = []
        self.stream = client.h2.get_next_available_stream_id()
        self.answer = client.answers[self.stream] = h2client.Answer()
        client.h2.send_headers(self.stream, [
            (":method", "CONNECT"), (":protocol", protocol), (":scheme", "http"), (":path", path), (":authority", "a"),
            ("sec-websocket-version", "13"), *fields])
        client.push()
        while not self.answer.fields and not self.answer.is_over:
            assert client.read()

    def push(self):
        for data in self.frames.data_to_send():
            if data:
                self.client.send(self.stream, data, ends=False)

    def say(self, message):
        if isinstance(message, str):
            self.frames.send_text(message.encode())
        else:
            self.frames.send_binary(message)
        self.push()

    def close(self, code=1_000, reason=""):
        self.frames.send_close(code, reason)
        self.push()

    def hear(self):
        """The next message; None when the server has closed, or the stream is over."""
        while not self.heard:
            new = self.answer.body[self.taken:]
            self.taken += len(new)
            if new:
                self.frames.receive_data(new)
                self.push()
            for frame in self.frames.events_received():
                if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                    self.heard.append(frame.data.decode() if frame.opcode == Opcode.TEXT else bytes(frame.data))
            if self.heard:
                break
            if self.answer.is_over or self.frames.close_rcvd is not None:
                return None
            assert self.client.read()
        return self.heard.pop(0)

    def finish(self):
        self.client.h2.end_stream(self.stream)
        self.client.push()


def open_all(client):
    """Waits for the settings of the server."""
    while not client.h2.remote_settings.get(h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL):
        assert client.read()
    return client


# To a node


def test_a_route_takes_its_prefix_off(node, start_server, tmp_path):
    paths = []
    server = node(lambda connection: paths.append(connection.request.path) or connection.send("hello"))
    config = tmp_path / "micro.yaml"
    config.write_text("routes: [{path: /shop/**, handler: http, service: shop, strip_prefix: /shop}]\n")
    gateway = start_server(f"--config={config}")
    gateway.register("shop", server.address, protocol="http")
    with h2client.Client(gateway.api_port) as client:
        for path in ("/shop/chat?a=b", "/shop"):
            assert Socket(open_all(client), path).hear() == "hello"
    assert paths == ["/chat?a=b", "/"]


def test_messages_of_all_lengths_come_back_while_requests_go_on(node, start_proxy):
    proxy = start_proxy(node(process_request=page_or_socket).url)
    with h2client.Client(proxy.proxy_port) as client:
        sockets = [Socket(open_all(client), f"/chat/{number}") for number in range(3)]
        assert [socket.answer.status for socket in sockets] == [200] * 3
        for length in (0, 1, 125, 126, 65_535, 65_536, 300_000):
            for socket in sockets:
                socket.say("x" * length)
            assert client.ask("/page").body == b"a page"
            for socket in sockets:
                assert socket.hear() == "x" * length
        sockets[0].say(b"\0\1")
        assert sockets[0].hear() == b"\0\1"
        sockets[0].close(3_000, "done")
        assert sockets[0].hear() is None
        assert sockets[0].frames.close_rcvd.code == 3_000
        sockets[0].finish()
        client.wait(sockets[0].stream)
        assert (sockets[0].answer.has_ended, sockets[0].answer.reset) == (True, None)
        sockets[1].say("still here")
        assert sockets[1].hear() == "still here"


def page_or_socket(connection, request):
    return connection.respond(200, "a page") if request.path == "/page" else None


def test_the_node_is_asked_as_http1_asks_and_its_proof_is_not_passed_on(raw_server, start_proxy):
    def script(server, connection):
        request = connection.request()
        server.requests.append(request)
        connection.send(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + accept_key(request.value("sec-websocket-key")).encode()
            + b"\r\nSec-WebSocket-Protocol: chat\r\n\r\nhello")
        while connection.fill():
            pass
        connection.send(b"bye")

    server = raw_server(script)
    proxy = start_proxy(server.url)
    with h2client.Client(proxy.proxy_port) as client:
        socket = Socket(
            open_all(client), "/chat?a=b", ("sec-websocket-protocol", "chat"), ("origin", "http://a"),
            ("sec-websocket-key", "forged"))
        assert socket.answer.value("sec-websocket-protocol") == "chat"
        for name in ("sec-websocket-accept", "connection", "upgrade", "content-length"):
            assert socket.answer.value(name) is None
        client.h2.send_data(socket.stream, b"raw bytes", end_stream=True)
        client.push()
        answer = client.wait(socket.stream)
    # An end in one direction leaves the other open.
    assert (answer.body, answer.has_ended) == (b"hellobye", True)
    request = server.requests[0]
    assert request.first_line == "GET /chat?a=b HTTP/1.1"
    assert request.values("host") == ["a"] and request.values("origin") == ["http://a"]
    assert request.values("upgrade") == ["websocket"] and request.values("connection") == ["Upgrade"]
    assert request.values("sec-websocket-version") == ["13"] and request.values("sec-websocket-protocol") == ["chat"]
    assert server.connections[0].received.endswith(b"raw bytes")
    assert request.values("content-length") == [] and request.values("transfer-encoding") == []


@pytest.mark.parametrize(
    "reply, status",
    [(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403),
     (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 400)],
)
def test_a_node_that_makes_no_websocket_is_heard(raw_server, start_proxy, reply, status):
    def script(_, connection):
        connection.request()
        connection.send(reply)

    proxy = start_proxy(raw_server(script).url)
    with h2client.Client(proxy.proxy_port) as client:
        socket = Socket(open_all(client), "/chat")
        assert client.wait(socket.stream).status == status


def test_what_is_no_request_for_a_websocket_is_refused(node, start_proxy):
    proxy = start_proxy(node().url)
    with h2client.Client(proxy.proxy_port) as client:
        assert Socket(open_all(client), "/chat", protocol="connect-udp").answer.status == 501
        assert Socket(client, "/chat", ("sec-websocket-version", "12")).answer.status == 426
        assert Socket(client, "/chat").answer.status == 200


def test_a_reset_by_the_client_reaches_the_node(node, start_proxy):
    server = node()
    proxy = start_proxy(server.url)
    with h2client.Client(proxy.proxy_port) as client:
        socket = Socket(open_all(client), "/chat")
        socket.say("x")
        assert socket.hear() == "x"
        client.h2.reset_stream(socket.stream, 8)
        client.push()
        until(lambda: server.closes)
    assert server.closes[0][0] == 1_006


def test_a_stop_closes_the_tunnel_with_1001_and_ends_the_stream(node, start_proxy):
    server = node()
    proxy = start_proxy(server.url, "--drain_timeout=10s")
    fields = ((":protocol", "websocket"), ("sec-websocket-version", "13"))
    with h2client.Raw(proxy.proxy_port) as raw:  # The library h2 reads nothing after GOAWAY.
        raw.send(h2client.headers(1, *fields, method="CONNECT", path="/chat", ends=False))
        assert raw.first(1, 1)
        proxy.process.terminate()
        content, has_ended = b"", False
        for kind, flags, _, payload in raw.frames():
            if kind == 6 and not flags & 1:
                raw.send(h2client.frame(6, 1, 0, payload))
            elif kind == 0:
                content += payload
                has_ended = bool(flags & 1)
                if payload:
                    raw.send(h2client.frame(0, 1, 1, b"\x88\x82\0\0\0\0\x03\xe9"))
    assert content[0] == 0x88 and content[2:4] == b"\x03\xe9"
    assert has_ended
    until(lambda: server.closes)
    assert server.closes[0][0] == 1_001
    assert proxy.process.wait(10) == 0


# To an endpoint that streams


def test_an_endpoint_answers_each_message_until_the_empty_one(demo):
    with h2client.Client(demo.api_port) as client:
        socket = Socket(open_all(client), STREAM, ("sec-websocket-protocol", "chat, json"))
        assert (socket.answer.status, socket.answer.value("sec-websocket-protocol")) == (200, "json")
        for name in ("Ann", "Bob"):
            socket.say(json.dumps({"name": name}))
            assert json.loads(socket.hear()) == {"msg": f"Hello {name} #0", "seq": 0}
        socket.say("")
        assert socket.hear() is None
        assert socket.frames.close_rcvd.code == 1_000
        answer = client.wait(socket.stream)
        assert (answer.has_ended, answer.reset) == (True, None)


def test_a_client_that_ends_its_stream_without_closing_is_gone_for_the_service(start_server, micro_service):
    gone = threading.Event()

    @peers.stream
    def talk(conversation):
        try:
            while True:
                conversation.send({"got": conversation.receive()})
        except (peers.Gone, ConnectionResetError):
            gone.set()
            raise peers.Gone from None

    server = start_server()
    service = micro_service("go.micro.api.chat", Chat_Talk=talk)
    stream = {"name": "Chat.Talk", "metadata": {"stream": "true"}}
    server.register("go.micro.api.chat", service.address, endpoints=[stream])
    with h2client.Client(server.api_port) as client:
        socket = Socket(open_all(client), "/chat/chat/talk")
        socket.say('{"a":1}')
        assert json.loads(socket.hear()) == {"got": {"a": 1}}
        socket.finish()
        assert client.wait(socket.stream).reset == 8
        assert gone.wait(20)
        refused = Socket(client, "/chat/chat/talk", ("origin", "https://evil.example"))
        assert refused.answer.status == 403


# A browser


def test_a_page_in_a_browser_opens_its_websocket_on_the_connection_it_has(node, start, tmp_path):
    pair = pki.Authority(tmp_path).issue("DNS:localhost", "IP:127.0.0.1")
    server = node(process_request=page_or_socket, subprotocols=["json"])
    proxy = start(
        "proxy", server.url, "--address=127.0.0.1:0", "--loops=1", "--enable_tls", f"--tls_cert_file={pair.chain}",
        f"--tls_key_file={pair.key}")
    origin = f"https://127.0.0.1:{proxy.proxy_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"{origin}/page")
        said = page.evaluate("""url => new Promise((resolve, reject) => {
            const heard = [], socket = new WebSocket(url, ["json"])
            socket.binaryType = "arraybuffer"
            socket.onopen = () => { socket.send("text"); socket.send(new Uint8Array([1, 2, 3])) }
            socket.onerror = () => reject(new Error("the socket failed"))
            socket.onmessage = event => {
                heard.push(typeof event.data == "string" ? event.data : [...new Uint8Array(event.data)])
                if (heard.length == 2) socket.close(3000, "done")
            }
            socket.onclose = event => resolve([socket.protocol, heard, event.code, event.wasClean])
        })""", f"{origin.replace('https', 'wss')}/chat")
        browser.close()
    assert said == ["json", ["text", [1, 2, 3]], 3_000, True]
    line = proxy.line(lambda line: line.get("path") == "/chat")
    assert line["status"] == 200, "101 would be HTTP/1.1"
