"""Requests of users of Micro v2, and how they are answered: every row of `conformance/cases.toml`."""

import json
import pathlib
import re
import time
import tomllib
from concurrent import futures

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_websocket

import api_messages as messages
import wire
from conformance import services

ROWS = tomllib.loads((pathlib.Path(__file__).parent / "conformance/cases.toml").read_text())

HANDLERS = {"G": "meta", "R": "rpc", "A": "api", "H": "http", "V": "event", "W": "web"}
DASHBOARDS = {"D": [], "DS": ["--resolver=subdomain"]}

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

KEYS = set(
    "gateway flags env extras request as fields host body hex size claims before websocket echo service calls"
    " passed api event metadata absent sent unsent status type answer text error has lacks closed takes check rules"
    .split())


def _cases():
    """A case for each request of each row."""
    for name, row in ROWS.items():
        requests = row["request"] if isinstance(row["request"], list) else [row["request"]]
        types = row["as"] if isinstance(row.get("as"), list) else [row.get("as")]
        for line in requests:
            for kind in types:
                case = {**row, "request": line, "as": kind}
                distinct = [part for part, all in ((line, requests), (kind, types)) if len(all) > 1]
                yield pytest.param(case, id=" ".join([name, *distinct]))


# The program under test


@pytest.fixture(scope="module")
def behind():
    """The services behind all gateways."""
    with futures.ThreadPoolExecutor(32) as pool:
        running = services.Services(pool)
        yield running
        running.close()


class Gateway:
    """A program with everything registered. `port` is where requests go."""

    def __init__(self, server, port):
        self.server = server
        self.port = port


@pytest.fixture(scope="module")
def gateway(start_for_module, behind):
    """Gives the program that a row wants, started when the first asks for it."""
    running = {}

    def start(row):
        letter, flags = row["gateway"], row.get("flags", [])
        if letter in DASHBOARDS:
            # Without a sign-in, a dashboard answers only who asks for this machine.
            words = ["web", "--address=127.0.0.1:0", "--insecure_dashboard", *DASHBOARDS[letter], *flags]
        else:
            words = ["server", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0", "--enable_rpc"]
            if not any(flag.startswith("--handler=") for flag in flags):
                words.append(f"--handler={HANDLERS[letter]}")
            words += flags
        if "rules" in row:
            # Whoever registers services needs an account already.
            accounts = behind.accounts(row["rules"])
            words += ["--auth=service", f"--static_node={accounts.name}={accounts.address},protocol=grpc"]
        server = start_for_module(*words, "--registry=memory", "--loops=1", env=row.get("env"))
        for record in behind.records(row.get("extras", ())):
            server.register_record(record, token=services.Accounts.registrar)
        return Gateway(server, server.web_port if letter in DASHBOARDS else server.api_port)

    def find(row):
        key = json.dumps([row.get(name) for name in ("gateway", "flags", "env", "extras", "rules")])
        if key not in running:
            try:
                running[key] = start(row)
            except AssertionError as error:
                running[key] = error
        if isinstance(running[key], AssertionError):
            pytest.fail(str(running[key]), pytrace=False)
        return running[key]

    return find


# Requests


def _body(row):
    if "hex" in row:
        return bytes.fromhex(row["hex"])
    if "size" in row:
        return b'{"a":"%s"}' % (b"x" * (row["size"] - 8))
    return row.get("body", "").encode()


def _lines(row, port):
    lines = [f"{row['request']} HTTP/1.1", f"Host: {row.get('host') or f'127.0.0.1:{port}'}"]
    if row["as"]:
        lines.append(f"Content-Type: {row['as']}")
    return lines + row.get("fields", [])


def _send(row, port):
    """Sends the request, and returns the answer and whether the connection was closed after it."""
    body = _body(row)
    lines = _lines(row, port)
    if "claims" in row:
        lines.append(f"Content-Length: {row['claims']}")
    elif body or row["request"].startswith(("POST ", "PUT ")):
        lines.append(f"Content-Length: {len(body)}")
    with wire.connect(port) as connection:
        try:
            connection.send("\r\n".join([*lines, "", ""]).encode() + body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It was refused before all had been sent, which is as good.
        answer = connection.response(row["request"].partition(" ")[0])
        closed = "closed" in row and connection.is_closed_by_peer()
    return answer, closed


# Comparisons


class Literal(str):
    """A number in JSON, by its digits."""


def _json(text):
    """JSON with numbers as they are written."""
    return json.loads(text, parse_int=Literal, parse_float=Literal)


def _matches(expected, value, places=None):
    """Whether a value is one of those expected. Names in pointed brackets stand for what a test cannot know."""
    if isinstance(expected, list):
        return any(_matches(choice, value, places) for choice in expected)
    for name, meaning in (places or {}).items():
        expected = expected.replace(f"<{name}>", meaning)
    return re.fullmatch(expected, value or "", re.DOTALL) is not None


PLACES = {"peer": "127[.]0[.]0[.]1", "uuid": UUID}


def _check_status(row, answer):
    expected = row.get("status", 200)
    allowed = expected if isinstance(expected, list) else [expected]
    assert answer.status in allowed, (answer.first_line, answer.body[:1000])


def _check_head(row, answer):
    for name, expected in row.get("has", {}).items():
        values = ", ".join(answer.values(name))
        assert _matches(expected, values), f"{name} is {values!r}"
    for name in row.get("lacks", []):
        assert answer.value(name) is None, f"there is a {name}: {answer.value(name)!r}"


def _check_type(expected, answer):
    expected = expected if isinstance(expected, list) else [expected]
    assert answer.value("Content-Type") in expected


def _check_error(row, answer):
    _check_type("application/json", answer)
    report = json.loads(answer.body)
    expected = dict(row["error"])
    says = expected.pop("says", "")
    assert says in report["detail"], report
    # What every error says of itself.
    expected = {"code": answer.status, "status": answer.first_line.split(" ", 2)[2], **expected}
    assert report.keys() == {"id", "code", "detail", "status"}, report
    assert {name: report.get(name) for name in expected} == expected, report


def _calls(behind):
    return [
        (call.service, call.endpoint, call.message) for call in behind.record.all(services.Call)]


def _expected_call(text, service):
    """A call written as `Foo.Bar {"a":1}`, with a message in hexadecimal, or with none where any is right."""
    endpoint, _, message = text.partition(" ")
    return service, endpoint, message


def _check_calls(row, behind, expected):
    service = row.get("service", "go.micro.api.foo")
    made = _calls(behind)
    assert [call[:2] for call in made] == [_expected_call(text, service)[:2] for text in expected], made
    for (_, _, message), text in zip(made, expected):
        wanted = _expected_call(text, service)[2]
        if not wanted:
            continue
        if re.fullmatch("([0-9a-f]{2})+", wanted) and "hex" in row:
            assert message == bytes.fromhex(wanted)
        elif wanted == "null" and not message:
            pass  # In protobuf this is no byte at all.
        else:
            assert _json(message) == _json(wanted), f"{message!r} arrived"


def _check_passed(row, behind):
    expected = row["passed"]
    arrived = behind.record.all(services.Passed)
    if not expected:
        assert arrived == []
        return
    assert [(each.service, each.line) for each in arrived] == [(expected["service"], expected["line"])]
    places = {**PLACES, "node": re.escape(arrived[0].address)}
    for name, wanted in expected.get("fields", {}).items():
        values = ", ".join(arrived[0].values(name))
        assert _matches(wanted, values, places), f"{name} is {values!r}"


def _check_api(row, answer):
    """The service answers with the request that it got."""
    request = json.loads(answer.body)
    for name, expected in row["api"].items():
        if not isinstance(expected, dict):
            assert request[name] == expected, request
            continue
        for key, values in expected.items():
            values = [value.replace("<peer>", "127.0.0.1") for value in values]
            assert request[name].get(key) == values, request


def _check_event(row, answer, behind):
    expected = row["event"]
    if not expected:
        assert behind.record.all(services.Published) == []
        assert json.loads(answer.body).keys() == {"id", "topic"}
        return
    published = behind.record.wait_for(services.Published)
    assert len(published) == 1, published
    header, event = published[0].header, published[0].event
    assert header["Micro-Topic"] == expected["topic"]
    assert event.name == expected["name"]
    assert _matches(expected.get("id", ".+"), event.id, PLACES), event.id
    assert abs(event.timestamp - time.time()) < 60
    assert json.loads(answer.body) == {"id": event.id, "topic": expected["topic"]}
    for name, values in expected.get("header", {}).items():
        assert list(event.header[name].values) == values
    if "data" in expected:
        assert json.loads(event.data) == json.loads(expected["data"])
    for name, wanted in expected.get("message", {}).items():
        assert _matches(wanted, header.get(name)), f"{name} is {header.get(name)!r}"
    assert not header.keys() & set(expected.get("without", [])), header


def _check_sent(row, behind):
    [call] = behind.record.all(services.Call)
    for name, wanted in row.get("sent", {}).items():
        assert _matches(wanted, call.metadata.get(name), PLACES), call.metadata
    assert not call.metadata.keys() & set(row.get("unsent", [])), call.metadata


def _check_metadata(row, answer):
    metadata = json.loads(answer.body)
    for name, expected in row.get("metadata", {}).items():
        assert _matches(re.escape(expected), metadata.get(name), PLACES), metadata
    for name in row.get("absent", []):
        assert name not in metadata, metadata


# What rows ask for by name


def stats(row, answer, behind, running):
    members = json.loads(answer.body)
    assert {"started", "memory", "threads", "gc_pause", "counters"} == members.keys()
    assert re.fullmatch("[0-9]+[.][0-9]{2}mb", members["memory"])
    assert re.fullmatch("[0-9]+[.][0-9]{3}ms", members["gc_pause"])
    for counter in members["counters"]:
        assert {"timestamp", "status_codes", "total_reqs"} <= counter.keys()


def is_the_same_event(row, answer, behind, running):
    assert answer.body == messages.Event(name="Test").SerializeToString()


def has_both_values(row, answer, behind, running):
    assert answer.values("X-Multi") == ["a", "b"]


def tells_the_version(row, answer, behind, running):
    assert re.fullmatch(r'\{"version": "[^"]+"\}', answer.body.decode())


def leaving_cancels_the_call(row, answer, behind, running):
    with wire.connect(running.port) as connection:
        connection.send("\r\n".join([*_lines(row, running.port), "", ""]).encode())
        assert behind.record.wait_for(services.Call)[0].endpoint == "Cnt.Wait"
        connection.reset()  # A client that has only said all it has to say may still want the answer.
    assert behind.record.cancelled.wait(2)


def _links(answer):
    return re.findall(r'href="/?service/([^"]+)"', answer.body.decode())


def lists_all_services(row, answer, behind, running):
    assert _links(answer) == sorted({record["name"] for record in behind.records()})


def has_all_records(row, answer, behind, running):
    listed = json.loads(answer.body)["services"]
    assert {entry["name"] for entry in listed} == {record["name"] for record in behind.records()}
    for entry in listed:
        assert {"name", "version", "metadata", "endpoints", "nodes"} <= entry.keys()


def shows_who_is_logged_in(row, answer, behind, running):
    page = answer.body.decode()
    assert "Logged in as: joe" in page
    assert '<a href="/account/login">Account</a>' in page


def lists_no_web_service(row, answer, behind, running):
    assert "shop" not in answer.body.decode()


def warns_of_the_handler(row, answer, behind, running):
    said = [line["message"] for line in running.server.lines if line.get("level") == "warning"]
    assert any("weird" in message for message in said), said


def shows_the_service(row, answer, behind, running):
    page = answer.body.decode()
    for text in ("latest", "go.micro.api.foo-1", behind.calls.address, "Foo.Bar", "Strm.Stream"):
        assert text in page, text


def shows_the_types(row, answer, behind, running):
    page = re.sub("<[^>]+>", " ", answer.body.decode())
    assert re.search("timestamp\\s+int64", page)


def links_to_hosts(row, answer, behind, running):
    page = answer.body.decode()
    for name in ("shop", "account", "m3o"):
        assert f"https://{name}.micro.mu" in page, name


# The rows


@pytest.mark.parametrize("row", list(_cases()))
def test_row(row, gateway, behind):
    running = gateway(row)
    behind.record.clear()
    for line in row.get("before", []):
        _send({**row, "request": line}, running.port)
    earlier = len(behind.record.all(services.Call))
    if "websocket" in row:
        converse(row, running.port)
        if "calls" in row:
            behind.record.wait_for(services.Call, len(row["calls"]))
            _check_calls(row, behind, row["calls"])
        return
    if row.get("check") == "leaving_cancels_the_call":
        leaving_cancels_the_call(row, None, behind, running)
        return

    start = time.monotonic()
    answer, closed = _send(row, running.port)
    duration = time.monotonic() - start
    behind.record.forget(earlier)

    if "echo" in row:
        endpoint, _, message = row["echo"].partition(" ")
        row = {
            "status": 200, "type": "application/json", "calls": [row["echo"]],
            "answer": f'{{"ep":"{endpoint}","req":{message}}}', **row}
    _check_status(row, answer)
    _check_head(row, answer)
    if "type" in row:
        _check_type(row["type"], answer)
    if "error" in row:
        _check_error(row, answer)
    if "answer" in row:
        assert _json(answer.body) == _json(row["answer"])
    if "text" in row:
        assert answer.body == row["text"].encode()
    if "calls" in row:
        _check_calls(row, behind, row["calls"])
    if "passed" in row:
        _check_passed(row, behind)
    if "api" in row:
        _check_api(row, answer)
    if "event" in row:
        _check_event(row, answer, behind)
    if row.keys() & {"sent", "unsent"}:
        _check_sent(row, behind)
    if row.keys() & {"metadata", "absent"}:
        _check_metadata(row, answer)
    if "check" in row:
        globals()[row["check"]](row, answer, behind, running)
    if "closed" in row:
        assert closed
    if "takes" in row:
        least, most = row["takes"]
        assert least <= duration <= most


def converse(row, port):
    """Opens a WebSocket and does what the row says."""
    target = row["request"].partition(" ")[2]
    fields = [tuple(line.split(": ", 1)) for line in row.get("fields", [])]
    if row["as"]:
        fields.append(("Content-Type", row["as"]))
    subprotocols = [value.split(", ") for name, value in fields if name == "Sec-WebSocket-Protocol"]
    fields = [(name, value) for name, value in fields if name != "Sec-WebSocket-Protocol"]
    with connect_websocket(
        f"ws://127.0.0.1:{port}{target}", additional_headers=fields, compression=None, open_timeout=10,
        close_timeout=5, ping_interval=None, subprotocols=subprotocols[0] if subprotocols else None,
    ) as socket:
        for name, expected in row.get("has", {}).items():
            assert _matches(expected, socket.response.headers.get(name))
        for step in row["websocket"]:
            if "send" in step:
                socket.send(step["send"])
            if "binary" in step:
                socket.send(step["binary"].encode())
            if "ping" in step:
                assert socket.ping(step["ping"]).wait(5)
            if "get" in step:
                message = socket.recv(timeout=5)
                assert isinstance(message, str), "a binary message came"
                assert json.loads(message) == json.loads(step["get"])
            if "closes" in step:
                with pytest.raises(ConnectionClosed) as closed:
                    socket.recv(timeout=5)
                assert closed.value.rcvd.code in step["closes"] and closed.value.rcvd.reason


def test_the_table_is_what_its_head_says():
    for name, row in ROWS.items():
        assert row.keys() <= KEYS, name
        assert row["gateway"] in HANDLERS.keys() | DASHBOARDS.keys(), name
        expectations = row.keys() & {"echo", "status", "websocket", "check"}
        assert expectations, f"{name} expects nothing"
        assert "check" not in row or callable(globals().get(row["check"])), name
