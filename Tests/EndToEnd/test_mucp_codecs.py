"""Streams of Go Micro's own RPC in protobuf and in envelopes, with a service in Python that has codecs of its own."""

import json
import threading

import pytest
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK
from websockets.sync.client import connect

import mucp_codecs
import peers
import wire

NAME = "go.micro.api.counter"
PATH = "/counter/say/count"
STREAM = {"name": "Say.Count", "metadata": {"stream": "true"}}
OLD = {"server": "rpc"}
"""What a node from before Go Micro 1.0 says of itself."""


def repeating(stream):
    """Answers each message with itself, twice over."""
    while (message := stream.receive()) is not None:
        stream.send(message + message)


@pytest.fixture
def counter(start_server, micro_service):
    """A gateway in front of a service that knows these codecs only. Returns both."""

    def make(endpoint, *codecs, metadata=None):
        service = micro_service(NAME, Say_Count=peers.stream(endpoint))
        service.codecs = {kind: mucp_codecs.ALL[kind] for kind in codecs}
        service.errors_in_header = metadata != OLD
        server = start_server()
        server.register(NAME, service.address, endpoints=[STREAM], metadata=metadata)
        return server, service

    return make


def websocket(server, subprotocol):
    return connect(f"ws://127.0.0.1:{server.api_port}{PATH}", subprotocols=[subprotocol])


PROTOBUF = [
    (["application/proto-rpc"], None), (["application/protobuf"], None),
    (["application/proto-rpc", "application/protobuf"], None), (["application/proto-rpc"], OLD)]


@pytest.mark.parametrize("codecs, metadata", PROTOBUF)
def test_a_websocket_in_protobuf_talks_to_a_service_in_the_codec_that_it_knows(counter, codecs, metadata):
    server, service = counter(repeating, *codecs, metadata=metadata)
    with websocket(server, "protobuf") as client:
        assert client.subprotocol == "protobuf"
        for message in [b"\n\x04John", b"", b"\0" * 100_000, bytes(range(256))]:
            client.send(message)
            assert client.recv(timeout=20) == message * 2
        client.send("")
        with pytest.raises(ConnectionClosedOK):
            client.recv(timeout=20)
    assert service.calls[-1][0]["Content-Type"] == codecs[0]


@pytest.mark.parametrize("codecs, metadata", PROTOBUF)
def test_an_error_of_the_service_is_the_reason_of_the_close(counter, codecs, metadata):
    def fail(stream):
        stream.receive()
        raise peers.MicroError({"id": "counter", "code": 409, "detail": "enough"})

    server, _ = counter(fail, *codecs, metadata=metadata)
    with websocket(server, "protobuf") as client:
        client.send(b"\x08\x01")
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv(timeout=20)
    assert closed.value.rcvd.code == 1_011
    assert json.loads(closed.value.rcvd.reason)["code"] == 409


def test_a_service_that_knows_no_protobuf_is_heard(counter):
    server, _ = counter(repeating, "application/json")
    with websocket(server, "protobuf") as client, pytest.raises(ConnectionClosedError) as closed:
        # It may have refused before anything is said.
        client.send(b"\x08\x01")
        client.recv(timeout=20)
    assert json.loads(closed.value.rcvd.reason)["code"] == 415


def test_a_service_from_before_go_micro_1_streams_in_json(counter):
    def count_up(stream):
        request = stream.receive()
        for number in range(3):
            stream.send({"number": number, **request})

    server, service = counter(count_up, "application/json-rpc", metadata=OLD)
    with wire.connect(server.api_port) as client:
        client.send(wire.get(f"{PATH}?name=John"))
        answer = client.response()
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert lines == [{"number": number, "name": "John"} for number in range(3)]
    assert service.calls[-1][0]["Content-Type"] == "application/json-rpc"


def test_a_websocket_in_json_talks_to_a_service_from_before_go_micro_1(counter):
    def echo(stream):
        while (message := stream.receive()) is not None:
            stream.send({"got": message})

    server, _ = counter(echo, "application/json-rpc", metadata=OLD)
    with websocket(server, "json") as client:
        for number in range(3):
            client.send(json.dumps({"n": number}))
            assert json.loads(client.recv(timeout=20)) == {"got": {"n": number}}
        client.send("")
        with pytest.raises(ConnectionClosedOK):
            client.recv(timeout=20)


def test_a_client_that_leaves_a_stream_in_protobuf_is_known_to_the_service(counter):
    gone = threading.Event()

    def listen(stream):
        try:
            while stream.receive() is not None:
                stream.send(b"")
            # Words of farewell come before the end of the connection.
            stream.receive()
        except peers.Gone:
            gone.set()
            raise

    server, _ = counter(listen, "application/proto-rpc")
    with websocket(server, "protobuf") as client:
        client.send(b"\x08\x01")
        assert client.recv(timeout=20) == b""
    assert gone.wait(20)


@pytest.mark.parametrize("fields, status", [
    (["Content-Type: application/protobuf"], 415), (["Accept: application/protobuf"], 406)])
def test_a_stream_in_protobuf_over_plain_http_is_refused_with_the_other_ways(counter, fields, status):
    server, service = counter(repeating, "application/proto-rpc")
    with wire.connect(server.api_port) as client:
        client.send(wire.request("POST", PATH, *fields, body=b"\x08\x01" if status == 415 else b"{}"))
        answer = client.response()
    assert answer.status == status
    assert "WebSocket" in json.loads(answer.body)["detail"]
    assert service.calls == []
