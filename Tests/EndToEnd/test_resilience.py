"""What users notice when something dies: nodes, clients, and the gateway itself."""

import contextlib
import json
import os
import pathlib
import queue
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

import wire
from program import until

PEERS = pathlib.Path(__file__).with_name("peers.py")


class NodeProcess:
    """A service in a process of its own, so that it can be killed."""

    def __init__(self, name, port=0):
        self.name = name
        self.process = subprocess.Popen([sys.executable, PEERS, name, str(port)], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def node():
    """Starts nodes in processes of their own, and ends them with the test."""
    nodes = []

    def make(name, port=0):
        nodes.append(NodeProcess(name, port))
        return nodes[-1]

    yield make
    for started in nodes:
        if started.process.poll() is None:
            started.kill()


# Nodes


def test_killing_one_of_two_nodes_fails_no_idempotent_request(start_server, node):
    """8 clients with 200 requests each; the node dies when a quarter is done, and comes back at three quarters."""
    name, threads, count = "go.micro.api.greeter", 8, 200
    first, second = node(name), node(name)
    server = start_server("--selector=roundrobin")
    server.register(name, first.address, node="first")
    server.register(name, second.address, node="second")
    statuses, problems = queue.Queue(), []

    def load():
        try:
            with wire.connect(server.api_port, limit=50) as client:
                for number in range(count):
                    client.send(wire.get(f"/greeter/say/hello?name={number}"))
                    answer = client.response()
                    if answer.body != b'{"msg":"Hello %d"}' % number:
                        problems.append((answer.status, answer.body))
                    statuses.put(answer.status)
        except Exception as problem:  # A thread's failure must reach the test.
            problems.append(problem)

    workers = [threading.Thread(target=load) for _ in range(threads)]
    for worker in workers:
        worker.start()

    def take(number):
        for _ in range(number):
            statuses.get(timeout=20)

    take(threads * count // 4)
    second.kill()
    take(threads * count // 2)
    returned = node(name, second.port)
    for worker in workers:
        worker.join(50)
    assert problems == []
    assert returned.port == second.port


def test_a_node_that_comes_back_is_asked_again(start_server, micro_service):
    name = "go.micro.api.greeter"
    steady, fragile = micro_service(name), micro_service(name)
    port = fragile.server_address[1]
    server = start_server("--selector=roundrobin")
    server.register(name, steady.address, node="steady")
    server.register(name, fragile.address, node="fragile")

    def ask():
        answer = wire.ask(server.api_port, wire.get("/greeter/say/hello", "Connection: close"))
        assert answer.status == 200

    fragile.close()
    for _ in range(10):
        ask()
    returned = micro_service(name, port)

    def is_asked_again():
        ask()
        return returned.calls

    until(is_asked_again, limit=10)


def test_a_post_is_sent_once_though_its_node_breaks_off(start_server, raw_server):
    """What may have been done must not be done twice."""

    def breaks_off(server, connection):
        server.requests.append(connection.request())

    backends = [raw_server(breaks_off), raw_server(breaks_off)]
    server = start_server("--handler=http", "--client_retries=3")
    for number, backend in enumerate(backends):
        server.register("go.micro.api.site", backend.address, node=str(number), protocol="http")
    assert wire.ask(server.api_port, wire.request("POST", "/site/x", body=b"order")).status == 502
    assert sum(len(backend.requests) for backend in backends) == 1
    assert wire.ask(server.api_port, wire.get("/site/x")).status == 502
    assert sum(len(backend.requests) for backend in backends) == 3


def test_a_call_by_post_is_made_once_though_its_node_breaks_off(start_server, raw_server):
    """A call may change something in the service; only the safe methods say that it does not."""

    def breaks_off(server, connection):
        server.requests.append(connection.request())

    backends = [raw_server(breaks_off), raw_server(breaks_off)]
    server = start_server("--client_retries=3")
    for number, backend in enumerate(backends):
        server.register("go.micro.api.greeter", backend.address, node=str(number))
    call = wire.request("POST", "/greeter/say/hello", "Content-Type: application/json", body=b"{}")
    assert wire.ask(server.api_port, call).status == 502
    assert sum(len(backend.requests) for backend in backends) == 1
    assert wire.ask(server.api_port, wire.get("/greeter/say/hello")).status == 502
    assert sum(len(backend.requests) for backend in backends) == 3


def test_a_kept_connection_that_its_node_closed_harms_no_request(start_proxy, raw_server):
    def answers_once(server, connection):
        server.requests.append(connection.request())
        connection.send(wire.reply("200 OK", body=b"ok"))

    backend = raw_server(answers_once)
    proxy = start_proxy(backend.url)
    with wire.connect(proxy.proxy_port) as client:
        for _ in range(50):
            client.send(wire.get("/"))
            assert client.response().status == 200


# Clients


def test_a_thousand_slow_clients_keep_nobody_waiting(many_descriptors, start):
    demo = start("demo", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0", "--header_timeout=60s")
    wire.ask(demo.api_port, wire.get("/greeter/say/hello"))
    before = demo.resident_bytes()
    slow = []
    try:
        for _ in range(1000):
            client = wire.connect(demo.api_port)
            client.send(b"G")
            slow.append(client)
        until(lambda: demo.descriptor_count() > 1000)
        for _ in range(50):
            assert wire.ask(demo.api_port, wire.get("/greeter/say/hello"), limit=2).status == 200
        assert demo.resident_bytes() - before < 40 * 1024 * 1024
    finally:
        for client in slow:
            client.close()
    until(lambda: demo.descriptor_count() < 100)


def test_as_many_descriptors_are_used_as_the_system_allows(start_server):
    """Shells give programs a soft limit of 1,024 that is made for others."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    try:
        server = start_server()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert resource.prlimit(server.pid, resource.RLIMIT_NOFILE) == (hard, hard)


def test_more_connections_than_allowed_are_turned_away_and_leave_room_again(start):
    demo = start("demo", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0", "--loops=1", "--max_connections=20")
    clients = [wire.connect(demo.api_port) for _ in range(20)]
    for client in clients:
        client.send(wire.get("/"))
        assert client.response().status == 200
    with wire.connect(demo.api_port) as late:
        assert late.rest() == b""
    for client in clients:
        client.close()

    def is_served():
        with wire.connect(demo.api_port) as client:
            try:
                client.send(wire.get("/"))
                return client.response().status == 200
            except (wire.Closed, OSError):
                return False

    until(is_served)


# The end of the program


@pytest.fixture
def busy(start_server, micro_service):
    """A gateway with a call in flight: the program, the client that waits, and what lets the service answer."""
    release = threading.Event()
    arrived = threading.Event()

    def slow(_):
        arrived.set()
        return {"released": release.wait(30)}

    def make(*arguments):
        service = micro_service("go.micro.api.greeter", Say_Slow=slow)
        server = start_server("--client_request_timeout=30s", *arguments)
        server.register("go.micro.api.greeter", service.address)
        client = wire.connect(server.api_port, limit=30)
        client.send(wire.get("/greeter/say/slow"))
        assert arrived.wait(10)
        return server, client, release

    yield make
    release.set()


def is_refused(port):
    try:
        wire.connect(port, limit=2).close()
        return False
    except ConnectionRefusedError:
        return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_flight_is_finished_before_the_program_ends(busy, number):
    server, client, release = busy()
    server.process.send_signal(number)
    until(lambda: is_refused(server.api_port))
    assert server.process.poll() is None
    release.set()
    answer = client.response()
    assert (answer.status, answer.body) == (200, b'{"released":true}')
    assert answer.value("Connection") == "close"
    assert client.is_closed_by_peer()
    client.close()
    assert server.process.wait(10) == 0
    server.was_killed = True


def test_a_program_that_finishes_its_requests_says_that_it_is_not_ready(busy):
    server, client, release = busy()
    ready = wire.request("GET", "/readyz", host="localhost")
    assert wire.ask(server.web_port, ready).status == 200
    server.process.terminate()
    until(lambda: is_refused(server.api_port))
    answer = wire.ask(server.web_port, ready)
    assert (answer.status, answer.body) == (503, b"it is shutting down\n")
    assert wire.ask(server.web_port, wire.request("GET", "/healthz", host="localhost")).status == 200
    release.set()
    assert client.response().status == 200
    client.close()
    assert server.process.wait(10) == 0
    server.was_killed = True


def test_gateway_and_dashboard_share_the_time_to_drain(busy):
    server, client, _ = busy("--drain_timeout=2s")
    call = b'{"service":"go.micro.api.greeter","endpoint":"Say.Slow"}'
    with wire.connect(server.web_port) as page:
        page.send(wire.request("POST", "/rpc", "Content-Type: application/json", body=call, host="localhost"))
        began = time.monotonic()
        assert server.stop() == 0
        assert 1.9 < time.monotonic() - began < 3.5
    client.close()


def test_a_log_that_nobody_reads_holds_nothing_up(micro):
    """As when a terminal is paused: lines are lost then, but neither requests nor the end wait for the reader."""
    with wire.socket.create_server(("127.0.0.1", 0)) as unused:
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    words = [micro, "proxy", url, "--address=127.0.0.1:0", "--loops=1", "--log_format=json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, bufsize=0) as process:
        report = [json.loads(process.stdout.readline()) for _ in range(2)]
        port = int(report[1]["address"].rsplit(":", 1)[1])
        with wire.connect(port) as client:
            # Each is a warning and a line of the access log, and a pipe holds 64 KiB.
            for _ in range(500):
                client.send(wire.get("/" + "x" * 500))
                assert client.response().status == 502
        process.terminate()
        assert process.wait(10) == 0


def test_idle_connections_are_closed_at_the_end(start_server):
    server = start_server()
    with wire.connect(server.api_port) as client:
        client.send(wire.get("/"))
        assert client.response().status == 200
        assert server.stop() == 0
        assert client.is_closed_by_peer()


def test_an_open_stream_of_events_does_not_hold_the_end_up(start_server):
    server = start_server("--drain_timeout=30s")
    with wire.connect(server.web_port) as client:
        client.send(wire.request("GET", "/api/events", host="localhost"))
        assert client.head().status == 200
        assert server.stop() == 0


def test_what_does_not_finish_is_cut_off_after_the_limit(busy):
    server, client, _ = busy("--drain_timeout=300ms")
    assert server.stop() == 0
    with pytest.raises((wire.Closed, ConnectionResetError)):
        client.response()
    client.close()


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_second_signal_ends_at_once(busy, number, code):
    server, client, _ = busy()
    server.process.send_signal(number)
    until(lambda: is_refused(server.api_port))
    server.process.send_signal(number)
    assert server.process.wait(5) == code
    server.was_killed = True
    client.close()


def test_a_second_signal_waits_for_no_reader(micro, raw_server):
    """As when the terminal, or what reads our errors, hangs: a pipe that is full takes not one byte more."""
    node = raw_server(lambda _, connection: connection.take(1 << 20))
    full = os.pipe()
    os.set_blocking(full[1], False)
    with contextlib.suppress(BlockingIOError):
        while os.write(full[1], bytes(4096)):
            pass
    os.set_blocking(full[1], True)
    words = [micro, "proxy", node.url, "--address=127.0.0.1:0", "--loops=1", "--log_format=json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=full[1], bufsize=0) as process:
        report = [json.loads(process.stdout.readline()) for _ in range(2)]
        port = int(report[1]["address"].rsplit(":", 1)[1])
        with wire.connect(port) as client:
            client.send(wire.get("/"))
            until(lambda: node.connections)
            process.terminate()
            until(lambda: is_refused(port))
            process.terminate()
            try:
                assert process.wait(5) == 143
            finally:
                process.kill()
    for end in full:
        os.close(end)


def test_the_port_is_free_again_after_a_kill(start):
    first = start("demo", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    with wire.connect(first.api_port) as client:
        client.send(wire.get("/greeter/say/hello"))
        client.response()
        first.kill()
    again = start("demo", f"--api_address=127.0.0.1:{first.api_port}", "--web_address=127.0.0.1:0")
    assert wire.ask(again.api_port, wire.get("/greeter/say/hello")).status == 200


def test_readiness_is_told_apart_from_health(demo):
    for path in ("/healthz", "/readyz"):
        assert wire.ask(demo.web_port, wire.request("GET", path, host="anything.test")).status == 200
