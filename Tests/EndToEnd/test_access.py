"""Who may do what: tokens, rules, and the answers to those who may not."""

import json
import subprocess

import grpc
import pytest
import yaml
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as connect_websocket

import media_node
import peers
import wire
from tokens import Issuer

GREETER = "go.micro.api.greeter"
RULES = [
    {"id": "operators", "scope": "operator", "resource": "*:*:*"},
    {"id": "users", "scope": "user", "resource": f"service:{GREETER}:Say.Hello"},
    {"id": "files", "scope": "<public>", "resource": "service:go.micro.api.files:/files/open/*"},
]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def behind(start_for_module, issuer, tmp_path_factory):
    """A gateway and a dashboard with rules from a file, in front of a service that is called and one of plain HTTP."""
    path = tmp_path_factory.mktemp("access") / "micro.yaml"
    path.write_text(yaml.safe_dump({
        "registry": "memory", "auth": "jwt", "auth_public_key": issuer.pem, "auth_login_url": "/account/login",
        "enable_rpc": True, "enable_stats": True, "loops": 1, "rules": RULES}))
    server = start_for_module(
        "server", f"--config={path}", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    service = peers.MicroService(GREETER, **{"Say.Hello": lambda message: {"msg": f"Hello {message['name']}"}})
    files = media_node.Files() if hasattr(media_node, "Files") else None
    token = issuer.token("root", ["operator"])
    server.register_record(record(GREETER, service.address, "mucp", [{"name": "Say.Hello"}]), token=token)
    yield server
    service.close()
    if files:
        files.close()


def record(name, address, protocol, endpoints=()):
    metadata = {"protocol": protocol, "server": protocol, "transport": "http"}
    nodes = [{"id": f"{name}-1", "address": address, "metadata": metadata}]
    return {"name": name, "version": "latest", "nodes": nodes, "endpoints": list(endpoints)}
