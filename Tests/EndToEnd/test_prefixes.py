"""Routes that take a prefix off the path, for services that know nothing of it."""

import json
import os
import subprocess
import urllib.parse
import urllib.request

import pytest
from websockets.sync.client import connect

import h2client
import wire
from websocket_nodes import nodes

CONFIG = """
routes:
  - {path: /shop/**, handler: http, service: shop, strip_prefix: /shop}
  - {path: "/café/v1/{rest=**}", handler: proxy, service: shop, strip_prefix: /café/v1}
  - {path: "/old/{rest=**}", handler: web, service: shop}
"""


@pytest.fixture
def start_shop(start_server, raw_server, tmp_path):
    """Starts a gateway with a file of routes, and a node behind it."""
    def start(*flags, config=CONFIG):
        path = tmp_path / "micro.yaml"
        path.write_text(config, encoding="utf-8")
        server, node = start_server(f"--config={path}", *flags), raw_server()
        server.register("shop", node.address, protocol="http")
        return server, node
    return start


@pytest.fixture
def run(micro):
    """Runs a command against a program."""
    def run(program, *words, code=0):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        result = subprocess.run(
            [micro, *words, f"--server_address=127.0.0.1:{program.web_port}"], capture_output=True, text=True,
            timeout=30, env=clean)
        assert result.returncode == code, result.stderr
        return result.stderr if code else result.stdout
    return run


def explained(server, path):
    query = urllib.parse.urlencode({"path": path})
    with urllib.request.urlopen(f"{server.web_url}/api/explain?{query}", timeout=10) as answer:
        return json.load(answer)["data"]


@pytest.mark.parametrize(("asked", "got", "prefix"), [
    ("/shop/cart?x=1&y=%20", "/cart?x=1&y=%20", "/shop"), ("/shop", "/", "/shop"), ("/shop/", "/", "/shop"),
    ("/shop?x", "/?x", "/shop"), ("/%73hop/a%2Fb/%C3%A9", "/a%2Fb/%C3%A9", "/shop"),
    ("/caf%C3%A9/v1/a", "/a", "/caf%C3%A9/v1"), ("/old/a", "/old/a", None),
])
def test_the_node_is_asked_for_the_rest_and_told_the_prefix(start_shop, asked, got, prefix):
    server, node = start_shop()
    answer = wire.ask(server.api_port, wire.get(asked, "X-Forwarded-Prefix: /forged", "X-Micro-Web-Base-Path: /forged"))
    assert (answer.status, answer.body) == (200, got.encode())
    received = node.requests[0]
    assert received.values("x-forwarded-prefix") == ([prefix] if prefix else [])
    assert (received.value("host"), received.values("x-micro-web-base-path")) == ("a", [])
    told = explained(server, asked)["sends"]
    assert (told["request"], told.get("X-Forwarded-Prefix")) == (f"GET {got}", prefix)


def test_over_http2_and_for_requests_with_a_body_too(start_shop):
    server, node = start_shop()
    with h2client.Client(server.api_port) as client:
        assert client.ask("/shop/a?b", "POST", body=b"content").body == b"/a?b"
        assert client.ask("/old/a").body == b"/old/a"
    assert node.requests[0].body == b"content"
    with wire.connect(server.api_port) as client:
        for target in ("/shop/a", "/old/b", "/shop/c"):
            client.send(wire.get(target))
            assert client.response().body == target.replace("/shop", "").encode()


def test_the_prefix_of_a_trusted_proxy_goes_before_ours(start_shop):
    server, node = start_shop("--trusted_proxies=127.0.0.0/8")
    wire.ask(server.api_port, wire.get("/shop/a", "X-Forwarded-Prefix: /edge/"))
    assert node.requests[0].values("x-forwarded-prefix") == ["/edge/shop"]


def test_an_encoded_slash_ends_a_prefix_where_it_is_one(start_shop):
    server, _ = start_shop("--encoded_slashes=decode")
    assert wire.ask(server.api_port, wire.get("/shop%2Fa%2Fb")).body == b"/a%2Fb"
    assert explained(server, "/shop%2Fa%2Fb")["sends"]["request"] == "GET /a%2Fb"


def test_a_websocket_is_opened_without_the_prefix(start_shop):
    paths = []
    for make in nodes():
        node = make(lambda connection: paths.append(connection.request.path) or connection.send("hello"))
        server, _ = start_shop(config=CONFIG.replace("service: shop", "service: chat"))
        server.register("chat", node.address, protocol="http")
        with connect(f"ws://127.0.0.1:{server.api_port}/shop/chat?a=b", proxy=None) as client:
            assert client.recv(timeout=20) == "hello"
        break
    assert paths == ["/chat?a=b"]


def test_an_operator_declares_it_and_it_stays(start_shop, run, tmp_path):
    folder = f"--state_dir={tmp_path}/state"
    server, _ = start_shop(folder)
    route = ("--path=/v2/**", "--strip_prefix=/v2", "--handler=http", "--service=shop")
    line = "any /v2/** -> http shop (or go.micro.api.shop), without /v2"
    assert run(server, "api", "add", "route", *route) == line + "\n"
    assert wire.ask(server.api_port, wire.get("/v2/a")).body == b"/a"
    assert "would send:\n  request: GET /a\n" in run(server, "explain", "GET", "/v2/a")
    server.stop()
    server, _ = start_shop(folder)
    assert run(server, "api", "list", "routes").splitlines()[0] == line + " # micro api add route"
    assert ", without /shop # configuration file" in run(server, "api", "list", "routes", "--path=/shop")
    assert wire.ask(server.api_port, wire.get("/v2/a")).body == b"/a"
    refusal = run(server, "api", "add", "route", "--path=/v3/**", "--strip_prefix=/v2", *route[2:], code=1)
    assert "/v2 is no beginning of the path /v3/** that can be taken off: write /v3" in refusal
    refusal = run(server, "api", "add", "route", *route[:2], "--service=shop", "--endpoint=A.B", code=1)
    assert "only what is passed on has a path" in refusal


def test_a_wrong_prefix_is_told_with_its_place(micro, tmp_path):
    path = tmp_path / "micro.yaml"
    path.write_text("routes:\n  - path: /shop/**\n    strip_prefix: /shp\n    handler: http\n    service: shop\n")
    result = subprocess.run([micro, "config", "check", path.name], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 78
    assert result.stderr == (
        "micro.yaml:3:19: strip_prefix: /shp is no beginning of the path /shop/** that can be taken off: write /shop\n"
        " 3 |     strip_prefix: /shp\n   |                   ^^^^\n")
