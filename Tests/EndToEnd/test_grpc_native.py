"""Services with types of their own: called in JSON by reflection, in gRPC as they are, and in gRPC-Web."""

import base64
import http.client
import json
import threading
from concurrent import futures

import grpc
import pytest
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

import grpc_messages
from grpc_messages import Reply, Request

NAME = "helloworld"


class Node:
    """A server of gRPC with the service of `grpc_messages`."""

    def __init__(self, with_reflection=True, options=()):
        self.asked = grpc_messages.ReflectionCounter()
        pool = futures.ThreadPoolExecutor(16)
        self.server = grpc.server(pool, interceptors=[self.asked], options=[("grpc.so_reuseport", 0), *options])
        grpc_messages.add_to(self.server, with_reflection)
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        self.server.stop(0).wait(10)


@pytest.fixture
def node():
    """Makes nodes that end with the test."""
    nodes = []

    def make(**options):
        nodes.append(Node(**options))
        return nodes[-1]

    yield make
    for each in nodes:
        each.close()


@pytest.fixture
def gateway(start_server, node):
    """A gateway in front of one node that a registry knows as gRPC, and no more. Only calls make it ask the node."""
    behind = node()
    server = start_server("--learn_routes=false")
    server.register(NAME, behind.address, metadata={"protocol": "grpc"})
    return server, behind


def request(server, method, path, body=b"", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=20)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer, text


def call(server, endpoint, message):
    body = json.dumps({"service": NAME, "endpoint": endpoint, "request": message})
    answer, text = request(server, "POST", "/rpc", body, {"Content-Type": "application/json"})
    return answer.status, json.loads(text)


# JSON


@pytest.mark.parametrize("endpoint", ["Greeter.SayHello", "/helloworld.Greeter/SayHello"])
def test_json_becomes_the_types_that_the_node_tells_of(gateway, endpoint):
    server, behind = gateway
    message = {"person": {"name": "Jörg", "age": "7", "tags": ["a"]}, "payload": "AQI="}
    assert call(server, endpoint, message) == (200, {"message": "Hello Jörg", "totalCount": "7"})
    assert call(server, endpoint, {}) == (200, {"message": "Hello "})


def test_a_node_is_asked_once_however_many_call(gateway):
    server, behind = gateway
    before = behind.asked.count
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(call(server, "Greeter.SayHello", {})[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [200] * 8
    assert behind.asked.count <= before + 2, "once for each version of reflection"


@pytest.mark.parametrize(
    "endpoint, message, status, words",
    [
        ("Greeter.SayHello", {"nobody": 1}, 400, "nobody"),
        ("Greeter.SayHello", {"person": {"age": "x"}}, 400, "person.age"),
        ("Greeter.SayHallo", {}, 404, "Greeter.SayHello"),
        ("Greeter.Count", {}, 400, "stream"),
        ("Greeter.SayHello", {"person": {"name": "nobody"}}, 404, "nobody is here: 100%"),
    ],
)
def test_what_is_wrong_is_said(gateway, endpoint, message, status, words):
    server, _ = gateway
    code, report = call(server, endpoint, message)
    assert (code, report["code"]) == (status, status), report
    assert words in report["detail"]


def test_a_node_without_reflection_is_called_in_json_as_it_is(start_server, node):
    behind = node(with_reflection=False)
    server = start_server()
    server.register(NAME, behind.address, metadata={"protocol": "grpc"})
    code, report = call(server, "Greeter.SayHello", {})
    assert code >= 400, "the node reads protobuf only"


def test_metadata_of_an_answer_is_for_clients_of_grpc_alone(gateway):
    """Services write there what is meant for other services."""
    server, _ = gateway
    body = json.dumps({"service": NAME, "endpoint": "Greeter.SayHello", "request": {}})
    answer, _ = request(server, "POST", "/rpc", body, {"Content-Type": "application/json", "user_id": "42"})
    assert answer.status == 200
    assert not {"x-initial", "x-trailer"} & {name.lower() for name, _ in answer.getheaders()}


# gRPC


# WebSockets


@pytest.mark.parametrize("subprotocol", ["json", "protobuf"])
def test_a_websocket_carries_json_or_the_messages_of_the_service_as_they_are(start_server, node, subprotocol):
    server = start_server()
    chat = {"name": "Greeter.Chat", "metadata": {"stream": "true"}}
    server.register(
        "go.micro.api.helloworld", node().address, metadata={"protocol": "grpc"}, endpoints=[chat])
    url = f"ws://127.0.0.1:{server.api_port}/helloworld/greeter/chat"
    with connect(url, subprotocols=["chat", subprotocol]) as client:
        assert client.subprotocol == subprotocol
        for name in ("Ann", "Bob"):
            asked = Request(person={"name": name, "age": 7})
            if subprotocol == "protobuf":
                client.send(asked.SerializeToString())
                answered = Reply.FromString(client.recv(timeout=20))
                assert (answered.message, answered.total_count) == (f"Hello {name}", 7)
            else:
                client.send(json.dumps({"person": {"name": name}}))
                assert json.loads(client.recv(timeout=20))["message"] == f"Hello {name}"
        if subprotocol == "protobuf":
            client.send(b"")
            assert Reply.FromString(client.recv(timeout=20)).message == "Hello "
        client.send("")
        with pytest.raises(ConnectionClosedOK):
            client.recv(timeout=20)


@pytest.fixture
def channel(gateway):
    server, _ = gateway
    with grpc.insecure_channel(f"127.0.0.1:{server.api_port}") as channel:
        yield channel


def stub(channel, kind, method):
    return getattr(channel, kind)(
        f"/helloworld.Greeter/{method}", request_serializer=Request.SerializeToString,
        response_deserializer=Reply.FromString)


def test_a_call_in_grpc_passes_with_metadata_and_trailers(channel):
    reply, call = stub(channel, "unary_unary", "SayHello").with_call(
        Request(person={"name": "John"}), metadata=(("user_id", "42"),), timeout=10)
    assert reply.message == "Hello John"
    assert dict(call.initial_metadata())["x-initial"] == "42"
    assert dict(call.trailing_metadata())["x-trailer"] == "t"


def test_an_error_in_grpc_passes_as_it_is(channel):
    with pytest.raises(grpc.RpcError) as caught:
        stub(channel, "unary_unary", "SayHello")(Request(person={"name": "nobody"}), timeout=10)
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    assert caught.value.details() == "nobody is here: 100%"
    assert dict(caught.value.trailing_metadata())["x-trailer"] == "t"


def test_an_error_of_ours_is_a_status(channel):
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary("/nowhere.Greeter/SayHello")(b"", timeout=10)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    assert "nowhere" in caught.value.details()


def test_streams_pass_both_ways_at_once(channel):
    replies = stub(channel, "unary_stream", "Count")(Request(person={"name": "J", "age": 500}), timeout=20)
    assert sum(1 for _ in replies) == 500
    sent = threading.Semaphore(1)

    def requests():
        for number in range(20):
            assert sent.acquire(timeout=10)  # Not before the answer to the last one is here.
            yield Request(person={"name": str(number)})

    for number, reply in enumerate(stub(channel, "stream_stream", "Chat")(requests(), timeout=20)):
        assert reply.message == f"Hello {number}"
        sent.release()
    assert number == 19


def test_large_messages_pass_in_grpc(channel):
    reply = stub(channel, "unary_unary", "SayHello")(
        Request(person={"name": "x" * 1_000_000}, payload=b"y" * 2_000_000), timeout=20)
    assert len(reply.message) == 1_000_006


# gRPC-Web


def framed(message):
    data = message.SerializeToString()
    return b"\0" + len(data).to_bytes(4, "big") + data


def unframed(body):
    """The messages and the trailers of a body of gRPC-Web."""
    messages, trailers = [], {}
    while body:
        length = int.from_bytes(body[1:5], "big")
        content, flag, body = body[5:5 + length], body[0], body[5 + length:]
        if flag & 0x80:
            trailers = dict(line.split(":", 1) for line in content.decode().split("\r\n") if line)
        else:
            messages.append(Reply.FromString(content))
    return messages, trailers


@pytest.mark.parametrize("method, count", [("SayHello", 1), ("Count", 3)])
@pytest.mark.parametrize("is_text", [False, True])
def test_browsers_call_by_grpc_web_over_http_1(gateway, method, count, is_text):
    server, _ = gateway
    kind = "application/grpc-web-text+proto" if is_text else "application/grpc-web+proto"
    body = framed(Request(person={"name": "web", "age": 3}))
    answer, text = request(
        server, "POST", f"/helloworld.Greeter/{method}", base64.b64encode(body) if is_text else body,
        {"Content-Type": kind})
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    if is_text:  # Padded in the middle, wherever a piece ended.
        text = b"".join(base64.b64decode(text[index:index + 4]) for index in range(0, len(text), 4))
    messages, trailers = unframed(text)
    assert [message.message for message in messages] == ["Hello web"] * count
    assert trailers["grpc-status"] == "0"


def test_errors_reach_browsers_too(gateway):
    server, _ = gateway
    kind = {"Content-Type": "application/grpc-web+proto"}
    answer, text = request(
        server, "POST", "/helloworld.Greeter/SayHello", framed(Request(person={"name": "nobody"})), kind)
    status = answer.headers.get("grpc-status") or unframed(text)[1]["grpc-status"]
    assert (answer.status, status) == (200, "5")
    answer, _ = request(server, "POST", "/nowhere.Greeter/SayHello", framed(Request()), kind)
    assert (answer.status, answer.headers["grpc-status"]) == (200, "12")


# Servers that no registry knows


def test_a_static_node_is_a_service_like_any_other(start_server, node):
    behind = node()
    server = start_server(f"--static_node={NAME}={behind.address},protocol=grpc")
    assert call(server, "Greeter.SayHello", {"person": {"name": "static"}}) == (200, {"message": "Hello static"})
    assert server.services(NAME)[0]["nodes"][0]["address"] == behind.address


def test_the_proxy_in_front_of_a_grpc_server_speaks_json_and_grpc(start_proxy, node):
    behind = node()
    proxy = start_proxy(f"grpc://{behind.address}")
    for path in ("/helloworld.Greeter/SayHello", "/Greeter.SayHello"):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.proxy_port, timeout=20)
        connection.request("POST", path, '{"person":{"name":"P"}}', {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"message": "Hello P"})
        connection.close()
    with grpc.insecure_channel(f"127.0.0.1:{proxy.proxy_port}") as channel:
        assert stub(channel, "unary_unary", "SayHello")(Request(person={"name": "G"}), timeout=10).message == "Hello G"


# Schemas that change, and calls that do not end well


def test_a_new_node_is_asked_anew(gateway, node):
    server, first = gateway
    assert call(server, "Greeter.SayHello", {})[0] == 200
    second = node()
    server.register(NAME, second.address, metadata={"protocol": "grpc"})
    assert call(server, "Greeter.SayHello", {})[0] == 200
    assert first.asked.count + second.asked.count > 2


def test_a_client_of_grpc_that_cancels_is_believed(gateway, channel):
    replies = stub(channel, "stream_stream", "Chat")(iter_forever(), timeout=20)
    next(replies)
    replies.cancel()
    reply = stub(channel, "unary_unary", "SayHello")(Request(person={"name": "after"}), timeout=10)
    assert reply.message == "Hello after"


def iter_forever():
    """A request, and then nothing for longer than the test lasts."""
    yield Request(person={"name": "first"})
    threading.Event().wait(5)


def test_no_call_in_grpc_is_lost_while_the_node_replaces_its_connections(start_server, node):
    behind = node(options=[("grpc.max_connection_age_ms", 100), ("grpc.max_connection_age_grace_ms", 5_000)])
    server = start_server()
    server.register(NAME, behind.address, metadata={"protocol": "grpc"})
    with grpc.insecure_channel(f"127.0.0.1:{server.api_port}") as channel:
        say = stub(channel, "unary_unary", "SayHello")
        for start in range(0, 400, 20):
            calls = [say.future(Request(person={"name": str(start + n)}), timeout=20) for n in range(20)]
            assert [each.result().message for each in calls] == [f"Hello {start + n}" for n in range(20)]


@pytest.mark.parametrize(
    "accept, expected",
    [
        ("application/x-ndjson", '{"message":"Hello J","totalCount":"2"}\n' * 2),
        ("text/event-stream", 'data: {"message":"Hello J","totalCount":"2"}\n\n' * 2),
    ],
)
def test_a_stream_of_grpc_is_read_in_json(start_server, node, accept, expected):
    behind = node()
    server = start_server("--namespace= ", "--type= ")
    server.register(NAME, behind.address, metadata={"protocol": "grpc"})
    answer, text = request(
        server, "POST", f"/{NAME}/Greeter/Count", '{"person":{"name":"J","age":2}}',
        {"Content-Type": "application/json", "Accept": accept})
    assert answer.status == 200, text
    assert text.decode().startswith(expected)
