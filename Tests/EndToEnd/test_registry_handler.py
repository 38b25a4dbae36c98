"""The registry by HTTP, at the gateway."""

import json
import urllib.error
import urllib.request

import pytest
import websockets.exceptions
from websockets.sync.client import connect

RECORD = {
    "name": "go.micro.srv.new", "version": "1.0.0", "metadata": None,
    "nodes": [{"id": "new-1", "address": "127.0.0.1:1", "metadata": {"protocol": "grpc"}}]}


@pytest.fixture
def server(start_server):
    return start_server("--handler=registry")


def ask(server, method, query="", record=None, **headers):
    body = None if record is None else json.dumps(record).encode()
    request = urllib.request.Request(f"{server.api_url}/registry{query}", body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_service_comes_and_goes(server):
    assert ask(server, "GET") == (200, [])
    assert ask(server, "POST", "?ttl=1m", RECORD) == (200, None)
    status, services = ask(server, "GET", "?service=go.micro.srv.new")
    assert status == 200
    assert [(service["name"], service["version"]) for service in services] == [("go.micro.srv.new", "1.0.0")]
    assert services[0]["nodes"][0]["address"] == "127.0.0.1:1"
    assert [service["name"] for service in ask(server, "GET")[1]] == ["go.micro.srv.new"]
    assert ask(server, "DELETE", "", RECORD) == (200, None)
    # The catalog shows it in a moment; what the registry says itself is not asked here.
    with connect(f"ws://127.0.0.1:{server.api_port}/registry") as feed:
        ask(server, "POST", "", RECORD)
        assert json.loads(feed.recv(timeout=10))["Service"]["name"] == "go.micro.srv.new"


def test_changes_are_told(server):
    with connect(f"ws://127.0.0.1:{server.api_port}/registry") as feed:
        assert ask(server, "POST", "", RECORD)[0] == 200
        change = json.loads(feed.recv(timeout=10))
        assert (change["Action"], change["Service"]["nodes"][0]["id"]) == ("create", "new-1")
        assert ask(server, "DELETE", "", RECORD)[0] == 200
        change = json.loads(feed.recv(timeout=10))
        assert (change["Action"], change["Service"]["name"]) == ("delete", "go.micro.srv.new")


def test_who_may_change_it(server, start_server):
    status, error = ask(server, "POST", "", RECORD, **{"X-Forwarded-For": "192.0.2.1"})
    assert status == 403
    assert "--insecure_registry" in error["detail"]
    assert ask(server, "POST", "", RECORD, Origin="https://evil.example")[0] == 403
    assert ask(server, "GET") == (200, [])
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{server.api_port}/registry", origin="https://evil.example")
    assert refused.value.response.status_code == 403
    opened = start_server("--handler=registry", "--insecure_registry")
    assert ask(opened, "POST", "", RECORD, **{"X-Forwarded-For": "192.0.2.1"})[0] == 200


@pytest.mark.parametrize("query, record", [("?ttl=x", RECORD), ("", {"name": "a"}), ("", [])])
def test_what_is_no_record_is_refused(server, query, record):
    assert ask(server, "POST", query, record)[0] == 400
