"""WebSockets through the running program: to nodes behind it, from clients that others wrote."""

import json
import os
import shlex
import subprocess
import threading

import pytest
import websockets.exceptions
from playwright.sync_api import sync_playwright
from websockets.sync.client import connect

import peers
import wire
from program import until
from websocket_nodes import nodes

HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n")
ACCEPTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")


@pytest.fixture
def node():
    yield from nodes()


def url(program, path="/chat"):
    return f"ws://127.0.0.1:{program.proxy_port}{path}"


# Passed on


def test_messages_of_all_kinds_and_lengths_come_back(node, start_proxy):
    proxy = start_proxy(node().url)
    with connect(url(proxy), max_size=None, compression=None) as client:
        for message in ["", "Hello", "ä😀", b"", b"\x00\xff", "x" * 126, b"y" * 65_536, b"z" * 3_000_000]:
            client.send(message)
            assert client.recv(timeout=20) == message
        client.send(["in ", "three ", "parts"])
        assert client.recv(timeout=20) == "in three parts"
        assert client.ping().wait(timeout=20)


def test_the_two_ends_agree_on_extensions_and_subprotocols(node, start_proxy):
    proxy = start_proxy(node(subprotocols=["chat"]).url)
    with connect(url(proxy), subprotocols=["json", "chat"]) as client:
        assert client.subprotocol == "chat"
        assert [extension.name for extension in client.protocol.extensions] == ["permessage-deflate"]
        client.send("aaaa" * 10_000)
        assert client.recv(timeout=20) == "aaaa" * 10_000


def test_codes_and_reasons_reach_the_other_side(node, start_proxy):
    server = node(lambda connection: connection.close(4_001, "enough"))
    proxy = start_proxy(server.url)
    with connect(url(proxy)) as client, pytest.raises(websockets.exceptions.ConnectionClosedError) as closed:
        client.recv(timeout=20)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4_001, "enough")


def test_a_node_that_refuses_is_heard(node, start_proxy):
    server = node(process_request=lambda connection, _: connection.respond(403, "not you"))
    proxy = start_proxy(server.url)
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        connect(url(proxy))
    assert refused.value.response.status_code == 403
    assert refused.value.response.body == b"not you"


def test_the_gateway_passes_them_on_too(node, start_server):
    server = start_server("--api_handler=http")
    server.register("go.micro.api.chat", node().address, protocol="http")
    with connect(f"ws://127.0.0.1:{server.api_port}/chat/room") as client:
        client.send("x")
        assert client.recv(timeout=20) == "x"


def test_a_tunnel_is_logged_when_it_ends(node, start_proxy):
    proxy = start_proxy(node().url)
    with connect(url(proxy), compression=None) as client:
        client.send("x" * 1_000)
        client.recv(timeout=20)
        assert not [line for line in proxy.lines if line.get("status") == 101]
    line = proxy.line(lambda line: line.get("status") == 101)
    assert (line["method"], line["path"]) == ("GET", "/chat")
    # A message, and the close frame.
    assert line["bytes"] == 4 + 1_000 + 4


def test_a_page_in_a_browser_talks_through_the_proxy(node, start_proxy):
    proxy = start_proxy(node(subprotocols=["json"]).url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
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
        })""", url(proxy))
        browser.close()
    assert said == ["json", ["text", [1, 2, 3]], 3_000, True]


# Ends


def test_a_stop_closes_tunnels_with_1001_on_both_sides(node, start_proxy):
    server = node()
    proxy = start_proxy(server.url, "--drain_timeout=10s")
    with connect(url(proxy)) as client:
        client.send("x")
        client.recv(timeout=20)
        stopped = threading.Thread(target=proxy.stop)
        stopped.start()
        with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd.code == 1_001
        stopped.join(20)
    assert until(lambda: server.closes) == [(1_001, "the gateway closes this connection")]
    assert proxy.stop() == 0
    assert not any("cut off" in line.get("message", "") for line in proxy.lines)


def test_a_silent_tunnel_is_closed(node, start_proxy):
    server = node(ping_interval=None)
    proxy = start_proxy(server.url, "--tunnel_idle_timeout=300ms")
    with connect(url(proxy), ping_interval=None) as client:
        with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd.code == 1_001


@pytest.mark.parametrize("first", ["client", "node"])
def test_an_end_in_one_direction_leaves_the_other_open(raw_server, start_proxy, first):
    sides = {}
    finished = threading.Event()

    def script(_, connection):
        connection.request()
        sides["node"] = connection  # Before the test can know of it.
        connection.send(ACCEPTED)
        finished.wait(30)

    proxy = start_proxy(raw_server(script).url)
    client = wire.connect(proxy.proxy_port, 20)
    try:
        client.send(HANDSHAKE % b"")
        assert client.response().status == 101
        sides["client"] = client
        ended, other = sides[first], sides["node" if first == "client" else "client"]
        ended.send(b"last")
        ended.finish()
        assert other.rest() == b"last"
        for _ in range(3):
            other.send(b"more")
        other.finish()
        assert ended.rest() == b"moremoremore"
    finally:
        finished.set()
        client.close()


def test_no_descriptor_is_left_by_clients_that_vanish(node, start_proxy):
    proxy = start_proxy(node().url)

    def visit():
        client = wire.connect(proxy.proxy_port, 20)
        client.send(HANDSHAKE % b"")
        assert client.response().status == 101
        client.reset()

    visit()
    before = until(proxy.descriptor_count)
    for _ in range(20):
        visit()
    until(lambda: proxy.descriptor_count() <= before)


# Streaming endpoints


def stream_url(program, path="/greeter/say/stream"):
    return f"ws://127.0.0.1:{program.api_port}{path}"


def test_an_endpoint_answers_each_message_until_the_empty_one(demo):
    with connect(stream_url(demo), subprotocols=["chat", "json"]) as client:
        assert client.subprotocol == "json"
        for name in ["Ann", "Bob"]:
            client.send(json.dumps({"name": name}))
            assert json.loads(client.recv(timeout=20)) == {"msg": f"Hello {name} #0", "seq": 0}
        client.send("")
        with pytest.raises(websockets.exceptions.ConnectionClosedOK) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd.code == 1_000


def test_a_query_is_the_first_message(demo):
    with connect(stream_url(demo, "/greeter/say/stream?name=Ann")) as client:
        assert json.loads(client.recv(timeout=20))["msg"] == "Hello Ann #0"


def test_an_error_is_the_reason_of_the_close(demo):
    with connect(stream_url(demo)) as client:
        client.send('{"count":-1}')
        with pytest.raises(websockets.exceptions.ConnectionClosedError) as closed:
            client.recv(timeout=20)
    assert closed.value.rcvd.code == 1_011
    assert json.loads(closed.value.rcvd.reason)["code"] == 400


@pytest.mark.parametrize("message, code", [("{", 1_007), (b"\x08\1", 1_007), ("5", 1_007)])
def test_what_is_no_message_closes_with_a_code_that_says_why(demo, message, code):
    with connect(stream_url(demo)) as client:
        client.send(message)
        with pytest.raises(websockets.exceptions.ConnectionClosedError) as closed:
            client.recv(timeout=20)
    assert closed.value.rcvd.code == code


def test_a_service_closes_with_1000_by_ending_and_is_told_when_the_client_leaves(start_server, micro_service):
    gone = threading.Event()

    @peers.stream
    def talk(conversation):
        try:
            while (message := conversation.receive()) != {"last": True}:
                conversation.send({"got": message})
        except (peers.Gone, ConnectionResetError):
            gone.set()
            raise peers.Gone from None

    server = start_server()
    service = micro_service("go.micro.api.chat", Chat_Talk=talk)
    stream = {"name": "Chat.Talk", "metadata": {"stream": "true"}}
    server.register("go.micro.api.chat", service.address, endpoints=[stream])
    with connect(stream_url(server, "/chat/chat/talk")) as client:
        client.send('{"a":1}')
        assert json.loads(client.recv(timeout=20)) == {"got": {"a": 1}}
        client.send('{"last":true}')
        with pytest.raises(websockets.exceptions.ConnectionClosedOK) as closed:
            client.recv(timeout=20)
        assert closed.value.rcvd.code == 1_000
    assert not gone.is_set()
    with connect(stream_url(server, "/chat/chat/talk")) as client:
        client.send("{}")
        client.recv(timeout=20)
    assert gone.wait(20)


# What is refused


@pytest.mark.parametrize("accept", [b"", b"x", b"dGhlIHNhbXBsZSBub25jZQ=="])
def test_a_node_that_does_not_answer_the_key_is_a_bad_gateway(raw_server, start_proxy, accept):
    def script(_, connection):
        connection.request()
        connection.send(ACCEPTED.replace(b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", accept))

    proxy = start_proxy(raw_server(script).url)
    client = wire.connect(proxy.proxy_port, 20)
    client.send(HANDSHAKE % b"")
    assert client.response().status == 502
    client.close()


def test_an_endpoint_with_one_answer_is_not_for_a_websocket(demo):
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{demo.api_port}/greeter/say/hello")
    assert refused.value.response.status_code == 400
    assert "call it without a WebSocket" in json.loads(refused.value.response.body)["detail"]


@pytest.mark.parametrize("origin, is_refused", [
    (None, False), ("https://app.example", False), ("https://evil.test", True), ("null", True)])
def test_pages_of_other_sites_open_no_stream(start_server, micro_service, origin, is_refused):
    server = start_server("--allowed_origins=https://app.example")
    service = micro_service("go.micro.api.chat", Chat_Talk=peers.stream(lambda conversation: conversation.receive()))
    stream = {"name": "Chat.Talk", "metadata": {"stream": "true"}}
    server.register("go.micro.api.chat", service.address, endpoints=[stream])
    if is_refused:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            connect(stream_url(server, "/chat/chat/talk"), origin=origin)
        assert refused.value.response.status_code == 403
        assert service.calls == []
    else:
        with connect(stream_url(server, "/chat/chat/talk"), origin=origin):
            pass


# Autobahn


@pytest.mark.skipif("WSTEST" not in os.environ, reason="WSTEST names no command of the Autobahn test suite")
@pytest.mark.timeout(1_800)
def test_the_autobahn_suite_finds_a_node_through_the_proxy_as_it_finds_it_directly(node, start_proxy, tmp_path):
    server = node(ping_interval=None)
    proxy = start_proxy(server.url)
    specification = {
        "outdir": str(tmp_path), "exclude-cases": [], "exclude-agent-cases": {},
        "servers": [
            {"agent": "direct", "url": f"ws://{server.address}/"}, {"agent": "proxied", "url": url(proxy, "/")}],
        "cases": os.environ.get("WSTEST_CASES", "*").split(",")}
    (tmp_path / "spec.json").write_text(json.dumps(specification))
    command = [*shlex.split(os.environ["WSTEST"]), "--mode=fuzzingclient", f"--spec={tmp_path / 'spec.json'}"]
    subprocess.run(command, check=True, cwd=tmp_path, stdout=subprocess.DEVNULL)
    results = json.loads((tmp_path / "index.json").read_text())

    def verdicts(agent):
        # Whether an answer comes before a close is up to how fast bytes arrive: "NON-STRICT" is as good as "OK".
        return {
            case: (result["behavior"].replace("NON-STRICT", "OK"), result["behaviorClose"], result["remoteCloseCode"])
            for case, result in results[agent].items()}

    direct, proxied = verdicts("direct"), verdicts("proxied")
    assert len(direct) > 0
    assert {case: (direct[case], proxied.get(case)) for case in direct if direct[case] != proxied.get(case)} == {}
