"""The configuration file: several gateways side by side, declared routes, and files that are wrong."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

import program
import wire


def ask(url, body=None, method=None):
    """The status and the text of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def write(tmp_path):
    """Writes a configuration file and returns its path."""
    def write(text, name="micro.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)
    return write


@pytest.fixture
def end(micro, tmp_path):
    """Runs the program to its end, in the directory of the file."""
    def end(*arguments, env=None):
        return subprocess.run(
            [micro, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=program.START_LIMIT,
            env={"PATH": "/usr/bin:/bin"} | (env or {}))
    return end


def start_with(start, path, command="server"):
    """Starts a program with a file. Where services are found is said twice, lest a test ever asks the network."""
    return start(command, "--registry=memory", f"--config={path}")


def urls(running):
    """Where the listed gateways are, by name."""
    lines = [line for line in running.lines if line.get("fact") == "gateway"]
    return {line["name"]: f"http://{line['address']}" for line in lines}


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
    namespace: org.example
    type: web
    handler: http
    resolver: path
  - name: admin
    serves: dashboard
    address: 127.0.0.1:0
"""


def test_two_gateways_of_one_process_route_to_different_services(start, write, micro_service, raw_server):
    running = start_with(start, write(TWO_GATEWAYS))
    called, passed = micro_service("com.example.api.shop"), raw_server()
    running.register("com.example.api.shop", called.address)
    running.register("org.example.web.shop", passed.address, protocol="http")
    public, internal = urls(running)["public"], urls(running)["internal"]

    assert ask(f"{public}/shop/say/hello", {"name": "John"}) == (200, '{"msg":"Hello John"}')
    assert ask(f"{internal}/shop/say/hello") == (200, "/shop/say/hello")
    assert len(called.calls) == 1
    assert [request.target for request in passed.requests] == ["/shop/say/hello"]

    # Each explains a service that it does not find by its own rule.
    assert "service com.example.api.blog is not registered" in ask(f"{public}/blog/a/b")[1]
    assert "service org.example.web.blog is not registered" in ask(f"{internal}/blog/a/b")[1]

    # What one offers the other need not.
    call = {"service": "com.example.api.shop", "endpoint": "Say.Hello", "request": {"name": "a"}}
    assert ask(f"{public}/rpc", call)[0] in (403, 404)
    assert ask(f"{internal}/rpc", call) == (200, '{"msg":"Hello a"}')


def test_the_dashboard_shows_every_gateway(start, write):
    running = start_with(start, write(TWO_GATEWAYS))
    status = json.loads(ask(f"{running.web_url}/api/status")[1])["data"]
    shown = {gateway["name"]: gateway for gateway in status["gateways"]}
    assert list(shown) == ["public", "internal"]
    for name, url in urls(running).items():
        assert f"http://{shown[name]['address']}" == url
    assert shown["public"]["namespace"] == "com.example.api"
    assert [shown["internal"][key] for key in ("handler", "resolver", "namespace", "rpc")] == [
        "http", "path", "org.example.web", True]
    assert shown["public"]["rpc"] is False
    assert status["gateway"] == status["gateways"][0]


def test_routes_of_the_file_lead_to_services(start, write, micro_service, raw_server):
    orders, files = micro_service("orders", Orders_Read=lambda request: {"got": request}), raw_server()
    running = start_with(start, write("""
registry: memory
api_address: 127.0.0.1:0
web_address: 127.0.0.1:0
routes:
  - path: /v1/orders/{id}
    methods: [GET, PATCH]
    service: orders
    endpoint: Orders.Read
    response_body: got
  - path: /v1/orders/{id}
    methods: [PUT]
    service: orders
    endpoint: Orders.Read
    body: order
  - path: /files/{path=**}
    handler: http
    service: files
"""))
    running.register("orders", orders.address)
    running.register("files", files.address, protocol="http")
    status, answer = ask(f"{running.api_url}/v1/orders/7?colour=red")
    assert (status, json.loads(answer)) == (200, {"id": "7", "colour": "red"})
    status, answer = ask(f"{running.api_url}/v1/orders/7", {"a": 1}, method="PUT")
    assert (status, json.loads(answer)) == (200, {"got": {"id": "7", "order": {"a": 1}}})
    assert ask(f"{running.api_url}/files/a/b.txt") == (200, "/files/a/b.txt")
    # Another method is none of the routes'.
    assert ask(f"{running.api_url}/v1/orders/7", {"a": 1}, method="POST")[0] == 405


def test_a_route_that_names_options_is_called_with_it(start, write, micro_service):
    service = micro_service("orders", Orders_Ask=lambda request: {"got": request})
    running = start_with(start, write("""
registry: memory
api_address: 127.0.0.1:0
web_address: 127.0.0.1:0
allowed_origins: https://app.example
routes:
  - {path: '/orders/{id}', methods: [OPTIONS], service: orders, endpoint: Orders.Ask}
  - {path: '/orders/{id}', methods: [GET], service: orders, endpoint: Orders.Ask}
  - {path: /plain, methods: [GET], service: orders, endpoint: Orders.Ask}
"""))
    running.register("orders", service.address)
    status, answer = ask(f"{running.api_url}/orders/7", method="OPTIONS")
    assert (status, json.loads(answer)) == (200, {"got": {"id": "7"}})
    told = json.loads(ask(f"{running.web_url}/api/explain?method=OPTIONS&path=/orders/7")[1])["data"]
    assert (told["destination"]["endpoint"], json.loads(told["sends"]["message"])) == ("Orders.Ask", {"id": "7"})
    # What browsers ask beforehand stays with the gateway, for pages that may; and so do paths that do not name it.
    calls = len(service.calls)
    lines = ("Origin: https://app.example", "Access-Control-Request-Method: GET")
    preflight = wire.ask(running.api_port, wire.request("OPTIONS", "/orders/7", *lines), "OPTIONS")
    assert (preflight.status, preflight.value("Access-Control-Allow-Origin")) == (200, "https://app.example")
    plain = wire.ask(running.api_port, wire.request("OPTIONS", "/plain"), "OPTIONS")
    assert (plain.status, plain.value("Allow"), plain.body) == (200, "GET, HEAD, OPTIONS", b"")
    assert len(service.calls) == calls


def test_flags_and_variables_win_over_the_file(end, write):
    write("client_retries: 7\nclient_pool_size: 8\nregistry: memory\n")
    shown = end(
        "config", "show", "--config=micro.yaml", "--client_retries=3", env={"MICRO_CLIENT_POOL_SIZE": "4"})
    rows = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
    assert shown.returncode == 0, shown.stderr
    assert rows["client_retries"] == ["3", "--client_retries"]
    assert rows["client_pool_size"] == ["4", "MICRO_CLIENT_POOL_SIZE"]
    assert rows["registry"] == ["memory", "micro.yaml:3"]
    assert rows["selector"] == ["random", "default"]


BROKEN = """registry: memroy
listeners:
  - name: public
    address: 8080
    handlr: rpc
routes:
  - path: /v1/{id
    service: orders
    endpoint: Orders.Read
"""

DIAGNOSTICS = """micro.yaml:1:11: registry: memroy is not mdns or memory; did you mean memory?
 1 | registry: memroy
   |           ^^^^^^
micro.yaml:4:14: address: 8080 is not host:port or :port, such as 127.0.0.1:8080; did you mean :8080?
 4 |     address: 8080
   |              ^^^^
micro.yaml:5:5: unknown key handlr in a listener; did you mean handler?
 5 |     handlr: rpc
   |     ^^^^^^
micro.yaml:7:11: the path /v1/{id is no template: the { of id has no }
 7 |   - path: /v1/{id
   |           ^^^^^^^
"""


@pytest.mark.parametrize("arguments", [
    ("config", "check", "micro.yaml"), ("server", "--registry=memory", "--config=micro.yaml"),
    ("api", "--registry=memory", "--config", "micro.yaml"),
])
def test_a_broken_file_ends_with_78_and_all_that_is_wrong(end, write, arguments):
    write(BROKEN)
    result = end(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (78, "", DIAGNOSTICS)


@pytest.mark.parametrize(("path", "reason"), [
    ("none.yaml", "does not exist"), (".", "is a directory"), ("large.yaml", "is longer than 1048576 bytes"),
])
def test_a_file_that_cannot_be_read_ends_with_78(end, write, path, reason):
    write("#" * (1 << 20) + "\n", "large.yaml")
    result = end("server", "--registry=memory", env={"MICRO_CONFIG": path})
    assert result.returncode == 78
    assert result.stderr == f"micro: the configuration file {path} (from MICRO_CONFIG) {reason}\n"


def test_a_good_file_is_checked_without_a_start(end, write):
    write(TWO_GATEWAYS)
    result = end("config", "check", "micro.yaml")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "micro.yaml is fine: 3 settings, 2 gateways, 0 routes\n"


def test_an_address_in_use_is_told_with_the_listener_that_has_it(end, write, raw_server):
    taken = raw_server().address
    write(f"""registry: memory
listeners:
  - {{name: a, address: '127.0.0.1:0'}}
  - {{name: b, address: '{taken}'}}
""")
    result = end("api", "--registry=memory", "--config=micro.yaml")
    assert result.returncode == 69
    assert f"{taken} is in use" in result.stderr and "listener b, micro.yaml:4" in result.stderr
