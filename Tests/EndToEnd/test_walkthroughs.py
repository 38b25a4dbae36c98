"""What the manual of Micro v2 has its readers type, as it is printed, and what they see then.

Only ports are replaced: `localhost:8080` is the gateway and `localhost:8082` the dashboard. Commands that ask something
are told where the program is by a variable, as one would who runs two of them.
"""

import json
import os
import pathlib
import re
import subprocess

import pytest
from playwright.sync_api import expect, sync_playwright
from websockets.sync.client import connect

import broker_peers
import wire
from api_messages import Event
from static_files import FILES, StaticFiles
from websocket_nodes import nodes


@pytest.fixture
def sh(micro):
    """Runs printed commands in a shell, against a program."""

    def sh(commands, program, code=0):
        for port, listener in (("8080", "gateway"), ("8082", "dashboard")):
            if listener in program.facts:
                commands = commands.replace(f"localhost:{port}", f"localhost:{program.port(listener)}")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        environment["PATH"] = f"{pathlib.Path(micro).parent}:{environment['PATH']}"
        environment["MICRO_SERVER_ADDRESS"] = f"127.0.0.1:{program.web_port}"
        commands = f"curl() {{ command curl --silent --show-error --max-time 20 \"$@\"; }}\n{commands}"
        result = subprocess.run(
            ["bash", "-ec", commands], capture_output=True, text=True, timeout=30, env=environment)
        assert (result.returncode, result.stderr) == (code, "")
        return result.stdout

    return sh


@pytest.fixture
def start_demo(start):
    """Starts `micro demo` with variables, as the manual starts `micro api`."""
    return lambda *flags, **env: start(
        "demo", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0", *flags, env=env)


@pytest.fixture
def node():
    yield from nodes()


@pytest.fixture
def subscriber():
    """A subscriber of Go Micro's http broker."""
    subscriber = broker_peers.HTTPSubscriber()
    yield subscriber
    subscriber.close()


def telling(service, *endpoints):
    """Endpoints that answer with what was called."""
    return {
        endpoint.replace(".", "_"): lambda _, endpoint=endpoint: {"service": service, "endpoint": endpoint}
        for endpoint in endpoints}


# The gateway


def test_walkthrough_01_gateway_over_srv_services(start_demo, sh):
    program = start_demo(MICRO_API_HANDLER="rpc", MICRO_API_NAMESPACE="go.micro.srv")
    answer = sh(
        """curl -XPOST -H 'Content-Type: application/json' -d '{"name": "John"}' http://localhost:8080/example/call""",
        program)
    assert answer == '{"msg":"Hello John"}'


def test_walkthrough_02_three_tiers(demo, sh):
    answer = sh('curl -w "%{http_code}" "http://localhost:8080/greeter/say/hello?name=John"', demo)
    assert "Hello John" in answer and answer.endswith("200")


def test_walkthrough_03_form_call_to_rpc(demo, sh):
    answer = sh("""curl -d 'service=go.micro.srv.greeter' \\
     -d 'method=Say.Hello' \\
     -d 'request={"name": "John"}' \\
     http://localhost:8080/rpc""", demo)
    assert json.loads(answer) == {"msg": "Hello John"}


def test_walkthrough_04_json_call_to_rpc(demo, sh):
    answer = sh("""curl -H 'Content-Type: application/json' \\
     -d '{"service": "go.micro.srv.greeter", "method": "Say.Hello", "request": {"name": "John"}}' \\
     http://localhost:8080/rpc""", demo)
    assert json.loads(answer) == {"msg": "Hello John"}


def test_walkthrough_05_rpc_to_one_node(demo, sh):
    command = """curl -d 'service=go.micro.srv.greeter' \\
     -d 'method=Say.Hello' \\
     -d 'request={"name": "Bob"}' %s \\
     http://localhost:8080/rpc"""
    assert json.loads(sh(command % "", demo)) == {"msg": "Hello Bob"}
    address = demo.services("go.micro.srv.greeter")[0]["nodes"][0]["address"]
    assert json.loads(sh(command % f"-d 'address={address}'", demo)) == {"msg": "Hello Bob"}


@pytest.mark.parametrize(("path", "service", "endpoint"), [
    ("/foo/bar", "go.micro.api.foo", "Foo.Bar"),
    ("/foo/bar/baz", "go.micro.api.foo", "Bar.Baz"),
    ("/foo/bar/baz/cat", "go.micro.api.foo.bar", "Baz.Cat"),
])
def test_walkthrough_06_rpc_resolver_table(start_server, micro_service, sh, path, service, endpoint):
    answers(start_server, micro_service, sh, path, service, endpoint)


@pytest.mark.parametrize(("path", "service", "endpoint"), [
    ("/v1/foo/bar", "go.micro.api.v1.foo", "Foo.Bar"),
    ("/v1/foo/bar/baz", "go.micro.api.v1.foo", "Bar.Baz"),
    ("/v2/foo/bar", "go.micro.api.v2.foo", "Foo.Bar"),
    ("/v2/foo/bar/baz", "go.micro.api.v2.foo", "Bar.Baz"),
])
def test_walkthrough_07_versioned_resolver_table(start_server, micro_service, sh, path, service, endpoint):
    answers(start_server, micro_service, sh, path, service, endpoint)


def answers(start_server, micro_service, sh, path, service, endpoint):
    """Asks for the path where all these services are registered, and expects this one to answer."""
    server = start_server()
    for name in ("go.micro.api.foo", "go.micro.api.foo.bar", "go.micro.api.v1.foo", "go.micro.api.v2.foo"):
        server.register(
            name, micro_service(name, **telling(name, "Foo.Bar", "Bar.Baz", "Baz.Cat")).address)
    answer = sh(f"curl http://localhost:8080{path}", server)
    assert json.loads(answer) == {"service": service, "endpoint": endpoint}


@pytest.mark.parametrize(("path", "service"), [
    ("/foo", "foo"), ("/foo/bar", "foo"), ("/greeter", "greeter"), ("/greeter/:name", "greeter"),
])
def test_walkthrough_08_proxy_resolver_table(start_server, raw_server, sh, path, service):
    server = start_server("--handler=proxy")
    behind = {name: raw_server() for name in ("foo", "greeter")}
    for name, each in behind.items():
        server.register(f"go.micro.api.{name}", each.address, protocol="http")
    assert sh(f"curl http://localhost:8080{path}", server) == path
    assert {name: [request.target for request in each.requests] for name, each in behind.items()} == {
        name: [path] if name == service else [] for name in behind}


@pytest.mark.parametrize(("namespace", "service"), [("com.example.api", "com.example.api.foo"), (" ", "foo")])
def test_walkthrough_09_namespace_change(start_server, micro_service, sh, namespace, service):
    server = start_server(env={"MICRO_NAMESPACE": namespace})
    server.register(service, micro_service(service, **telling(service, "Foo.Call")).address)
    assert json.loads(sh("curl http://localhost:8080/foo", server)) == {"service": service, "endpoint": "Foo.Call"}


def test_walkthrough_10_event_handler(start_server, subscriber, sh):
    server = start_server("--handler=event")
    subscriber.subscribe(server, "go.micro.api.user")
    sh("""curl -H 'Content-Type: application/json' -d '{"name": "John"}' http://localhost:8080/user/created""", server)
    event = Event.FromString(subscriber.take()[2])
    assert (event.name, event.data) == ("created", '{"name": "John"}')
    assert subscriber.is_idle


def test_walkthrough_11_web_handler(start_server, node):
    server = start_server("--handler=web")
    server.register("go.micro.api.chat", node().address, protocol="http")
    with connect(f"ws://localhost:{server.api_port}/chat/room") as client:
        for message in ("Hello", "John", b"\x00\x01"):
            client.send(message)
            assert client.recv(timeout=10) == message


def test_walkthrough_12_registry_over_http(start_server, sh):
    server = start_server("--handler=registry")
    record = (
        '{"name": "foo", "version": "bar", "nodes": [{"id": "foo-1", "address": "127.0.0.1:8081", "metadata": {}}],'
        ' "metadata": {}, "endpoints": []}')
    json_type = "-H 'Content-Type: application/json'"
    sh(f"curl --fail -XPOST {json_type} -d '{record}' http://localhost:8080/registry", server)
    assert json.loads(sh("curl 'http://localhost:8080/registry?service=foo'", server)) == [json.loads(record)]
    assert json.loads(sh("curl 'http://localhost:8080/registry'", server)) == [json.loads(record)]
    sh(f"curl --fail -XDELETE {json_type} -d '{record}' http://localhost:8080/registry", server)
    server.until_catalog(lambda: json.loads(sh("curl 'http://localhost:8080/registry'", server)) == [])
    assert sh("curl -o /dev/null -w '%{http_code}' 'http://localhost:8080/registry?service=foo'", server) == "404"


# What is registered


RECORD = '{"name": "foo", "version": "bar", "nodes": [{"id": "foo-1", "address": "127.0.0.1", "port": 8080}]}'


def test_walkthrough_13_register_and_deregister_by_json(start_server, sh):
    server = start_server()
    sh(f"micro register service '{RECORD}'", server)
    assert sh("micro list services", server) == "foo\n"
    sh(f"micro deregister service '{RECORD}'", server)
    assert sh("micro list services", server) == ""


def test_walkthrough_14_list_services(demo, sh):
    names = sh("micro list services", demo).splitlines()
    assert "go.micro.srv.example" in names and names == sorted(names)


def test_walkthrough_15_describe_a_service(demo, sh):
    described = sh("micro get service go.micro.srv.greeter", demo)
    assert described.startswith("service  go.micro.srv.greeter\n\nversion ")
    assert re.search(
        r"\n\nID\tAddress\tMetadata\n"
        r"go\.micro\.srv\.greeter-[0-9a-f-]+\t127\.0\.0\.1:\d+\t"
        r"broker=http,protocol=mucp,.*transport=http\n", described)
    assert "\nEndpoint: Say.Hello\n\nRequest: {\n\tname string\n}\n\nResponse: {\n\tmsg string\n}\n" in described


def test_walkthrough_16_describe_streams_and_subscribers(demo, sh):
    described = sh("micro get service go.micro.srv.example", demo)
    metadata = dict(re.findall(r"\nEndpoint: (\S+)\n\nMetadata: (\S+)\n", described))
    topic = "subscriber=true,topic=topic.go.micro.srv.example"
    assert metadata == {
        "Example.Call": "stream=false", "Example.Stream": "stream=true", "Example.PingPong": "stream=true",
        "Func": topic, "Example.Handle": topic}


def test_walkthrough_17_call_from_the_command_line(demo, sh):
    answer = sh("""micro call go.micro.srv.greeter Say.Hello '{"name": "John"}'""", demo)
    assert answer == '{\n\t"msg": "Hello John"\n}\n'


def test_walkthrough_18_call_the_hello_world_service(demo, sh):
    answer = sh("""micro call go.micro.service.helloworld Helloworld.Call '{"name":"Jane"}'""", demo)
    assert answer == '{\n\t"msg": "Hello Jane"\n}\n'


def test_walkthrough_19_health(demo, sh):
    lines = sh("micro health go.micro.srv.example", demo).splitlines()
    head = lines.index("node\t\taddress:port\t\tstatus")
    node, = lines[head + 1:]
    assert re.fullmatch(r"go\.micro\.srv\.example-\S+\t\t127\.0\.0\.1:\d+\t\tok", node)
    services = "go.micro.srv.example go.micro.srv.greeter"
    assert sh(f"for service in {services}; do micro health $service > /dev/null; done; echo all", demo) == "all\n"
    assert sh("micro health go.micro.srv.nosuch > /dev/null 2>&1 || echo ill", demo) == "ill\n"


# The dashboard


def test_walkthrough_20_dashboard(demo, sh):
    assert "<html" in sh("curl http://localhost:8082", demo)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://localhost:{demo.web_port}")
        page.get_by_role("link", name=re.compile("go[.]micro[.]srv[.]greeter")).click()
        page.locator("summary", has_text="Say.Hello").click()
        expect(page.locator("details[open]")).to_contain_text("name string")
        expect(page.locator("details[open]")).to_contain_text("msg string")
        page.get_by_label("Endpoint", exact=True).select_option("Say.Hello")
        page.get_by_label("Request (JSON)").fill('{"name": "John"}')
        page.get_by_role("button", name="Call").click()
        expect(page.get_by_role("region", name="Answer")).to_contain_text("Hello John")
        browser.close()


def test_walkthrough_21_dashboard_proxy(start_server, raw_server, sh):
    server, foo = start_server(), raw_server()
    server.register("go.micro.web.foo", foo.address, protocol="http")
    assert sh("curl --location http://localhost:8082/foo", server) == "/"
    assert sh("curl http://localhost:8082/foo/page?x=1", server) == "/page?x=1"
    assert [request.target for request in foo.requests] == ["/", "/page?x=1"]


@pytest.fixture
def static_files(tmp_path):
    files = StaticFiles(tmp_path)
    yield files
    files.close()


@pytest.mark.parametrize("listener", ["gateway", "dashboard"])
def test_walkthrough_22_static_files(start_server, static_files, listener):
    """Go Micro's library for web services serves a folder. Behind us its files are what they are without us."""
    server = start_server("--handler=web", "--api_type=web")
    server.register("go.micro.web.foo", static_files.address, protocol="http")
    address, port = f"http://localhost:{server.port(listener)}/foo/", server.port(listener)

    # With relative links, as a browser follows them.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        expect(page.get_by_role("heading")).to_have_text("Foo's index page")
        expect(page.get_by_role("heading")).to_have_css("color", "rgb(1, 2, 3)")
        expect(page.get_by_role("heading")).to_have_attribute("data-script", "has run")
        page.get_by_role("link", name="About").click()
        expect(page.get_by_role("heading")).to_have_text("About foo")
        assert page.url == f"{address}about.html"
        browser.close()

    def ask(name, *fields, method="GET"):
        return wire.ask(port, wire.request(method, f"/foo{name}", *fields, host="localhost"), method)

    for name, (content, kind) in [("", FILES["index.html"]), *FILES.items()]:
        whole, head = ask(f"/{name}"), ask(f"/{name}", method="HEAD")
        assert (whole.status, whole.value("content-type"), whole.body) == (200, kind, content)
        assert (head.status, head.body) == (200, b"")
        for field in ("content-type", "content-length", "last-modified", "etag"):
            assert head.values(field) == whole.values(field)

    # The gateway passes paths on as they are; beside the dashboard a service has an address of its own.
    assert static_files.targets[0] == {"gateway": "/foo/", "dashboard": "/"}[listener]

    # What a browser has already, and parts.
    content = FILES["logo.png"][0]
    logo = ask("/logo.png")
    for fields, expected in [
        (f"If-None-Match: {logo.value('etag')}", (304, b"")),
        ('If-None-Match: "another"', (200, content)),
        (f"If-Modified-Since: {logo.value('last-modified')}", (304, b"")),
        ("If-Modified-Since: Thu, 01 Jan 1998 00:00:00 GMT", (200, content)),
        ("Range: bytes=8-11", (206, content[8:12])),
        ("Range: bytes=10000-", (206, content[10000:])),
        ("Range: bytes=999999-", (416, b"")),
    ]:
        answer = ask("/logo.png", fields)
        assert (answer.status, answer.body) == expected, fields
    assert ask("/logo.png", "Range: bytes=0-7").value("content-range") == f"bytes 0-7/{len(content)}"

    # Without the slash relative links would lead elsewhere.
    redirect = ask("")
    assert redirect.status in (301, 308) and redirect.value("location") in ("foo/", "/foo/")
    assert ask("/nothing.html").status == 404


# What operators declare while the program runs


def test_walkthrough_28_rate_limit(start_server, micro_service, sh, tmp_path):
    server = start_server("--loops=2", f"--state_dir={tmp_path}/state")
    server.register("go.micro.api.user", micro_service("go.micro.api.user", **telling("user", "User.Call")).address)
    assert sh("micro api set limit --path=/user --requests=100 --window=1m", server) == "/user 100 requests in 1m\n"
    many = "for i in $(seq 101); do curl -o /dev/null -w '%{http_code} ' http://localhost:8080/user; done"
    statuses = sh(many, server)
    assert statuses.split() == ["200"] * 100 + ["429"]
    refused = json.loads(sh("curl http://localhost:8080/user", server))
    assert refused["error"] == "too many requests"
    assert (refused["id"], refused["code"], refused["status"]) == ("go.micro.api", 429, "Too Many Requests")


def test_walkthrough_31_route_admin(start_server, micro_service, sh, tmp_path):
    server = start_server(f"--state_dir={tmp_path}/state")
    service = micro_service("user-service", User_Create=lambda request: {"created": request["name"]})
    server.register("user-service", service.address)
    sh("micro api add route --handler=rpc --namespace=go.micro.api --path=/user --method=POST --service=user-service"
       " --endpoint=User.Create", server)
    answer = sh("""curl -H 'Content-Type: application/json' -d '{"name": "John"}' http://localhost:8080/user""", server)
    assert json.loads(answer) == {"created": "John"}
