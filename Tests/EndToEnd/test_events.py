"""Requests that become messages: events, CloudEvents, and the broker, from and to peers of Go Micro's http broker."""

import base64
import http.client
import json
import socket
import subprocess
import time
import uuid

import pytest
import websockets.exceptions
from websockets.sync.client import connect

import broker_peers
from api_messages import Event
from program import until

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def subscriber():
    """Makes subscribers that end with the test."""
    made = []

    def make(**options):
        made.append(broker_peers.HTTPSubscriber(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def gateway(start_server):
    """Starts a gateway with this handler."""
    return lambda handler, *arguments: start_server(f"--handler={handler}", *arguments)


def ask(program, method, path, body=None, headers=()):
    """Returns status, header and content of the answer. `headers` may name a field twice."""
    connection = http.client.HTTPConnection("127.0.0.1", program.api_port, timeout=20)
    fields = list(headers.items() if isinstance(headers, dict) else headers)
    connection.putrequest(method, path, skip_host="Host" in dict(fields))
    for name, value in fields:
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def accepted(program, method, path, body=None, headers=()):
    """The answer to a request that is published."""
    status, fields, content = ask(program, method, path, body, headers)
    assert (status, fields["Content-Type"]) == (202, "application/json"), content
    return json.loads(content)


# Events


@pytest.mark.parametrize(
    "case, method, path, body, topic, name, data",
    [
        ("C222", "GET", "/foo/bar?a=1&a=2&b=x", None, "go.micro.api.foo", "bar", '{"a":["1","2"],"b":["x"]}'),
        ("C223", "POST", "/foo", b'{"a":1}', "go.micro.api.foo", "foo", '{"a":1}'),
        ("C224", "POST", "/v1/foo/bar", b"", "go.micro.api.v1.foo", "bar", ""),
        ("C225", "POST", "/v1/foo", b"", "go.micro.api.v1.foo", "foo", ""),
        ("C226", "POST", "/v1", b"", "go.micro.api.v1", "v1", ""),
        ("2.5", "PUT", "/foo/bar/baz/", "ä<&".encode(), "go.micro.api.foo", "bar.baz", "ä<&"),
        ("2.5", "DELETE", "/foo", b"", "go.micro.api.foo", "foo", ""),
        ("2.5", "GET", "/foo", None, "go.micro.api.foo", "foo", "{}"),
    ])
def test_requests_become_events(gateway, subscriber, case, method, path, body, topic, name, data):
    server, listener = gateway("event"), subscriber()
    node = listener.subscribe(server, topic)
    before = int(time.time())
    answer = accepted(server, method, path, body, [*JSON.items(), ("X-A", "1"), ("X-A", "2"), ("micro-topic", "evil")])

    target, header, content = listener.take()
    event = Event.FromString(content)
    assert (event.name, event.data) == (name, data), case
    assert answer == {"id": event.id, "topic": topic}
    assert event.id.startswith(f"{topic}-{name}-")
    assert uuid.UUID(event.id.removeprefix(f"{topic}-{name}-")).version == 4
    assert before <= event.timestamp <= time.time()
    assert list(event.header["X-A"].values) == ["1", "2"]
    assert event.header["Content-Type"].key == "Content-Type"
    assert list(event.header["Micro-Namespace"].values) == [header["Micro-Namespace"]] == ["go.micro"]
    assert not {"Host", "Micro-Topic", "Content-Length"} & set(event.header)
    assert target == f"/?id={node}"
    assert (header["X-A"], header["Micro-Topic"]) == ("1, 2", topic)
    assert header["Content-Type"] == "application/protobuf"
    assert header["Micro-From-Service"] == "go.micro.api"
    assert "Method" not in header


def test_the_root_is_answered_by_the_gateway_itself(gateway):
    status, _, content = ask(gateway("event"), "GET", "/")  # C229
    assert (status, json.loads(content).keys()) == (200, {"version"})


def test_events_that_nobody_waits_for_are_accepted(gateway, subscriber):
    server, other = gateway("event"), subscriber()
    assert accepted(server, "POST", "/foo/bar", b"{}")["topic"] == "go.micro.api.foo"  # C230
    other.subscribe(server, "go.micro.api.other")
    accepted(server, "POST", "/foo/bar", b"{}")  # C231
    accepted(server, "POST", "/other", b"{}")
    assert Event.FromString(other.take()[2]).name == "other"
    assert other.is_idle


def test_a_route_can_say_that_requests_are_events(start_server, subscriber):
    server, listener = start_server(), subscriber()
    listener.subscribe(server, "go.micro.api.evmeta")
    metadata = {"endpoint": "Api.Bad", "handler": "event", "method": "GET", "path": "/evmeta,/evmeta/{x}"}
    server.register("go.micro.api.apimeta", "127.0.0.1:1", endpoints=[{"name": "Api.Bad", "metadata": metadata}])
    until(lambda: ask(server, "GET", "/evmeta/x?a=1")[0] == 202)  # C188
    event = Event.FromString(listener.take()[2])
    assert (event.name, event.data) == ("x", '{"a":["1"]}')


def test_the_namespace_is_that_of_the_request(gateway):
    server = gateway("event", "--namespace=com.example")
    assert accepted(server, "POST", "/foo", b"")["topic"] == "com.example.api.foo"
    server = gateway("event", "--namespace=domain")
    assert accepted(server, "POST", "/foo", b"", {"Host": "staging.myapp.com"})["topic"] == "staging.api.foo"


@pytest.mark.parametrize(
    "method, path, body, headers, status",
    [
        ("POST", "/foo", b"\xff", {}, 400),
        ("GET", "/foo?a=%zz", None, {}, 400),
        ("POST", "/foo%00", b"", {}, 400),
        ("POST", "/foo", b"{}", {"Content-Encoding": "br"}, 415),
        ("POST", "/foo", b"x" * 2_000, {}, 413),
        ("TRACE", "/foo", None, {}, 405),
        ("OPTIONS", "/foo", None, {}, 200),
    ])
def test_what_cannot_be_an_event_is_refused(gateway, method, path, body, headers, status):
    answered, _, content = ask(gateway("event", "--max_rpc_body=1KiB"), method, path, body, headers)
    assert answered == status, content


# Delivery


def dead_address():
    """An address that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_message_that_every_subscriber_refuses_is_not_accepted(gateway, subscriber):
    server = gateway("event")
    metadata = {"broker": "http", "secure": "false", "topic": "go.micro.api.foo"}
    server.register(
        "micro.http.broker", dead_address(), node="dead", metadata=metadata, version=broker_peers.BROADCAST)
    status, fields, content = ask(server, "POST", "/foo", b"{}")  # K26
    error = json.loads(content)
    assert (status, error["code"], error["id"]) == (503, 503, "go.micro.client")
    assert error["detail"].startswith("no subscriber of topic go.micro.api.foo took the message")
    assert "127.0.0.1" not in error["detail"]
    assert fields["Retry-After"] == "1"

    refusing = subscriber(status=500)
    refusing.subscribe(server, "go.micro.api.foo")
    assert ask(server, "POST", "/foo", b"{}")[0] == 503
    # One that takes it is enough.
    taking = subscriber()
    taking.subscribe(server, "go.micro.api.foo")
    accepted(server, "POST", "/foo", b"{}")
    taking.take()


def test_a_subscriber_that_never_answers_does_not_hold_others_up_for_ever(gateway, subscriber, raw_server):
    server, listener = gateway("event", "--client_request_timeout=500ms"), subscriber()
    silent = raw_server(lambda _, connection: connection.request() and connection.request())
    metadata = {"broker": "http", "topic": "go.micro.api.foo"}
    server.register(
        "micro.http.broker", f"127.0.0.1:{silent.port}", node="silent", metadata=metadata,
        version=broker_peers.BROADCAST)
    assert ask(server, "POST", "/foo", b"{}")[0] == 503
    listener.subscribe(server, "go.micro.api.foo")
    start = time.monotonic()
    accepted(server, "POST", "/foo", b"{}")
    assert time.monotonic() - start < 5
    listener.take()


def test_everyone_gets_a_message_but_of_a_queue_only_one(gateway, subscriber):
    server = gateway("event")
    topic = "go.micro.api.foo"
    everyone, first, second, other = subscriber(), subscriber(), subscriber(), subscriber()
    everyone.subscribe(server, topic)
    for member in (first, second):
        member.subscribe(server, topic, version="workers")
    other.subscribe(server, topic, version="auditors")
    for _ in range(20):
        accepted(server, "POST", "/foo", b"{}")
    assert everyone.deliveries.qsize() == other.deliveries.qsize() == 20
    assert first.deliveries.qsize() + second.deliveries.qsize() == 20
    # One that is gone is replaced by the other.
    second.close()
    for _ in range(10):
        accepted(server, "POST", "/foo", b"{}")
    assert other.deliveries.qsize() == 30
    assert first.deliveries.qsize() + second.deliveries.qsize() == 30


@pytest.mark.parametrize(
    "service, metadata, path, key",
    [
        ("micro.http.broker", None, "/", "Micro-Topic"),
        ("go.micro.http.broker", None, "/_sub", ":topic"),
        ("go.micro.api.foo", None, "/_sub", ":topic"),
        ("topic:go.micro.api.foo", {"secure": "false"}, "/_sub", ":topic"),
    ])
def test_subscribers_of_every_version_are_found(gateway, subscriber, service, metadata, path, key):
    server, listener = gateway("event"), subscriber()
    node = listener.subscribe(server, "go.micro.api.foo", service=service, metadata=metadata)
    accepted(server, "POST", "/foo/bar", b"1")
    target, header, content = listener.take()
    assert (target, header[key]) == (f"{path}?id={node}", "go.micro.api.foo")
    assert Event.FromString(content).name == "bar"


def test_services_that_only_use_the_broker_are_no_subscribers(gateway, micro_service):
    server = gateway("event")
    service = micro_service("go.micro.api.foo")
    metadata = {"broker": "http", "protocol": "mucp", "server": "mucp", "transport": "http"}
    server.register("go.micro.api.foo", service.address, metadata=metadata)
    accepted(server, "POST", "/foo", b"{}")
    assert service.calls == []


# CloudEvents

OBJECT = {"specversion": "1.0", "id": "7", "source": "/here", "type": "a.b", "time": "2020-04-01T12:00:00Z"}
OLD = {
    "cloudEventsVersion": "0.1", "eventID": "7", "source": "http://a.example", "eventType": "a.b",
    "eventTypeVersion": "2", "eventTime": "2020-04-01T12:00:00Z", "schemaURL": "http://s.example",
    "contentType": "application/json", "extensions": {"Some-Name": "x", "deep": {"a": 1}}, "data": {"n": 1.50}}
OLD_AS_NEW = {
    "specversion": "1.0", "id": "7", "source": "http://a.example", "type": "a.b", "time": "2020-04-01T12:00:00Z",
    "datacontenttype": "application/json", "dataschema": "http://s.example", "eventtypeversion": "2",
    "somename": "x", "deep": '{"a":1}', "data": {"n": 1.5}}
EVENT = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
BINARY = {"ce-specversion": "1.0", "ce-id": "7", "ce-source": "/here", "ce-type": "a.b"}
BINARY_OLD = {"CE-CloudEventsVersion": "0.1", "CE-EventID": "7", "CE-Source": "http://a.example", "CE-EventType": "a.b"}
SHORT = {"specversion": "1.0", "id": "7", "source": "/here", "type": "a.b"}
SHORT_OLD = {**SHORT, "source": "http://a.example"}


@pytest.mark.parametrize(
    "headers, body, published",
    [
        (EVENT, json.dumps({**OBJECT, "data": {"a": 1}, "ext": True}), {**OBJECT, "data": {"a": 1}, "ext": True}),
        (EVENT, json.dumps({**OBJECT, "data_base64": "AP8="}), {**OBJECT, "data_base64": "AP8="}),
        (EVENT, json.dumps({**OBJECT, "data": None}), {**OBJECT, "data": None}),
        (EVENT, json.dumps(OLD), OLD_AS_NEW),
        ({**BINARY, **JSON, "ce-ext": "a%20b"}, '{"a":1}', {
            **SHORT, "datacontenttype": "application/json", "ext": "a b", "data": {"a": 1}}),
        ({**BINARY, "Content-Type": "text/plain"}, "hi", {**SHORT, "datacontenttype": "text/plain", "data": "hi"}),
        ({**BINARY, "Content-Type": "image/png"}, "hi", {
            **SHORT, "datacontenttype": "image/png", "data_base64": "aGk="}),
        (BINARY, "", SHORT),
        ({**BINARY_OLD, **JSON, "CE-X-Exact-Name": "v", "CE-EventTime": "2020-04-01T12:00:00Z"}, '{"a":1}', {
            **SHORT_OLD, "datacontenttype": "application/json", "exactname": "v", "time": "2020-04-01T12:00:00Z",
            "data": {"a": 1}}),
        (BINARY_OLD, "hi", {**SHORT_OLD, "datacontenttype": "application/octet-stream", "data_base64": "aGk="}),
        ({"Event": "whatever", **JSON}, json.dumps(OLD), OLD_AS_NEW),
    ])
def test_cloud_events_come_in_many_forms_and_are_published_in_one(gateway, subscriber, headers, body, published):
    server, listener = gateway("cloudevents"), subscriber()
    listener.subscribe(server, "go.micro.api.foo")
    assert accepted(server, "POST", "/foo/bar", body.encode(), headers) == {"id": "7", "topic": "go.micro.api.foo"}
    _, header, content = listener.take()
    assert header["Content-Type"] == "application/json"
    assert json.loads(content) == published


def test_what_is_no_event_is_wrapped_into_one(gateway, subscriber):
    server, listener = gateway("cloudevents"), subscriber()
    listener.subscribe(server, "go.micro.api.foo")

    def wrapped(method, path, body, headers):
        answer = accepted(server, method, path, body, headers)
        event = json.loads(listener.take()[2])
        assert answer["id"] == event["id"] and uuid.UUID(event["id"])
        assert (event["specversion"], event["source"]) == ("1.0", "https://micro.mu")
        assert event["time"].endswith("Z") and event["eventgatewaytransformed"] is True
        return event

    event = wrapped("POST", "/foo", b'{"a":1}', {"Event": "user.created", **JSON})
    assert (event["type"], event["datacontenttype"], event["data"]) == ("user.created", "application/json", {"a": 1})
    event = wrapped("POST", "/foo", b"hi", {"Event": "user.created"})
    assert (event["type"], event["data_base64"]) == ("user.created", base64.b64encode(b"hi").decode())
    event = wrapped("PUT", "/foo/bar?a=1&a=2", b'{"a":1}', [*JSON.items(), ("X-A", "1"), ("X-A", "2")])
    assert (event["type"], event["datacontenttype"]) == ("http.request", "application/json")
    assert event["data"].pop("headers")["X-A"] == "1, 2"
    assert event["data"] == {
        "query": {"a": ["1", "2"]}, "body": {"a": 1}, "host": f"127.0.0.1:{server.api_port}", "path": "/foo/bar",
        "method": "PUT", "params": {}}
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert wrapped("POST", "/foo", b"a=1", form)["data"]["body"] == "a=1"
    assert wrapped("POST", "/foo", b"\xff", {})["data"]["body"] == "/w=="
    assert wrapped("GET", "/foo", None, {})["data"]["method"] == "GET"


@pytest.mark.parametrize(
    "headers, body, sentence",
    [
        (EVENT, "{", "the body is no JSON"),
        (EVENT, "[]", "an event is a JSON object"),
        (EVENT, "{}", "says by neither specversion nor cloudEventsVersion"),
        (EVENT, json.dumps({**OBJECT, "specversion": "0.3"}), "send 1.0 or 0.1"),
        (EVENT, json.dumps({**OBJECT, "id": ""}), "has no id"),
        (EVENT, json.dumps({**OBJECT, "source": "a b"}), "source is no URI"),
        (EVENT, json.dumps({**OBJECT, "time": "yesterday"}), "the time is not"),
        (EVENT, json.dumps({**OBJECT, "Ext": 1}), "no name of an attribute"),
        (EVENT, json.dumps({**OBJECT, "ext": {}}), "no simple value"),
        (EVENT, json.dumps({**OBJECT, "data": 1, "data_base64": ""}), "both data and data_base64"),
        (EVENT, json.dumps({**OLD, "eventID": None}), "has no eventID"),
        ({"Content-Type": "application/cloudevents-batch+json"}, "[]", "one in each request"),
        ({"ce-specversion": "1.0", "ce-id": "7"}, "", "needs the headers"),
        ({**BINARY, "ce-id": "%zz"}, "", "malformed escape"),
        ({**BINARY_OLD, "CE-EventTime": "now"}, "", "the time is not"),
        ({**BINARY, **JSON}, "{", "the body is no JSON"),
        ({"Content-Type": "nonsense"}, "x", "no media type"),
    ])
def test_malformed_cloud_events_are_refused(gateway, headers, body, sentence):
    status, _, content = ask(gateway("cloudevents"), "POST", "/foo", body.encode(), headers)
    assert status == 400 and sentence in json.loads(content)["detail"]


# The broker


def socket_url(program, query):
    return f"ws://127.0.0.1:{program.api_port}/any/path?{query}"


def received(client):
    """The next message of a WebSocket, the body decoded."""
    text = client.recv(timeout=10)
    assert isinstance(text, str)
    message = json.loads(text)
    assert list(message) == ["Header", "Body"]
    return message["Header"], base64.b64decode(message["Body"], validate=True)


def test_what_is_posted_reaches_subscribers_of_all_kinds(gateway, subscriber):
    server, listener = gateway("broker", "--loops=2"), subscriber()
    listener.subscribe(server, "news")
    with connect(socket_url(server, "topic=news")) as first, connect(socket_url(server, "topic=news")) as second, \
            connect(socket_url(server, "topic=sport")) as other:
        answer = accepted(server, "POST", "/x?topic=news", b"\x00\xff", {"X-A": "1"})
        assert answer["topic"] == "news"
        for header, body in (received(first), received(second), listener.take()[1:]):
            assert (header["X-A"], header["Micro-Topic"], body) == ("1", "news", b"\x00\xff")
            assert "Content-Type" not in header
        accepted(server, "POST", "/x?topic=sport", b"2")
        assert received(other)[1] == b"2"


def test_the_topic_may_be_in_a_form(gateway, subscriber):
    server, listener = gateway("broker"), subscriber()
    listener.subscribe(server, "some news")
    accepted(server, "POST", "/x", b"a=1&topic=some+news", {"Content-Type": "application/x-www-form-urlencoded"})
    assert listener.take()[2] == b"a=1&topic=some+news"


@pytest.mark.parametrize(
    "method, path, status, detail",
    [
        ("POST", "/x", 400, "Topic not specified"), ("GET", "/x", 400, "Topic not specified"),
        ("POST", "/x?topic=", 400, "Topic not specified"), ("PUT", "/x?topic=a", 405, "GET, POST, OPTIONS"),
        ("GET", "/x?topic=a", 426, "This is a WebSocket"),
    ])
def test_other_requests_are_told_what_would_do(gateway, method, path, status, detail):
    answered, fields, content = ask(gateway("broker"), method, path, b"")
    assert answered == status and detail in json.loads(content)["detail"]
    assert (fields["Allow"] == "GET, POST, OPTIONS") == (status == 405)
    assert (fields["Upgrade"] == "websocket") == (status == 426)


def test_messages_of_a_queue_go_to_one_member_wherever_it_is(gateway, subscriber):
    server, listener = gateway("broker"), subscriber()
    listener.subscribe(server, "news", version="workers")
    with connect(socket_url(server, "topic=news&queue=workers")) as first, \
            connect(socket_url(server, "topic=news&queue=workers")) as second, \
            connect(socket_url(server, "topic=news")) as everyone:
        for number in range(30):
            accepted(server, "POST", "/x?topic=news", str(number).encode())
        assert [received(everyone)[1] for _ in range(30)] == [str(number).encode() for number in range(30)]
        elsewhere = listener.deliveries.qsize()
        taken = []
        for client in (first, second):
            client.ping().wait(timeout=10)
            while True:
                try:
                    taken.append(json.loads(client.recv(timeout=0.2)))
                except TimeoutError:
                    break
        assert len(taken) + elsewhere == 30


def test_what_a_websocket_sends_is_published(gateway, subscriber):
    server, listener = gateway("broker"), subscriber()
    listener.subscribe(server, "news")
    with connect(socket_url(server, "topic=news")) as client:
        for message in ("hello", b"\x00\xff", ""):
            client.send(message)
            content = message.encode() if isinstance(message, str) else message
            header, body = received(client)
            assert (header["Content-Type"], body) == ("text/plain", content)
            assert listener.take()[2] == content
    with connect(socket_url(server, "topic=news"), additional_headers={"Content-Type": "application/json"}) as client:
        client.send("{}")
        assert received(client)[0]["Content-Type"] == "application/json"


@pytest.mark.parametrize("version", [1, 2])
def test_publishers_elsewhere_find_websockets_in_the_registry(gateway, version):
    server = gateway("broker")
    with connect(socket_url(server, "topic=news")) as client:
        until(lambda: broker_peers.publish(server, "news", b"{}", {"Content-Type": "application/json"}, version))
        header, body = received(client)
        assert (header, body) == ({"Content-Type": "application/json", "Micro-Topic": "news"}, b"{}")
        # What is published here does not come twice.
        accepted(server, "POST", "/x?topic=news", b"once")
        assert received(client)[1] == b"once"
        accepted(server, "POST", "/x?topic=news", b"last")
        assert received(client)[1] == b"last"
    server.until_catalog(lambda: not server.services("micro.http.broker") and not server.services("topic:news"))


def test_deliveries_are_taken_at_the_address_that_was_chosen(gateway):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = gateway("broker", f"--broker_address=127.0.0.1:{port}")

    def deliver(method, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, body)
        return connection.getresponse().status

    message = json.dumps({"header": {"micro-topic": "x", "Micro-Topic": "news"}, "body": "e30="})
    assert deliver("POST", "/?id=nobody", message) == 200
    assert deliver("POST", "/_sub?id=nobody", '{"Header":{":topic":"news"},"Body":null}') == 200
    assert deliver("POST", "/?id=nobody", "{}") == 400
    assert deliver("POST", "/?id=nobody", '{"Header":{"Micro-Topic":"news"},"Body":"?"}') == 400
    assert deliver("GET", "/?id=nobody", None) == 405
    assert deliver("POST", "/elsewhere", message) == 404
    with connect(socket_url(server, "topic=news")):
        records = server.until_catalog(lambda: server.services("micro.http.broker"))
        assert [node["address"] for node in records[0]["nodes"]] == [f"127.0.0.1:{port}"]


def test_pages_of_other_sites_may_not_subscribe(gateway):
    server = gateway("broker")
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        connect(socket_url(server, "topic=news"), origin="https://evil.example")
    assert refused.value.response.status_code == 403


def test_subscribers_are_told_when_the_gateway_stops(gateway):
    server = gateway("broker")
    with connect(socket_url(server, "topic=news")) as client:
        accepted(server, "POST", "/x?topic=news", b"1")
        assert received(client)[1] == b"1"
        assert server.stop() == 0
        with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd.code == 1001


def test_a_message_is_published_by_hand(gateway, subscriber, micro):
    server, listener = gateway("broker"), subscriber()
    listener.subscribe(server, "news")
    command = [
        micro, "publish", f"--server_address=127.0.0.1:{server.web_port}", "--metadata=Key=value", "news", '{"a":1}']
    with connect(socket_url(server, "topic=news")) as client:
        server.until_catalog(lambda: len(nodes(server)) == 2)
        assert subprocess.run(command, capture_output=True, timeout=20).stdout == b"ok\n"
        for header, body in (received(client), listener.take()[1:]):
            assert (header["Key"], header["Content-Type"], body) == ("value", "application/json", b'{"a":1}')
            assert header["Micro-Topic"] == "news"
    listener.status = 500
    server.until_catalog(lambda: len(nodes(server)) == 1)
    refused = subprocess.run(command, capture_output=True, timeout=20, text=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "was not taken by 1 of its subscribers" in refused.stderr


def nodes(server):
    """Everyone who stands in the registry as a subscriber."""
    return [node for record in server.services("micro.http.broker") for node in record["nodes"]]


def test_the_memory_broker_stays_within_the_process(gateway, subscriber):
    server, listener = gateway("broker", "--broker=memory"), subscriber()
    listener.subscribe(server, "news")
    with connect(socket_url(server, "topic=news")) as client:
        accepted(server, "POST", "/x?topic=news", b"1")
        assert received(client)[1] == b"1"
        assert listener.is_idle
        assert [record["nodes"][0]["address"] for record in server.services("micro.http.broker")] == [listener.address]
