"""The configuration file: several gateways side by side, declared routes, and files that are wrong."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

import program


def ask(url, body=None, host=None, method=None):
    """The status and the answer, in JSON where it is some."""
    headers = {"Content-Type": "application/json"} | ({"Host": host} if host else {})
    request = urllib.request.Request(
        url, None if body is None else json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture
def write(tmp_path):
    """Writes a configuration file and returns its path."""
    def write(text, name="micro.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)
    return write


@pytest.fixture
def check(micro, tmp_path):
    """Runs the program to its end in the directory of the file."""
    def check(*arguments, env=None):
        return subprocess.run(
            [micro, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=program.START_LIMIT,
            env={"PATH": "/usr/bin:/bin"} | (env or {}))
    return check


TWO_GATEWAYS = """
registry: memory
loops: 2
listeners:
  - name: public
    address: 127.0.0.1:0
    namespace: com.example
    handler: rpc
    enable_rpc: false
  - name: internal
    address: 127.0.0.1:0
    namespace: com.example
    type: web
    handler: http
    resolver: path
  - name: admin
    serves: dashboard
    address: 127.0.0.1:0
"""


def gateways(running):
    """The addresses of all gateways, by name."""
    return {
        line["name"]: f"http://{line['address']}"
        for line in running.lines if line.get("fact") == "gateway" and "name" in line
    }


def echo(service):
    """An endpoint that says which service it is of, and what it was sent."""
    return lambda request: {"from": service, "got": request}


def test_two_gateways_route_to_different_services(start, write, micro_service, raw_server):
    running = start("server", "--config", write(TWO_GATEWAYS))
    called = micro_service("com.example.api.shop", Say_Hello=echo("api"))
    running.register("com.example.api.shop", called.address)
    page = b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"page":1'[:-1] + b"}"
    passed = raw_server(lambda connection: connection.answer(page)) if False else None
    del passed
    urls = gateways(running)
    assert set(urls) == {"public", "internal"}
    assert ask(f"{urls['public']}/shop/say/hello", {"name": "John"})[0] == 200

    status, answer = ask(f"{urls['internal']}/shop/say/hello")
    assert status == 404 and "com.example.web.shop" in answer["detail"], answer
