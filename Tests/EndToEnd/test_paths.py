"""Hostile and odd paths: what is decided on is what a node sees, or it is refused."""

import json

import pytest
import yaml

import wire
from tokens import Issuer


@pytest.fixture
def gateway(start_server, raw_server):
    """A gateway that passes requests on to a plain server, which answers with the target that it was asked for."""

    def make(*arguments):
        node = raw_server()
        server = start_server("--handler=http", *arguments)
        server.register("go.micro.api.site", node.address, protocol="http")
        return server, node

    return make


def ask(server, target, method="GET", *fields):
    return wire.ask(server.api_port, wire.request(method, target, *fields), method)


AMBIGUOUS = {
    "/site/..%2fadmin": "..%2f", "/site%2f..%2fadmin": "%2f..%2f", "/site/..%5cadmin": "..%5c", "/site\\admin": "\\",
    "/site/..;/admin": "..;", "/site/a%00b": "%00", "/site/%zz": "%zz", "/site/%": "%",
    "/site/%c0%ae%c0%ae/x": "%c0%ae", "/site/%e0%80%afx": "%e0%80", "/./\\evil.example": "\\",
}


def test_what_servers_read_in_different_ways_is_refused_and_named(gateway):  # L06
    server, node = gateway()
    for target, blamed in AMBIGUOUS.items():
        answer = ask(server, target)
        assert answer.status == 400, target
        assert f"has {blamed}" in json.loads(answer.body)["detail"]
    assert node.received == 0


@pytest.mark.parametrize("target, canonical", [
    ("/site/../admin", "/admin"), ("/site/%2e%2E/admin?a=/../b", "/admin?a=/../b"), ("//evil.example/..//x", "/x"),
    ("/%2e%2e//evil.example", "/evil.example"), ("/site//x", "/site/x"), ("/site/./x/", "/site/x/")])
def test_another_form_of_a_path_is_redirected_to_the_one_form(gateway, target, canonical):  # L01
    server, node = gateway("--allowed_origins=https://app.example")
    answer = ask(server, target, "POST", "Origin: https://app.example")
    assert (answer.status, answer.value("Location")) == (308, canonical)
    assert answer.value("Access-Control-Allow-Origin") == "https://app.example"  # Q62
    assert node.received == 0


@pytest.mark.parametrize("target", [
    "/site/%252e%252e/x", "/site/a%252fb", "/site/a;x=1/b", "/site/a%20b", "/site/a%3fb", "/site/%e9", "/site/a%5Cb",
    "/site/...", "/site/a%2Fb%2fc?d=%2f", "/%73ite/x"])
def test_what_is_passed_on_is_what_came(gateway, target):  # L02
    server, _ = gateway()
    answer = ask(server, target)
    assert (answer.status, answer.body.decode()) == (200, target)


def test_an_encoded_slash_is_what_the_operator_says(gateway):
    server, _ = gateway("--encoded_slashes=reject")
    answer = ask(server, "/site/a%2Fb")
    assert answer.status == 400
    assert "%2F" in json.loads(answer.body)["detail"]
    assert ask(server, "/site/a/b?c=%2F").status == 200
    server, _ = gateway("--encoded_slashes=decode")
    # Routed as /site/x, passed on as it came.
    assert ask(server, "/site%2Fx?c=%2F").body == b"/site%2Fx?c=%2F"
    assert ask(server, "/site%2F..%2Fx").value("Location") == "/x"
    server, _ = gateway()
    answer = ask(server, "/site%2Fx")
    assert answer.status == 400
    assert "stands for a slash" in json.loads(answer.body)["detail"]


def test_the_root_and_the_icon_are_the_gateway_s_until_someone_declares_them(gateway):  # Q61
    server, node = gateway()
    assert "version" in json.loads(ask(server, "/").body)
    assert ask(server, "/favicon.ico").body == b""
    server.register("go.micro.api.home", node.address, protocol="http", endpoints=[
        {"name": "Home", "metadata": {"handler": "http", "method": "GET", "path": "/,/favicon.ico"}}])
    assert ask(server, "/").body == b"/"
    assert ask(server, "/favicon.ico").body == b"/favicon.ico"
    assert "version" in json.loads(ask(server, "/", "POST").body)


@pytest.fixture
def proxied(start_proxy, raw_server):
    """Asks a plain server through `micro proxy`."""

    def make(*flags):
        node = raw_server()
        proxy = start_proxy(node.url, *flags)
        return lambda target: wire.ask(proxy.proxy_port, wire.request("GET", target))

    return make


@pytest.mark.parametrize(
    "target", ["/", "/a//b", "/a/../b?c=//d", "/a/%2e%2e/b", "/a%2Fb", "/%FF", "/a;b", "/rpc", "//"])
def test_a_proxy_redirects_no_path_and_passes_it_on_as_it_came(proxied, target):
    answer = proxied()(target)
    assert (answer.status, answer.body.decode()) == (200, target)


def test_a_proxy_refuses_what_servers_read_in_different_ways(proxied):
    ask_proxy = proxied()
    for target, blamed in AMBIGUOUS.items():
        answer = ask_proxy(target)
        assert answer.status == 400, target
        assert f"has {blamed}" in json.loads(answer.body)["detail"]
    assert proxied("--encoded_slashes=reject")("/a%2Fb").status == 400


def test_a_proxy_with_rules_decides_by_one_form_of_a_path(start_proxy, raw_server, tmp_path):
    config = tmp_path / "micro.yaml"
    config.write_text(yaml.safe_dump({
        "auth": "jwt", "auth_public_key": Issuer(tmp_path).pem,
        "rules": [{"id": "open", "scope": "<public>", "resource": "service:go.micro.proxy:/open/*"}]}))
    node = raw_server()
    proxy = start_proxy(node.url, f"--config={config}")

    def asked(target):
        answer = wire.ask(proxy.proxy_port, wire.request("GET", target))
        return answer.status, answer.value("Location")

    assert asked("/open/x") == (200, None)
    assert asked("/admin") == (401, None)
    for target in ("/open/../admin", "/open/%2e%2e/admin", "/open/..//admin"):
        assert asked(target) == (308, "/admin"), target
    assert len(node.requests) == 1
