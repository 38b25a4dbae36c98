"""The program on a network of its own, with a peer that speaks Go Micro's dialect of multicast DNS.

Each test runs inside a network namespace that it makes, so nothing is sent to any real network. That needs root and
the commands `unshare` and `ip`; without them the tests are skipped.
"""

import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import urllib.request
import zlib

import pytest
from websockets.sync.client import connect

import peers
from program import until_catalog

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("MICRO", ROOT / ".build/debug/micro")).absolute()
# The program takes what begins so for a setting.
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
GOLDEN = {
    golden["id"]: golden
    for golden in json.loads((ROOT / "Tests/RegistriesTests/Golden/messages.json").read_text())
}
GROUP = ("224.0.0.251", 5353)
FLAGS = ["--registry=mdns", "--mdns_interfaces=lo"]


def can_make_a_network():
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        return False
    return subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.skipif(not can_make_a_network(), reason="needs root, unshare and ip to make a network of its own"),
    pytest.mark.skipif(not PROGRAM.exists(), reason=f"{PROGRAM} is not built"),
]


def in_a_network(name):
    """Runs a function of this file in a namespace where only the loopback interface is."""
    result = subprocess.run(
        ["unshare", "--net", sys.executable, __file__, name], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_services_of_a_go_micro_peer_are_listed():
    in_a_network("list_services")


def test_announcement_and_goodbye_of_a_peer_are_followed():
    in_a_network("follow_a_peer")


def test_the_gateway_answers_and_says_goodbye():
    in_a_network("be_a_peer")


def test_a_service_of_the_first_versions_is_found_called_and_forgotten():
    in_a_network("call_an_old_service")


def test_subscribers_are_found_by_publishers_elsewhere():
    in_a_network("publish_to_another_gateway")


# What follows runs inside the namespace.


def message(name):
    return bytes.fromhex(GOLDEN[name]["encoded"]["hex"])


def group_socket():
    """A socket that hears what is told to the group."""
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    heard.bind(GROUP)
    membership = socket.inet_aton(GROUP[0]) + socket.inet_aton("127.0.0.1")
    heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    heard.settimeout(20)
    return heard


def answer_questions(heard):
    """Answers like a Go Micro service, until the process ends."""
    answers = {
        message("mdns-query-list")[2:]: message("mdns-list-response-captured"),
        message("mdns-query-service")[2:]: message("mdns-response-service"),
    }
    while True:
        datagram, asker = heard.recvfrom(65535)
        if datagram[2:] in answers:
            heard.sendto(answers[datagram[2:]], asker)


def run(*words):
    return subprocess.run([PROGRAM, *FLAGS, *words], capture_output=True, text=True, timeout=20, env=ENVIRONMENT)


def list_services():
    heard = group_socket()
    threading.Thread(target=answer_questions, args=[heard], daemon=True).start()
    listed = run("list", "services")
    assert listed.stdout == "go.micro.srv.greeter\n", listed
    described = run("get", "service", "go.micro.srv.greeter")
    assert "10.0.0.5:9090\tprotocol=grpc" in described.stdout, described


def start_gateway(*flags, command="server"):
    """Starts a gateway, and a dashboard if the command does. Returns the process, and where both listen."""
    listeners = {"api": ("api",), "server": ("api", "web")}[command]
    gateway = subprocess.Popen(
        [PROGRAM, *FLAGS, command, "--loops=1", *(f"--{each}_address=127.0.0.1:0" for each in listeners), *flags],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT,
    )
    addresses = {}
    for line in gateway.stdout:
        fact = json.loads(line)
        if fact.get("fact") in ("gateway", "dashboard"):
            addresses[fact["fact"]] = fact["address"]
        if fact.get("fact") == "registry":
            assert fact["interfaces"] == ["lo"], fact
            break
    return gateway, addresses["gateway"], f"http://{addresses.get('dashboard')}"


def status_of_greeter(address):
    """The status line of a call."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as client:
        body = json.dumps({"service": "go.micro.srv.greeter", "endpoint": "Greeter.Hello", "request": {}})
        head = f"POST /rpc HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    return answer.split(b"\r\n")[0]


def follow_a_peer():
    gateway, address, dashboard = start_gateway()
    try:
        # This peer answers no questions: a node may miss one.
        peer = group_socket()
        unknown = status_of_greeter(address)
        peer.sendto(message("mdns-announce"), GROUP)
        # The node of the recorded announcement cannot be reached, which is another answer than "not found".
        until_catalog(dashboard, lambda: status_of_greeter(address) != unknown)
        peer.sendto(message("mdns-goodbye"), GROUP)
        until_catalog(dashboard, lambda: status_of_greeter(address) == unknown)
    finally:
        gateway.kill()


def names(datagram):
    """The question's name, by the letters: enough to tell messages apart."""
    labels, offset = [], 12
    while datagram[offset]:
        labels.append(datagram[offset + 1 : offset + 1 + datagram[offset]].decode())
        offset += 1 + datagram[offset]
    return ".".join(labels)


def be_a_peer():
    heard = group_socket()
    gateway, _, _ = start_gateway(command="api")
    try:
        announced, _ = heard.recvfrom(65535)
        while announced[2] & 0x80 == 0:  # Questions of its own come first.
            announced, _ = heard.recvfrom(65535)
        assert announced[:12] == bytes.fromhex("000080000000000300000000"), announced

        asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        asker.settimeout(20)
        asker.sendto(message("mdns-query-list"), GROUP)
        answer, _ = asker.recvfrom(65535)
        assert answer[:12] == bytes.fromhex("000084000001000400000000"), answer
        assert names(answer) == "_services.micro"
        assert b"\x02go\x05micro\x03api\x09_services" in answer, answer

        name = b"\x02go\x05micro\x03api\x05micro\x00"
        asker.sendto(struct.pack(">6H", 9, 0, 1, 0, 0, 0) + name + struct.pack(">2H", 12, 1), GROUP)
        answer, _ = asker.recvfrom(65535)
        assert answer[:12] == bytes.fromhex("000084000001000400000000"), answer
        assert names(answer) == "go.micro.api.micro"

        gateway.send_signal(signal.SIGTERM)
        while True:
            goodbye, _ = heard.recvfrom(65535)
            if goodbye[:2] == b"\x00\x00" and goodbye[2] == 0x80 and goodbye[6:8] == b"\x00\x03":
                owner = goodbye.index(b"\x00", 12) + 1
                if goodbye[owner + 4 : owner + 8] == b"\x00\x00\x00\x00":
                    break
    finally:
        gateway.kill()


# A service of Go Micro 1.0 to 1.9, and a printer: both have their names in the domain "local".


def encoded(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def record(name, kind, data, lifetime=120):
    return encoded(name) + struct.pack(">HHIH", kind, 1, lifetime, len(data)) + data


def strings(*values):
    return b"".join(bytes([len(value)]) + value for value in values)


class OldService:
    """Announces and answers as those versions did, on behalf of a service that can be called."""

    NAME = "go.micro.srv.greeter"

    def __init__(self, port):
        self.port = port
        self.id = f"{self.NAME}-9f1a"
        metadata = {"server": "rpc", "transport": "http", "protocol": "mucp", "broker": "http", "registry": "mdns"}
        payload = {"Service": self.NAME, "Version": "latest", "Endpoints": None, "Metadata": metadata}
        digits = zlib.compress(json.dumps(payload).encode()).hex().encode()
        self.text = strings(*[digits[start : start + 255] for start in range(0, len(digits), 255)])

    def records(self, lifetime=120):
        name = f"{self.id}.{self.NAME}.local."
        return [
            record(name, 33, struct.pack(">3H", 10, 1, self.port) + encoded("oldhost."), lifetime),
            record("oldhost.", 1, socket.inet_aton("127.0.0.1"), lifetime),
            record(name, 16, self.text, lifetime),
        ]

    def unasked(self, lifetime=120):
        return struct.pack(">6H", 0, 0x8000, 0, 3, 0, 0) + b"".join(self.records(lifetime))

    def answer(self, question):
        """The answer to the question section of a query; None when it is about something else."""
        if question == encoded("_services.local.") + b"\0\x0c\0\x01":
            name = f"{self.NAME}._services.local."
            records = [
                record("_services.local.", 12, encoded(name)),
                record(name, 33, struct.pack(">3H", 10, 1, 9999) + encoded("oldhost.")),
                record("oldhost.", 1, bytes(4)),
                record(name, 16, b""),
            ]
        elif question == encoded(f"{self.NAME}.local.") + b"\0\x0c\0\x01":
            records = [record(f"{self.NAME}.local.", 12, encoded(f"{self.id}.{self.NAME}.local.")), *self.records()]
        else:
            return None
        return struct.pack(">6H", 0, 0x8400, 1, len(records), 0, 0) + question + b"".join(records)

    def answer_questions(self, heard):
        while True:
            datagram, asker = heard.recvfrom(65535)
            if datagram[2] & 0x80 == 0 and (answer := self.answer(datagram[12:])):
                heard.sendto(answer, asker)


def printer():
    name = "office._http._tcp.local."
    records = [
        record("_http._tcp.local.", 12, encoded(name)),
        record(name, 33, struct.pack(">3H", 0, 0, 80) + encoded("office.local.")),
        record(name, 16, strings(b"txtvers=1", b"path=/")),
        record("office.local.", 1, socket.inet_aton("127.0.0.1")),
    ]
    return struct.pack(">6H", 0, 0x8400, 0, len(records), 0, 0) + b"".join(records)


def call_an_old_service():
    greeter = peers.MicroService(OldService.NAME, {"Greeter.Hello": peers.hello}).start()
    old = OldService(greeter.server_address[1])
    told = group_socket()
    gateway, address, dashboard = start_gateway()
    try:
        unknown = status_of_greeter(address)
        told.sendto(printer(), GROUP)
        # Nobody answers questions yet. The service goes by its goodbye, and then by its age.
        for lifetime in (120, 1):
            told.sendto(old.unasked(lifetime), GROUP)
            until_catalog(dashboard, lambda: status_of_greeter(address) == b"HTTP/1.1 200 OK")
            if lifetime == 120:
                told.sendto(old.unasked(lifetime=0), GROUP)
            until_catalog(dashboard, lambda: status_of_greeter(address) == unknown)

        threading.Thread(target=old.answer_questions, args=[group_socket()], daemon=True).start()
        listed = run("list", "services")
        assert listed.stdout == f"go.micro.api\n{old.NAME}\ngo.micro.web\n", listed
        assert listed.stderr == "", listed
        described = run("get", "service", old.NAME)
        assert f"{old.id}\t127.0.0.1:{old.port}" in described.stdout, described
        called = run("call", old.NAME, "Greeter.Hello", '{"name": "John"}')
        assert json.loads(called.stdout) == {"msg": "Hello John"}, called
    finally:
        gateway.terminate()
        lines = [json.loads(line) for line in gateway.stdout]
        gateway.wait(20)
    assert [line for line in lines if line.get("level") in ("warning", "error")] == [], lines


def publish_to_another_gateway():
    publisher, there, dashboard = start_gateway("--handler=broker")
    subscriber, here, _ = start_gateway("--handler=broker")

    def publish(number):
        client = http.client.HTTPConnection(there, timeout=20)
        client.request("POST", "/x?topic=news", str(number))
        answer = client.getresponse()
        assert answer.status == 202, answer.read()

    def has_subscriber():
        with urllib.request.urlopen(f"{dashboard}/api/services", timeout=20) as answer:
            return "broker" in answer.read().decode()

    try:
        with connect(f"ws://{here}/x?topic=news") as client:
            until_catalog(dashboard, has_subscriber)
            publish(1)
            assert json.loads(client.recv(timeout=20))
            published = run("publish", "news", '{"a": 1}')
            assert published.stdout == "ok\n", published
            bodies = []
            while b'{"a": 1}' not in bodies:
                bodies.append(base64.b64decode(json.loads(client.recv(timeout=20))["Body"]))
        until_catalog(dashboard, lambda: not has_subscriber())
        publish(2)
    finally:
        for gateway in (publisher, subscriber):
            gateway.terminate()
            lines = [json.loads(line) for line in gateway.stdout]
            gateway.wait(20)
            assert [line for line in lines if line.get("level") in ("warning", "error")] == [], lines


if __name__ == "__main__":
    subprocess.run(["ip", "link", "set", "lo", "up", "multicast", "on"], check=True)
    subprocess.run(["ip", "route", "add", "224.0.0.0/4", "dev", "lo"], check=True)
    globals()[sys.argv[1]]()
