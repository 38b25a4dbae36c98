"""JSON over HTTP to services that speak gRPC: servers made with grpcio, which know nothing of this program."""

import http.client
import json
import socket
import struct
import subprocess
import sys
import threading

import grpc
import pytest

import grpc_peers
import program
from grpc_peers import Failure, json_handler, micro_failure

NAME = "go.micro.srv.greeter"


def call(server, endpoint, request, headers=None, path="/rpc"):
    """Calls by `/rpc`, and returns the status and the object that was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=20)
    body = json.dumps({"service": NAME, "endpoint": endpoint, "request": request})
    connection.request("POST", path, body, {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text)


@pytest.fixture
def greeter(start_server):
    """A gateway in front of a gRPC service in Python. Returns the program and the service."""
    services = []

    def make(*arguments, options=(), **handlers):
        paths = {f"/{NAME}.Say/{name}": handler for name, handler in handlers.items()}
        service = grpc_peers.GRPCService({f"/{NAME}.Say/Hello": json_handler(grpc_peers.hello), **paths}, options)
        services.append(service)
        server = start_server(*arguments)
        server.register(NAME, service.address, protocol="grpc")
        return server, service

    yield make
    for service in services:
        service.close()


def test_a_call_in_json_reaches_a_grpc_service_and_comes_back(greeter):
    server, service = greeter()
    assert call(server, "Say.Hello", {"name": "John"}, {"X-Custom": "a value", "Timeout": "7"}) == (
        200, {"msg": "Hello John"})
    metadata, request, time_left = service.calls[0]
    assert json.loads(request) == {"name": "John"}
    assert metadata["x-custom"] == "a value"
    assert metadata["x-content-type"] == "application/json"
    assert metadata["x-forwarded-for"] == "127.0.0.1"
    assert 6_000_000_000 < int(metadata["timeout"]) <= 7_000_000_000
    assert 6 < time_left <= 7


@pytest.mark.parametrize(
    "failure, status, detail",
    [
        (micro_failure(404, grpc.StatusCode.NOT_FOUND, "no such name: Jörg\n"), 404, "no such name: Jörg\n"),
        (micro_failure(429, grpc.StatusCode.UNKNOWN, "slower"), 429, "slower"),
        (Failure(grpc.StatusCode.INVALID_ARGUMENT, "no name"), 400, "no name"),
        (Failure(grpc.StatusCode.UNAUTHENTICATED, "who?"), 401, "who?"),
        (Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "enough"), 429, "enough"),
        (Failure(grpc.StatusCode.UNKNOWN, "100% plain"), 500, "100% plain"),
        (Failure(grpc.StatusCode.NOT_FOUND, "plain", bytes.fromhex(
            "08051205706c61696e1a5c0a20747970652e676f6f676c65617069732e636f6d2f6572726f72732e4572726f7212380a14676f2e"
            "6d6963726f2e7372762e677265657465721094031a126e6f2073756368206e616d653a204a6f686e22094e6f7420466f756e64")),
         404, "no such name: John"),
    ],
)
def test_an_error_of_the_service_keeps_its_code_and_its_words(greeter, failure, status, detail):
    def fail(request, context):
        raise failure

    server, _ = greeter(Fail=fail)
    code, report = call(server, "Say.Fail", {})
    assert (code, report["code"], report["detail"], report["id"]) == (status, status, detail, NAME)


def test_an_endpoint_that_the_service_lacks_is_not_found(greeter):
    server, _ = greeter()
    code, report = call(server, "Say.Nothing", {})
    assert (code, report["code"]) == (404, 404)


def test_a_call_that_takes_too_long_is_given_up_here_and_there(greeter):
    over = threading.Event()

    def wait(request, context):
        context.add_callback(over.set)
        over.wait(20)
        return b"{}"

    server, service = greeter(Wait=wait)
    code, report = call(server, "Say.Wait", {}, {"Timeout": "1"})
    assert code == 504
    assert over.wait(5)


def test_a_client_that_leaves_cancels_the_call(greeter):
    begun, over = threading.Event(), threading.Event()

    def wait(request, context):
        context.add_callback(over.set)
        begun.set()
        over.wait(20)
        return b"{}"

    server, service = greeter(Wait=wait)
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=20)
    body = json.dumps({"service": NAME, "endpoint": "Say.Wait", "request": {}})
    connection.request("POST", "/rpc", body, {"Content-Type": "application/json"})
    assert begun.wait(10)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert over.wait(5)


@pytest.mark.parametrize("size", [16_384, 65_536, 1_000_000, 4_000_000])
def test_large_messages_pass_both_ways(greeter, size):
    server, _ = greeter("--max_rpc_body=8388608", Echo=lambda request, _: request)
    text = "x" * size
    code, answer = call(server, "Say.Echo", {"text": text})
    assert (code, len(answer["text"]), answer["text"] == text) == (200, size, True)


def test_an_answer_over_the_limit_is_refused(greeter):
    server, _ = greeter(Big=lambda *_: b'"' + b"x" * (4 << 20) + b'"')
    code, report = call(server, "Say.Big", {})
    assert code == 502
    assert call(server, "Say.Hello", {"name": "after"}) == (200, {"msg": "Hello after"})


def test_many_calls_at_once_share_few_connections(greeter):
    barrier = threading.Barrier(20)

    def meet(request, context):
        barrier.wait(10)
        return b"{}"

    server, service = greeter(Meet=meet)
    results = []
    threads = [threading.Thread(target=lambda: results.append(call(server, "Say.Meet", {}))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [(200, {})] * 20


def test_no_call_is_lost_while_the_service_replaces_its_connections(greeter):
    options = [("grpc.max_connection_age_ms", 100), ("grpc.max_connection_age_grace_ms", 5_000)]
    server, _ = greeter(options=options)
    failures = []

    def work():
        for number in range(150):
            answer = call(server, "Say.Hello", {"name": str(number)})
            if answer != (200, {"msg": f"Hello {number}"}):
                failures.append(answer)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_a_killed_node_is_replaced_by_another(start_server):
    nodes = [
        subprocess.Popen(
            [sys.executable, grpc_peers.__file__, NAME], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    try:
        server = start_server()
        for node in nodes:
            server.register(NAME, f"127.0.0.1:{int(node.stdout.readline())}", protocol="grpc")
        for number in range(6):
            assert call(server, "Say.Hello", {"name": str(number)}) == (200, {"msg": f"Hello {number}"})
        waiting = []
        thread = threading.Thread(
            target=lambda: waiting.append(call(server, "Say.Slow", {"seconds": 2})[0]))
        thread.start()
        nodes[0].kill()
        nodes[0].wait(10)

        def works():
            return all(call(server, "Say.Hello", {"name": "x"})[0] == 200 for _ in range(6))

        assert program.until(works)
        thread.join(20)
        assert waiting[0] in (200, 502)
    finally:
        for node in nodes:
            node.kill()
            node.wait(10)
            node.stdout.close()


def test_a_node_that_speaks_http_1_is_named_as_such(start_server, raw_server):
    node = raw_server(lambda _, connection: connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
    server = start_server()
    server.register(NAME, node.address, protocol="grpc")
    code, report = call(server, "Say.Hello", {})
    assert code == 502
    assert "127.0.0.1" not in report["detail"]
