"""Services whose types and routes are known from files of descriptors: no reflection, and paths of their own."""

import http.client
import json
import os
import subprocess
from concurrent import futures

import grpc
import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

import program

PACKAGE = "go.micro.api.shop"

FIELDS = {
    "name": Field.TYPE_STRING, "size": Field.TYPE_INT64, "is_open": Field.TYPE_BOOL, "inner": f".{PACKAGE}.Item",
    "tags": [Field.TYPE_STRING], "ratio": Field.TYPE_DOUBLE, "items": [f".{PACKAGE}.Item"]}

RULES = [
    {"get": "/v1/{name=shelves/*}"},
    {"post": "/v1/items", "body": "*"},
    {"put": "/v1/items/{name}", "body": "inner"},
    {"patch": "/v1/items/{name}", "body": "*"},
    {"get": "/v1/sizes/{size}/{is_open}"},
    {"get": "/v1/inner/{inner.name}"},
    {"post": "/v1/items/{name}:cancel", "body": "*", "response_body": "inner"},
    {"get": "/v1/items/{name}/parts", "response_body": "items"},
    {"get": "/v1/files/{name=**}"},
    {"delete": "/shop/shelf/move"},
    {"custom": {"kind": "*", "path": "/v1/any/{name}"}},
]


def descriptors(echo="Echo", rules=(), package=PACKAGE, type_name="Shelf"):
    """A set of descriptors with one service, and the class of its message."""
    file = descriptor_pb2.FileDescriptorProto(
        name="shop.proto", package=package, syntax="proto3", dependency=["google/api/annotations.proto"])
    item = file.message_type.add(name="Item")
    for number, (name, kind) in enumerate(FIELDS.items(), 1):
        label = Field.LABEL_REPEATED if isinstance(kind, list) else Field.LABEL_OPTIONAL
        kind = kind[0] if isinstance(kind, list) else kind
        field = item.field.add(name=name, number=number, label=label)
        if isinstance(kind, str):
            field.type, field.type_name = Field.TYPE_MESSAGE, kind.replace(PACKAGE, package)
        else:
            field.type = kind
    service = file.service.add(name=type_name)
    kinds = {"input_type": f".{package}.Item", "output_type": f".{package}.Item"}
    method = service.method.add(name=echo, **kinds)
    if rules:
        first, *others = [http_pb2.HttpRule(**rule) for rule in rules]
        first.additional_bindings.extend(others)
        method.options.Extensions[annotations_pb2.http].CopyFrom(first)
    stream = service.method.add(name="Count", server_streaming=True, **kinds)
    if rules:
        stream.options.Extensions[annotations_pb2.http].CopyFrom(http_pb2.HttpRule(get="/v1/count/{size}"))
    everything = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, http_pb2, annotations_pb2):
        module.DESCRIPTOR.CopyToProto(everything.file.add())
    everything.file.add().CopyFrom(file)
    pool = descriptor_pool.DescriptorPool()
    for each in everything.file:
        pool.Add(each)
    return everything.SerializeToString(), message_factory.GetMessageClass(
        pool.FindMessageTypeByName(f"{package}.Item"))


DESCRIPTORS, Item = descriptors(rules=RULES)


@pytest.fixture(scope="module")
def node():
    """A service in protobuf without reflection: `Echo` answers what it got, `Count` as often as it was told."""
    def echo(request, context):
        return request

    def count(request, context):
        for number in range(request.size):
            yield Item(name=f"{number}")

    kinds = {"request_deserializer": Item.FromString, "response_serializer": Item.SerializeToString}
    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(echo, **kinds),
        "Repeat": grpc.unary_unary_rpc_method_handler(echo, **kinds),
        "Count": grpc.unary_stream_rpc_method_handler(count, **kinds),
    }
    pool = futures.ThreadPoolExecutor(8)
    server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(tuple(
        grpc.method_handlers_generic_handler(name, handlers) for name in (f"{PACKAGE}.Shelf", "other.v1.Shelf")))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(10)


SERVER = ("server", "--registry=memory", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")


def log(server):
    """Everything that the program has told, at start and since."""
    return "\n".join(line["message"] for line in list(server.lines) if "message" in line)


METADATA = {"protocol": "grpc", "transport": "grpc"}


@pytest.fixture(scope="module")
def server(start_for_module, node, tmp_path_factory):
    path = tmp_path_factory.mktemp("descriptors") / "shop.pb"
    path.write_bytes(DESCRIPTORS)
    server = start_for_module(*SERVER, f"--descriptors={path}")
    server.register(PACKAGE, node, metadata=METADATA)
    return server


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = body if body is None or isinstance(body, bytes) else json.dumps(body)
    connection.request(method, path, body, {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text.decode()


def test_a_path_of_the_resolver_is_called_by_the_types_of_the_file(server):
    status, text = ask(server.api_port, "POST", "/shop/shelf/echo", {"name": "x", "is_open": True, "size": 7})
    assert (status, json.loads(text)) == (200, {"name": "x", "isOpen": True, "size": "7"})


@pytest.mark.parametrize(
    "method, path, body, expected",
    [
        ("GET", "/v1/shelves/a%2Fb?size=7&tags=1&tags=x&inner.name=5", None,
         {"name": "shelves/a%2Fb", "size": "7", "tags": ["1", "x"], "inner": {"name": "5"}}),
        ("GET", "/v1/shelves/1?name=other", None, {"name": "shelves/1"}),
        ("POST", "/v1/items", {"name": "x", "inner": {"ratio": 0.5}}, {"name": "x", "inner": {"ratio": 0.5}}),
        ("POST", "/v1/items?size=3", {"name": "x"}, {"name": "x"}),
        ("POST", "/v1/items", None, {}),
        ("PUT", "/v1/items/12?size=3", {"name": "in", "size": 1},
         {"name": "12", "size": "3", "inner": {"name": "in", "size": "1"}}),
        ("PUT", "/v1/items/12", None, {"name": "12"}),
        ("PATCH", "/v1/items/12", {"name": "body", "isOpen": True}, {"name": "12", "isOpen": True}),
        ("GET", "/v1/sizes/9007199254740993/true", None, {"size": "9007199254740993", "isOpen": True}),
        ("GET", "/v1/inner/8?inner.size=2", None, {"inner": {"name": "8", "size": "2"}}),
        ("POST", "/v1/items/12:cancel", {"inner": {"name": "n"}}, {"name": "n"}),
        ("POST", "/v1/items/12:cancel", {}, None),
        ("GET", "/v1/items/12/parts", None, []),
        ("GET", "/v1/files/a/b/c", None, {"name": "a/b/c"}),
        ("GET", "/v1/files", None, {}),
        ("DELETE", "/shop/shelf/move", None, {}),
        ("POST", "/v1/any/thing", None, {"name": "thing"}),
    ])
def test_a_declared_route_makes_fields_of_path_query_and_body(server, method, path, body, expected):
    status, text = ask(server.api_port, method, path, body)
    assert (status, json.loads(text)) == (200, expected)


def test_a_query_on_a_path_of_the_resolver_has_the_types_of_the_file(server):
    """Nobody else knows them: the record has no endpoints, and the service no reflection."""
    status, text = ask(server.api_port, "GET", "/shop/shelf/echo?name=7&tags=1&tags=x&is_open=true&inner.name=5")
    assert (status, json.loads(text)) == (
        200, {"name": "7", "isOpen": True, "inner": {"name": "5"}, "tags": ["1", "x"]})
    status, text = ask(server.api_port, "GET", "/shop/shelf/echo")
    assert (status, text) == (200, "{}")


@pytest.mark.parametrize(
    "method, path, body, status, words",
    [
        ("GET", "/v1/sizes/many/true", None, 400, "size"),
        ("GET", "/v1/shelves/1?nothing=1", None, 400, "nothing"),
        ("PUT", "/v1/items/12", b"{", 400, "JSON"),
        ("POST", "/v1/items", b"[]", 400, ""),
        ("GET", "/v1/shelves/", None, 404, "not registered"),
        ("GET", "/v1/items/12:stop", None, 405, "PATCH"),
    ])
def test_what_does_not_fit_is_said(server, method, path, body, status, words):
    code, text = ask(server.api_port, method, path, body)
    assert (code, json.loads(text)["code"]) == (status, status), text
    assert words in json.loads(text)["detail"]


def test_a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=20)
    connection.request("DELETE", "/v1/inner/8")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    answer.read()
    connection.request("OPTIONS", "/v1/inner/8")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Allow"], answer.read()) == (200, "GET, HEAD, OPTIONS", b"")
    connection.close()


def test_a_declared_path_of_a_service_that_is_not_registered_says_whose_it_is(start_server, tmp_path):
    (tmp_path / "shop.pb").write_bytes(DESCRIPTORS)
    status, text = ask(start_server(f"--descriptors={tmp_path}/shop.pb").api_port, "GET", "/v1/inner/8")
    assert status == 404
    assert f"Shelf.Echo of {PACKAGE} " in json.loads(text)["detail"]


def test_a_stream_that_is_declared_is_answered_line_by_line(server):
    status, text = ask(server.api_port, "GET", "/v1/count/3", headers={"Accept": "application/x-ndjson"})
    assert (status, [json.loads(line) for line in text.splitlines()]) == (
        200, [{"name": "0"}, {"name": "1"}, {"name": "2"}])


def test_the_proxy_in_front_of_one_server_knows_routes_too(start_proxy, node, tmp_path):
    (tmp_path / "shop.pb").write_bytes(DESCRIPTORS)
    proxy = start_proxy(f"grpc://{node}", f"--descriptors={tmp_path}/shop.pb")
    assert ask(proxy.proxy_port, "GET", "/v1/inner/8") == (200, '{"inner":{"name":"8"}}')
    status, text = ask(proxy.proxy_port, "POST", f"/{PACKAGE}.Shelf/Echo", {"name": "x"})
    assert (status, text) == (200, '{"name":"x"}')


def test_a_service_under_another_name_is_found_by_type_and_method(start_server, node, tmp_path):
    """Nothing but the names of type and method tells which one is meant, and only one has them."""
    (tmp_path / "other.pb").write_bytes(descriptors("Repeat", package="other.v1")[0])
    (tmp_path / "shop.pb").write_bytes(DESCRIPTORS)
    server = start_server(f"--descriptors={tmp_path}/other.pb", f"--descriptors={tmp_path}/shop.pb")
    server.register("go.micro.api.foo", node, metadata=METADATA)
    assert ask(server.api_port, "POST", "/foo/shelf/repeat", {"name": "x"}) == (200, '{"name":"x"}')
    status, _ = ask(server.api_port, "POST", "/foo/shelf/count", {"size": 1})
    assert status >= 400, "two services have it"


def test_files_that_change_are_taken_and_broken_ones_are_not(start_server, node, tmp_path):
    path = tmp_path / "shop.pb"
    path.write_bytes(descriptors(rules=[{"get": "/one/{name}"}])[0])
    server = start_server(f"--descriptors={path}")
    server.register(PACKAGE, node, metadata=METADATA)
    assert ask(server.api_port, "GET", "/one/x") == (200, '{"name":"x"}')

    def exchange(content):
        path.with_suffix(".new").write_bytes(content)
        os.replace(path.with_suffix(".new"), path)

    exchange(b"broken")
    assert server.message("not reloaded")
    assert ask(server.api_port, "GET", "/one/x") == (200, '{"name":"x"}')
    exchange(descriptors(rules=[{"get": "/two/{name}"}])[0])
    assert program.until(lambda: ask(server.api_port, "GET", "/two/x") == (200, '{"name":"x"}'))
    assert ask(server.api_port, "GET", "/one/x")[0] == 404


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "No such file"),
        (b"\xff\xff", "malformed"),
        (b"", "describes no service"),
        (b"\n\x03abc", "malformed"),
    ])
def test_a_file_that_is_none_ends_the_program_with_its_name_and_a_reason(micro, tmp_path, content, words):
    path = tmp_path / "shop.pb"
    if content is not None:
        path.write_bytes(content)
    result = subprocess.run(
        [micro, *SERVER, f"--descriptors={path}"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 78
    assert str(path) in result.stderr and words in result.stderr


def test_a_route_that_cannot_be_is_told_and_the_others_go_on(start_server, node, tmp_path):
    (tmp_path / "shop.pb").write_bytes(
        descriptors(rules=[{"get": "/a/{nothing}"}, {"get": "/b/{name"}, {"get": "/c/{name}"}])[0])
    server = start_server(f"--descriptors={tmp_path}/shop.pb")
    server.register(PACKAGE, node, metadata=METADATA)
    assert server.message("/a/{nothing}") and server.message("/b/{name")
    assert ask(server.api_port, "GET", "/c/x") == (200, '{"name":"x"}')
