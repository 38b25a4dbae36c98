"""Servers of gRPC that are spoken to by TLS: behind `micro proxy grpcs://`, and as nodes whose metadata says so."""

import http.client
import json
import socket
import ssl
import threading
from concurrent import futures

import grpc
import pytest

import grpc_messages
import pki
from grpc_messages import Reply, Request

NAME = "helloworld"
METADATA = {"protocol": "grpc", "secure": "true"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.Authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.issue("DNS:localhost", "IP:127.0.0.1")


def serve(pair):
    """A server of gRPC with the certificate, and its port."""
    with open(pair.key, "rb") as key, open(pair.chain, "rb") as chain:
        credentials = grpc.ssl_server_credentials([(key.read(), chain.read())])
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    grpc_messages.add_to(server)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    return server, port


@pytest.fixture(scope="module")
def node(pair):
    server, port = serve(pair)
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(10)


@pytest.fixture(params=["proxy", "server"])
def gateway(request, start_proxy, start_server, node, authority):
    """The port of a gateway in front of the node, either way."""
    trust = f"--tls_ca_file={authority.pem}"
    if request.param == "proxy":
        return start_proxy(f"grpcs://{node}", trust).proxy_port
    server = start_server(trust, "--resolver=grpc")
    server.register(NAME, node, metadata=METADATA)
    return server.api_port


def ask(port, message, headers=None, method="SayHello"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(
        "POST", f"/helloworld.Greeter/{method}", json.dumps(message),
        {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def stub(channel, kind, method):
    return getattr(channel, kind)(
        f"/helloworld.Greeter/{method}", request_serializer=Request.SerializeToString,
        response_deserializer=Reply.FromString)


def test_calls_in_json_become_calls_over_tls(gateway):
    assert ask(gateway, {"person": {"name": "J"}}) == (200, '{"message":"Hello J"}')
    status, text = ask(
        gateway, {"person": {"name": "J", "age": 3}}, {"Accept": "application/x-ndjson"}, method="Count")
    assert (status, len(text.splitlines())) == (200, 3)


def test_calls_in_grpc_pass_over_tls(gateway):
    with grpc.insecure_channel(f"127.0.0.1:{gateway}") as channel:
        reply, call = stub(channel, "unary_unary", "SayHello").with_call(
            Request(person={"name": "G"}), metadata=(("user_id", "42"),), timeout=10)
        assert reply.message == "Hello G"
        assert dict(call.initial_metadata())["x-initial"] == "42"
        assert dict(call.trailing_metadata())["x-trailer"] == "t"
        replies = stub(channel, "stream_stream", "Chat")(
            iter(Request(person={"name": str(number)}) for number in range(50)), timeout=20)
        assert [reply.message for reply in replies] == [f"Hello {number}" for number in range(50)]


def test_both_sides_may_speak_tls(start_server, node, authority, pair):
    server = start_server(
        f"--tls_ca_file={authority.pem}", "--enable_tls", f"--tls_cert_file={pair.chain}",
        f"--tls_key_file={pair.key}", f"--static_node={NAME}={node},protocol=grpc,secure=true")
    trust = grpc.ssl_channel_credentials(authority.pem.read_bytes())
    with grpc.secure_channel(f"localhost:{server.api_port}", trust) as channel:
        assert stub(channel, "unary_unary", "SayHello")(Request(person={"name": "T"}), timeout=10).message == "Hello T"


def check_refused(port):
    """No call arrives, and no client learns where it would have gone."""
    status, text = ask(port, {})
    assert (status, json.loads(text)["code"]) == (502, 502)
    assert "127.0.0.1" not in text
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.RpcError) as caught:
            stub(channel, "unary_unary", "SayHello")(Request(), timeout=10)
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_node_of_an_authority_that_is_not_trusted_is_not_called(start_proxy, node):
    check_refused(start_proxy(f"grpcs://{node}").proxy_port)


def test_whoever_asks_for_it_trusts_everyone(start_proxy, node):
    assert ask(start_proxy(f"grpcs://{node}", "--tls_insecure").proxy_port, {})[0] == 200


def test_a_node_with_a_certificate_of_another_name_is_not_called(start_proxy, authority):
    server, port = serve(authority.issue("DNS:elsewhere.example"))
    try:
        check_refused(start_proxy(f"grpcs://127.0.0.1:{port}", f"--tls_ca_file={authority.pem}").proxy_port)
    finally:
        server.stop(0).wait(10)


def test_a_node_that_speaks_no_tls_is_not_called(start_proxy, authority):
    server = grpc.server(futures.ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    grpc_messages.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        check_refused(start_proxy(f"grpcs://127.0.0.1:{port}", f"--tls_ca_file={authority.pem}").proxy_port)
    finally:
        server.stop(0).wait(10)


def test_a_node_that_knows_only_http_1_over_tls_is_not_called(start_proxy, authority, pair):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.chain, pair.key)
    context.set_alpn_protocols(["http/1.1"])
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.settimeout(10)
                    secured.recv(1024)
            except OSError:
                pass

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        port = listener.getsockname()[1]
        check_refused(start_proxy(f"grpcs://127.0.0.1:{port}", f"--tls_ca_file={authority.pem}").proxy_port)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
