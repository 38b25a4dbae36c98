"""Whole requests in one message, `go.api.Request`, to services of gRPC and of Go Micro's own RPC."""

import json
import struct

import grpc
import pytest

import api_messages
import grpc_peers
import mucp_codecs
import wire

NAME = "go.micro.api.apimeta"


def handler(function):
    """Makes a handler of bytes of one from a request to a response."""

    def handle(request, context):
        return function(api_messages.Request.FromString(request)).SerializeToString()

    return handle


def echo(request):
    """Tells the request as JSON; the body, which may be no text, in Latin-1."""
    told = {
        "method": request.method, "path": request.path, "url": request.url, "body": request.body.decode("latin-1"),
        **{name: api_messages.pairs(getattr(request, name)) for name in ("header", "get", "post")}}
    return api_messages.response(body=json.dumps(told).encode())


def made(_):
    return api_messages.response(201, b"<p>hi</p>", X_Multi=["a", "b"], Content_Type="text/html")


def bad(request, context):
    raise grpc_peers.micro_failure(400, grpc.StatusCode.INVALID_ARGUMENT, "bad thing")


@pytest.fixture
def gateway(start_server):
    """A gateway in front of a service that takes whole requests."""
    services = []

    def make(*arguments, endpoints=(), **functions):
        functions = {"Call": handler(echo), "Made": handler(made), "Bad": bad, **functions}
        service = grpc_peers.GRPCService({f"/{NAME}.Api/{name}": function for name, function in functions.items()})
        services.append(service)
        server = start_server(*arguments)
        server.register(NAME, service.address, protocol="grpc", endpoints=[
            {"name": f"Api.{name}", "request": api_messages.DESCRIPTION} for name in functions] + list(endpoints))
        return server

    yield make
    for service in services:
        service.close()


def ask(server, method, target, *fields, body=b""):
    return wire.ask(server.api_port, wire.request(method, target, *fields, body=body, host="api.example"), method)


def told(answer):
    assert answer.status == 200, answer
    assert answer.value("Content-Type") == "application/json"
    return json.loads(answer.body)


@pytest.mark.parametrize("flags", [["--handler=api"], []], ids=["always", "by the endpoint's request"])
def test_the_whole_request_reaches_the_service(gateway, flags):  # C190
    seen = told(ask(
        gateway(*flags), "GET", "/apimeta/api/call?name=john&name=x&b=1", "X-A: 1", "X-A: 2", "Cookie: a=b",
        "X-Forwarded-For: 9.9.9.9"))
    assert (seen["method"], seen["path"]) == ("GET", "/apimeta/api/call")
    assert seen["url"] == "/apimeta/api/call?name=john&name=x&b=1"
    assert (seen["get"], seen["post"], seen["body"]) == ({"name": ["john", "x"], "b": ["1"]}, {}, "")
    header = seen["header"]
    assert header["Host"] == ["api.example"]
    assert header["X-Forwarded-For"] == ["127.0.0.1"]
    assert header["Content-Type"] == ["text/plain; charset=UTF-8"]
    assert (header["X-A"], header["Cookie"]) == (["1", "2"], ["a=b"])
    assert header["Micro-Namespace"] == ["go.micro"]


def test_a_chain_of_proxies_is_kept_where_they_are_trusted(gateway):  # C196
    seen = told(ask(
        gateway("--handler=api", "--trusted_proxies=127.0.0.1"), "GET", "/apimeta/api/call",
        "X-Forwarded-For: 9.9.9.9"))
    assert seen["header"]["X-Forwarded-For"] == ["9.9.9.9, 127.0.0.1"]


def test_forms_become_fields_and_other_bodies_stay_what_they_are(gateway):  # C191 to C195
    server = gateway("--handler=api")
    form = "Content-Type: application/x-www-form-urlencoded"
    seen = told(ask(server, "POST", "/apimeta/api/call?q=1", form, body=b"a=1&a=2&b=%20"))
    assert (seen["get"], seen["post"], seen["body"]) == ({"q": ["1"]}, {"a": ["1", "2"], "b": [" "]}, "")
    seen = told(ask(server, "DELETE", "/apimeta/api/call", form, body=b"a=1"))
    assert (seen["post"], seen["body"]) == ({}, "a=1")
    raw = bytes(range(256))
    seen = told(ask(server, "PUT", "/apimeta/api/call", "Content-Type: application/octet-stream", body=raw))
    assert seen["body"].encode("latin-1") == raw
    parts = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n"
    seen = told(ask(server, "POST", "/apimeta/api/call", "Content-Type: multipart/form-data; boundary=b", body=parts))
    assert (seen["post"], seen["body"].encode()) == ({"a": ["1"]}, parts)


def test_the_response_is_the_service_s(gateway):  # C198 to C200
    server = gateway("--handler=api")
    answer = ask(server, "GET", "/apimeta/api/made")
    assert (answer.status, answer.body) == (201, b"<p>hi</p>")
    assert answer.values("X-Multi") == ["a", "b"]
    assert answer.value("Content-Type") == "text/html"
    head = ask(server, "HEAD", "/apimeta/api/made")
    assert (head.status, head.body, head.values("X-Multi")) == (201, b"", ["a", "b"])
    answer = ask(server, "GET", "/apimeta/api/bad")
    assert (answer.status, json.loads(answer.body)["detail"]) == (400, "bad thing")


def test_a_response_cannot_break_out_of_its_frame(gateway):
    def smuggle(_):
        return api_messages.response(
            200, b"hello", Content_Length="0", Transfer_Encoding="chunked", Connection="close", X_A="kept")

    def split(_):
        return api_messages.response(200, b"", X_A="a\r\nSet-Cookie: evil=1")

    server = gateway("--handler=api", Smuggle=handler(smuggle), Split=handler(split))
    with wire.connect(server.api_port) as client:
        for _ in range(2):  # The connection goes on, and nobody has lost count.
            client.send(wire.request("GET", "/apimeta/api/smuggle"))
            answer = client.response()
            assert (answer.status, answer.body, answer.value("X-A")) == (200, b"hello", "kept")
    answer = ask(server, "GET", "/apimeta/api/split")
    assert (answer.status, answer.values("Set-Cookie")) == (502, [])
    assert b"evil" not in answer.body


def test_what_is_malformed_is_400_and_what_is_unknown_404(gateway):  # C197, C202
    server = gateway("--handler=api")
    answer = ask(server, "GET", "/apimeta/api/call?x=%zz")
    assert answer.status == 400
    assert "%zz" in json.loads(answer.body)["detail"]
    assert ask(server, "GET", "/nosuch/x").status == 404


def test_a_declared_route_says_that_it_takes_whole_requests(gateway):  # C187
    server = gateway(endpoints=[
        {"name": "Api.Call", "metadata": {"handler": "api", "method": "GET,POST", "path": "/apimeta,/elsewhere/{id}"}}])
    assert told(ask(server, "GET", "/apimeta?x=1"))["get"] == {"x": ["1"]}
    assert told(ask(server, "GET", "/elsewhere/7"))["path"] == "/elsewhere/7"
    refused = ask(server, "PUT", "/elsewhere/7")  # C179
    assert (refused.status, refused.value("Allow")) == (405, "GET, HEAD, OPTIONS, POST")
    told_methods = ask(server, "OPTIONS", "/elsewhere/7")
    assert (told_methods.status, told_methods.value("Allow")) == (200, "GET, HEAD, OPTIONS, POST")


def test_a_service_that_speaks_go_micro_s_own_rpc_gets_protobuf_too(start_server, raw_server):
    def script(server, connection):
        while (request := connection.request()) is not None:
            server.requests.append(request)
            length = struct.unpack(">I", request.body[:4])[0]
            message = api_messages.Request.FromString(request.body[8 + length:])
            answer = echo(message).SerializeToString()
            body = struct.pack(">I", 0) + struct.pack(">I", len(answer)) + answer
            connection.send(wire.reply("200 OK", "Content-Type: application/proto-rpc", body=body))

    node = raw_server(script)
    server = start_server("--handler=api")
    server.register(NAME, node.address)
    assert told(ask(server, "GET", "/apimeta/api/call?x=1"))["get"] == {"x": ["1"]}
    assert node.requests[0].value("Micro-Endpoint") == "Api.Call"


def told_in_json(message):
    """The answer of a service that reads and writes `go.api` in JSON."""
    told = {"method": message["method"], "body": message.get("body", ""), "get": {
        pair["key"]: pair["values"] for pair in message["get"].values()}}
    return {"statusCode": 201, "header": {"X-A": {"key": "X-A", "values": ["1"]}}, "body": json.dumps(told)}


@pytest.mark.parametrize("kinds, metadata, refused", [
    (["application/json"], None, ["application/proto-rpc", "application/protobuf"]),
    (["application/json-rpc"], {"server": "rpc"}, ["application/proto-rpc", "application/protobuf"]),
    (["application/json"], {"protocol": "mucp", "codec": "json"}, []),
])
def test_a_service_that_reads_only_json_gets_json(start_server, micro_service, kinds, metadata, refused):
    service = micro_service(NAME, Api_Call=told_in_json)
    service.codecs = {kind: mucp_codecs.ALL[kind] for kind in kinds}
    server = start_server("--handler=api", "--loops=1")
    server.register(NAME, service.address, metadata=metadata)
    for _ in range(3):
        answer = ask(server, "POST", "/apimeta/api/call?x=1", body="süß".encode())
        assert (answer.status, answer.value("X-A")) == (201, "1")
        assert json.loads(answer.body) == {"method": "POST", "body": "süß", "get": {"x": ["1"]}}
    # What it refuses it is not sent again.
    assert [headers["Content-Type"] for headers, _ in service.calls] == [*refused, *kinds * 3]
    assert ask(server, "POST", "/apimeta/api/call", body=b"\xff").status == 415


def test_a_grpc_service_that_reads_only_json_gets_json(start_server):
    calls = []

    def call(request, context):
        metadata = dict(context.invocation_metadata())
        calls.append(request)
        if "x-content-type" not in metadata:  # What tells JSON from protobuf for those who cannot see the type.
            raise grpc_peers.Failure(grpc.StatusCode.UNKNOWN, json.dumps({
                "id": "go.micro.server", "code": 500, "detail": "Unsupported Content-Type: application/grpc+proto"}))
        return json.dumps(told_in_json(json.loads(request))).encode()

    service = grpc_peers.GRPCService({f"/{NAME}.Api/Call": call})
    try:
        server = start_server("--handler=api", "--loops=1")
        server.register(NAME, service.address, protocol="grpc", metadata={"protocol": "grpc", "server": "grpc"})
        for _ in range(2):
            answer = ask(server, "POST", "/apimeta/api/call?x=1", body=b"hello")
            assert answer.status == 201
            assert json.loads(answer.body) == {"method": "POST", "body": "hello", "get": {"x": ["1"]}}
        assert [request[:1] == b"{" for request in calls] == [False, True, True]
    finally:
        service.close()
