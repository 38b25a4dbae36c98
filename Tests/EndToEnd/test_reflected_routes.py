"""Routes and types that gRPC services tell by reflection, and bodies of any type (`google.api.HttpBody`)."""

import http.client
import json
import urllib.request

import pytest

import program
from media_node import METHODS, MediaNode

NAME = "go.micro.api.media"
GRPC = {"protocol": "grpc"}
SERVER = ("server", "--registry=memory", "--loops=2", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")


@pytest.fixture
def media_node():
    """Makes nodes that end with the test."""
    nodes = []

    def make(**options):
        nodes.append(MediaNode(**options))
        return nodes[-1]

    yield make
    for each in nodes:
        each.close()


@pytest.fixture(scope="module")
def node():
    node = MediaNode()
    yield node
    node.close()


@pytest.fixture(scope="module")
def server(start_for_module, node):
    """A gateway that has learnt the routes of the node, without a file and without a call."""
    server = start_for_module(*SERVER)
    server.register(NAME, node.address, metadata=GRPC)
    program.until(lambda: ask(server.api_port, "GET", "/v1/items/x")[0] == 200)
    return server


def exchange(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    try:
        return answer, answer.read()
    finally:
        connection.close()


def ask(port, method, path, body=None, headers=None):
    answer, content = exchange(port, method, path, body, headers)
    return answer.status, content.decode()


def log(server):
    return [line["message"] for line in list(server.lines) if "message" in line]


# Routes


def test_a_route_works_without_a_file_and_without_a_call_before(server):
    assert ask(server.api_port, "GET", "/v1/items/7?size=3") == (200, '{"name":"7","size":"3"}')


def test_calls_need_not_ask_the_node_once_more(server, node):
    count = node.asked.count
    for _ in range(4):
        assert ask(server.api_port, "GET", "/v1/items/7")[0] == 200
        assert ask(server.api_port, "POST", "/media/media/get", '{"name":"7"}')[0] == 200
    assert node.asked.count <= count + 1, "the learner may have looked again meanwhile"


def test_endpoints_are_known_before_they_are_called(server):
    endpoints = {each["name"]: each for each in server.services(NAME)[0]["endpoints"]}
    assert set(endpoints) == {f"Media.{name}" for name, *_ in METHODS}
    assert [field["name"] for field in endpoints["Media.Get"]["request"]["values"]] == ["name", "size", "contentType"]
    assert endpoints["Media.Watch"]["metadata"] == {"stream": "true"}


def test_a_stream_is_known_as_one_without_the_client_asking_for_it(server):
    status, text = ask(server.api_port, "POST", "/media/media/watch", '{"name":"x","size":2}')
    assert (status, text.splitlines()) == (200, ['{"item":{"name":"x 0"}}', "{}"])


def test_a_route_goes_with_the_last_node(start_server, media_node):
    server = start_server()
    nodes = [media_node(), media_node()]
    for each in nodes:
        server.register(NAME, each.address, metadata=GRPC)
    program.until(lambda: ask(server.api_port, "GET", "/v1/items/x")[0] == 200)
    deregister(server, nodes[0])
    assert ask(server.api_port, "GET", "/v1/items/x")[0] == 200
    deregister(server, nodes[1])
    program.until(lambda: ask(server.api_port, "GET", "/v1/items/x")[0] == 404)
    server.register(NAME, nodes[0].address, metadata=GRPC)
    program.until(lambda: ask(server.api_port, "GET", "/v1/items/x")[0] == 200)


def deregister(server, node):
    """Takes one node out, and returns when requests are routed to it no more."""
    record = {"name": NAME, "version": "latest", "nodes": [
        {"id": f"{NAME}-{node.address.rsplit(':', 1)[1]}", "address": node.address}]}
    request = urllib.request.Request(
        f"{server.web_url}/api/services", json.dumps(record).encode(), {"Content-Type": "application/json"},
        method="DELETE")
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200


def test_a_new_node_brings_new_routes(start_server, media_node):
    server = start_server()
    server.register(NAME, media_node().address, metadata=GRPC)
    program.until(lambda: ask(server.api_port, "GET", "/v1/items/x")[0] == 200)
    changed = [(*METHODS[0][:4], {"get": "/v2/items/{name}"}), *METHODS[1:]]
    server.register(NAME, media_node(methods=changed).address, metadata=GRPC)
    program.until(lambda: ask(server.api_port, "GET", "/v2/items/x")[0] == 200)
    assert ask(server.api_port, "GET", "/v1/items/x")[0] == 404


def test_static_nodes_are_asked_too(start_server, node):
    server = start_server(f"--static_node=shop={node.address},protocol=grpc")
    program.until(lambda: ask(server.api_port, "GET", "/v1/items/x") == (200, '{"name":"x"}'))
    program.until(lambda: server.services("shop")[0]["endpoints"])


def test_the_proxy_in_front_of_one_server_asks_it(start_proxy, node):
    proxy = start_proxy(f"grpc://{node.address}")
    program.until(lambda: ask(proxy.proxy_port, "GET", "/v1/items/x") == (200, '{"name":"x"}'))
    assert exchange(proxy.proxy_port, "GET", "/v1/files/x")[0].headers["Content-Type"] == "image/png"


def test_a_node_without_reflection_is_left_alone_and_that_is_said_once(start_server, media_node):
    server = start_server()
    server.register(NAME, media_node(with_reflection=False).address, metadata=GRPC)
    server.message("has no reflection")
    assert ask(server.api_port, "GET", "/v1/items/x")[0] == 404
    assert len([line for line in log(server) if "reflection" in line]) == 1


def test_nobody_is_asked_when_that_is_not_wanted(start_server, node):
    server = start_server("--learn_routes=false")
    server.register(NAME, node.address, metadata=GRPC)
    count = node.asked.count
    assert ask(server.api_port, "POST", "/media/media/get", '{"name":"7"}')[0] == 200, "the call asks"
    assert ask(server.api_port, "GET", "/v1/items/x")[0] == 404
    assert node.asked.count <= count + 2


# Bodies of any type

BYTES = bytes(range(256)) * 300


@pytest.mark.parametrize(
    "content_type, content",
    [
        ("image/png", BYTES), ("application/octet-stream", BYTES), ("application/json", b"no json"),
        ("application/x-protobuf", BYTES), ("application/x-ndjson", b"{\n"), ("multipart/form-data", b"--"),
        ("application/x-www-form-urlencoded", b"a=b"), ("text/plain; charset=latin-1", b""), (None, b"x"), (None, None),
    ])
def test_a_body_of_any_type_is_a_field(server, node, content_type, content):
    node.uploads.clear()
    headers = {"Content-Type": content_type} if content_type else {}
    status, text = ask(server.api_port, "POST", "/v1/files/a.png?labels=l", content, headers)
    assert status == 200, text
    upload = node.uploads[0]
    assert (upload.name, upload.labels) == ("a.png", "l")
    assert (upload.body.content_type, upload.body.data) == (content_type or "", content or b"")


@pytest.mark.parametrize("content", [BYTES, b"", b"\xff" * 3_000_000])
def test_a_body_of_any_type_is_a_whole_message_and_a_whole_answer(server, content):
    answer, got = exchange(
        server.api_port, "POST", "/v1/mirror?ignored=1", content,
        {"Content-Type": "application/x-thing; a=b", "Timeout": "60"})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/x-thing; a=b")
    assert got == content


def test_an_answer_has_the_type_that_the_service_says(server):
    answer, got = exchange(server.api_port, "GET", "/v1/files/x?size=1000")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert got == bytes(range(256)) * 1000
    assert int(answer.headers["Content-Length"]) == len(got)


def test_HEAD_has_the_head_of_an_answer(server):
    answer, got = exchange(server.api_port, "HEAD", "/v1/files/x?size=1000")
    assert (answer.status, answer.headers["Content-Type"], got) == (200, "image/png", b"")
    assert answer.headers["Content-Length"] == "256000"


@pytest.mark.parametrize("path", ["/v1/files/nothing", "/v1/content/nothing"])
def test_an_answer_without_a_type_is_bytes(server, path):
    answer, got = exchange(server.api_port, "GET", path)
    assert (answer.status, answer.headers["Content-Type"], got) == (200, "application/octet-stream", b"")


def test_a_type_that_would_forge_a_header_is_not_passed_on(server):
    answer, _ = exchange(server.api_port, "GET", "/v1/files/forged")
    assert answer.status == 502
    assert "X-Forged" not in answer.headers


def test_an_error_is_an_error_as_ever(server):
    status, text = ask(server.api_port, "GET", "/v1/files/missing")
    assert (status, json.loads(text)["detail"]) == (404, "there is no such file")


def test_a_field_of_an_answer_may_be_a_body(server):
    answer, got = exchange(server.api_port, "GET", "/v1/content/x")
    assert (answer.status, answer.headers["Content-Type"], got) == (200, "text/csv", b"a,b\n1,2\n")


# Streams


@pytest.mark.parametrize("accept", [None, "text/event-stream", "application/json"])
def test_the_pieces_of_a_stream_are_one_body(server, accept):
    headers = {"Accept": accept} if accept else {}
    answer, got = exchange(server.api_port, "GET", "/v1/streams/x?size=100", headers=headers)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert got == b"".join(bytes([number]) * 10_000 for number in range(100))


def test_a_stream_without_pieces_is_an_empty_body(server):
    answer, got = exchange(server.api_port, "GET", "/v1/streams/x")
    assert (answer.status, got) == (200, b"")


def test_a_stream_that_fails_breaks_off(server):
    with pytest.raises(http.client.IncompleteRead):
        exchange(server.api_port, "GET", "/v1/streams/broken?size=3")
    status, text = ask(server.api_port, "GET", "/v1/streams/broken")
    assert (status, json.loads(text)["detail"]) == (500, "the tape is torn")


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_is_sent_to_a_stream_in_pieces(server, node, size, is_chunked):
    node.uploads.clear()
    content = bytes(number % 251 for number in range(size))
    body = iter([content[:size // 2], content[size // 2:]]) if is_chunked else content
    answer, got = exchange(
        server.api_port, "PUT", "/v1/files/big.bin?labels=l", body,
        {"Content-Type": "application/x-big", "Accept": "application/json"})
    assert answer.status == 200, got
    assert json.loads(got).get("size", "0") == str(size)
    assert json.loads(got)["contentType"] == "application/x-big"
    assert b"".join(upload.body.data for upload in node.uploads) == content
    assert (node.uploads[0].name, node.uploads[0].labels) == ("big.bin", "l")
    assert all(not upload.name and not upload.body.content_type for upload in node.uploads[1:])


def test_of_each_message_of_a_stream_the_client_gets_the_field(server):
    path = "/v1/watch/x?size=3"
    status, text = ask(server.api_port, "GET", path)
    assert (status, text.splitlines()) == (200, ['{"name":"x 0"}', "null", '{"name":"x 2"}'])
    status, text = ask(server.api_port, "GET", path, headers={"Accept": "text/event-stream"})
    assert status == 200
    assert text == 'data: {"name":"x 0"}\n\ndata: null\n\ndata: {"name":"x 2"}\n\nevent: end\ndata: {}\n\n'
    status, text = ask(server.api_port, "GET", "/v1/watch/x?size=1", headers={"Accept": "application/json"})
    assert (status, text) == (200, '{"name":"x 0"}')
