"""What the gateway makes of requests: calls of endpoints, errors that explain, and plain HTTP passed on."""

import hashlib
import json
import subprocess
import threading
import time
import urllib.request

import pytest

import peers
import wire

GREETER = "go.micro.srv.greeter"


def curl(*arguments):
    """What the real curl prints, and the status."""
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", "\n%{http_code}", *arguments],
        capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    body, _, status = result.stdout.rpartition("\n")
    return int(status), body


def post_json(url, value, *arguments):
    text = value if isinstance(value, str) else json.dumps(value)
    return curl("--header", "Content-Type: application/json", "--data", text, *arguments, url)


def error(answer, status):
    """The error object of an answer, which must have this status in both places."""
    code, body = answer
    report = json.loads(body)
    assert (code, report["code"]) == (status, status), body
    assert set(report) == {"id", "code", "detail", "status"}
    return report


@pytest.fixture
def greeter(start_server, micro_service):
    """A gateway in front of a service in Python. Returns the program and the service."""

    def make(*arguments, name="go.micro.api.greeter", **endpoints):
        service = micro_service(name, **endpoints)
        server = start_server(*arguments)
        server.register(name, service.address, endpoints=[{"name": "Say.Hello"}])
        return server, service

    return make


# Calls


def test_the_first_command_of_the_manual_prints_its_answer(demo):
    answer = curl(
        "-d", f"service={GREETER}", "-d", "method=Say.Hello", "-d", 'request={"name":"John"}', f"{demo.api_url}/rpc")
    assert answer == (200, '{"msg":"Hello John"}')


@pytest.mark.parametrize(
    "arguments, name",
    [
        (["-H", "Content-Type: application/json", "-d", '{"name":"John"}', "/greeter/say/hello"], "John"),
        (["/greeter/say/hello?name=John"], "John"),
        (["-H", "Content-Type: application/json", "-d", "{}", "/greeter/say/hello?name=Bob"], "Bob"),
        (["-H", "Content-Type: application/json", "-d", '{"name":"John"}', "/greeter/say/hello?name=Bob"], "John"),
        (["-d", "name=John", "/greeter/say/hello"], "John"),
        (["-F", "name=John", "/greeter/say/hello"], "John"),
        (["/greeter/say/hello?name=12"], "12"),
        (["/greeter/say/hello?name=J%C3%B6rg+Ott"], "Jörg Ott"),
        (["-X", "PUT", "-H", "Content-Type: application/json", "-d", '{"name":"J"}', "/greeter/say/hello"], "J"),
        (["--http1.0", "/greeter/say/hello?name=old"], "old"),
        (["-H", "Transfer-Encoding: chunked", "-H", "Content-Type: application/json", "-d", '{"name":"chunks"}',
          "/greeter/say/hello"], "chunks"),
        (["-H", "Expect: 100-continue", "-H", "Content-Type: application/json", "-d", '{"name":"waits"}',
          "/greeter/say/hello"], "waits"),
    ],
)
def test_query_form_and_json_become_one_message(demo, arguments, name):
    *options, path = arguments
    status, body = curl(*options, demo.api_url + path)
    assert (status, json.loads(body)) == (200, {"msg": f"Hello {name}"})


@pytest.mark.parametrize(
    "members",
    [
        {"endpoint": "Say.Hello", "request": {"name": "John"}},
        {"method": "Say.Hello", "request": {"name": "John"}},
        {"endpoint": "Say.Hello", "method": "Say.Other", "request": {"name": "John"}},
        {"Endpoint": "Say.Hello", "REQUEST": '{"name":"John"}'},
    ],
)
def test_rpc_takes_an_object_with_the_request_as_object_or_text(demo, members):
    assert post_json(f"{demo.api_url}/rpc", {"service": GREETER, **members}) == (200, '{"msg":"Hello John"}')


def test_rpc_calls_a_registered_node_by_address_and_no_other(demo):
    address = demo.services(GREETER)[0]["nodes"][0]["address"]
    call = {"service": GREETER, "endpoint": "Say.Hello", "request": {"name": "John"}}
    assert post_json(f"{demo.api_url}/rpc", {**call, "address": address}) == (200, '{"msg":"Hello John"}')
    with wire.socket.create_server(("127.0.0.1", 0)) as elsewhere:
        other = f"127.0.0.1:{elsewhere.getsockname()[1]}"
        report = error(post_json(f"{demo.api_url}/rpc", {**call, "address": other}), 403)
        assert other in report["detail"]
        elsewhere.settimeout(0)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_rpc_is_for_this_machine_unless_it_is_opened(demo, start_server):
    call = {"service": GREETER, "endpoint": "Say.Hello"}
    for name in ("X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Real-IP: 203.0.113.9"):
        report = error(post_json(f"{demo.api_url}/rpc", call, "-H", name), 403)
        assert "--enable_rpc" in report["detail"]
    for name in ("Origin: http://evil.test", "Host: evil.test"):
        error(post_json(f"{demo.api_url}/rpc", call, "-H", name), 403)


@pytest.mark.parametrize("value, expected", [("false", 403), ("true", 404)])
def test_the_flag_closes_or_opens_rpc_for_everyone(start_server, value, expected):
    server = start_server(f"--enable_rpc={value}")
    call = {"service": "nosuch", "endpoint": "Say.Hello"}
    report = error(post_json(f"{server.api_url}/rpc", call, "-H", "X-Forwarded-For: 203.0.113.9"), expected)
    if value == "false":
        assert "--enable_rpc" in report["detail"]
        error(post_json(f"{server.api_url}/rpc", call), 403)


@pytest.mark.parametrize("path", ["/rpc", "/greeter/say/slow"])
def test_a_client_can_ask_for_less_time(greeter, path):
    released = threading.Event()
    server, _ = greeter(Say_Slow=lambda _: {"released": released.wait(20)})
    call = {"service": "go.micro.api.greeter", "endpoint": "Say.Slow"}
    began = time.monotonic()
    report = error(post_json(server.api_url + path, call, "-H", "Timeout: 1"), 504)
    assert 0.9 < time.monotonic() - began < 4
    assert "time" in report["detail"]
    released.set()


def test_a_slow_service_is_given_up_at_the_configured_time(greeter):
    released = threading.Event()
    server, service = greeter("--client_request_timeout=300ms", Say_Slow=lambda _: {"released": released.wait(20)})
    began = time.monotonic()
    error(curl(f"{server.api_url}/greeter/say/slow"), 504)
    assert 0.25 < time.monotonic() - began < 4
    released.set()
    assert curl(f"{server.api_url}/greeter/say/hello?name=next") == (200, '{"msg":"Hello next"}')
    assert [header["Micro-Endpoint"] for header, _ in service.calls] == ["Say.Slow", "Say.Hello"]


def test_a_service_sees_a_call_of_go_micro(greeter):
    server, service = greeter()
    url = f"{server.api_url}/greeter/say/hello?name=Ann"
    assert curl("-H", "X-Tenant: 7", "-H", "Micro-Endpoint: Say.Evil", url) == (200, '{"msg":"Hello Ann"}')
    (header, body), = service.calls
    assert json.loads(body) == {"name": "Ann"}
    assert header["Micro-Service"] == "go.micro.api.greeter"
    assert header.get_all("Micro-Endpoint") == ["Say.Hello"]
    assert header["Content-Type"] == "application/json"
    assert header["X-Tenant"] == "7"
    assert 0 < int(header["Timeout"]) <= 5_000_000_000


def test_one_connection_to_a_service_carries_one_call_after_the_other(greeter):
    server, service = greeter()
    with wire.connect(server.api_port) as client:
        client.send(b"".join(wire.get(f"/greeter/say/hello?name={number}") for number in range(50)))
        bodies = [client.response().body for _ in range(50)]
    assert bodies == [b'{"msg":"Hello %d"}' % number for number in range(50)]
    assert len(service.calls) == 50


# Errors


def test_the_error_of_a_service_is_passed_on_as_it_is(greeter):
    full = {"id": "greeter.Say.Fail", "code": 409, "detail": "taken: \"ä\"", "status": "Conflict"}

    def fail(_):
        raise peers.MicroError(full)

    def text(_):
        raise peers.MicroError("it broke")

    server, _ = greeter(Say_Fail=fail, Say_Text=text)
    assert error(curl(f"{server.api_url}/greeter/say/fail"), 409) == full
    report = error(curl(f"{server.api_url}/greeter/say/text"), 500)
    assert report["detail"] == "it broke"


def test_an_unknown_service_is_explained(demo):
    detail = error(curl(f"{demo.api_url}/greter/say/hello"), 404)["detail"]
    words = ["go.micro.api.greter", "Say.Hello", "resolver micro", "namespace go.micro.api", "go.micro.api.greeter"]
    assert [word for word in words if word not in detail] == []


def test_an_unknown_endpoint_is_answered_with_those_that_exist(demo):
    detail = error(curl(f"{demo.api_url}/greeter/say/helo"), 404)["detail"]
    assert "no endpoint Say.Helo" in detail and "Say.Hello" in detail


def test_a_dead_node_is_bad_gateway_without_its_address(start_server):
    with wire.socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    server = start_server()
    server.register("go.micro.api.dead", address)
    report = error(curl(f"{server.api_url}/dead/say/hello"), 502)
    assert address not in json.dumps(report)


def test_a_service_of_plain_http_cannot_be_called(demo):
    report = error(post_json(f"{demo.api_url}/rpc", {"service": "go.micro.web.hello", "endpoint": "Say.Hello"}), 502)
    assert "plain HTTP" in report["detail"]


@pytest.mark.parametrize(
    "content_type, body, status",
    [
        ("text/xml", "<a/>", 415),
        ("application/octet-stream", "abc", 415),
        ("application/json", "5", 400),
        ("application/json", '"text"', 400),
        ("application/json", "true", 400),
        ("application/json", "{", 400),
        ("application/json", '{"a":1}{"b":2}', 400),
        ("application/json", "[" * 100_000, 400),
        ("application/x-www-form-urlencoded", "a=%ff", 400),
    ],
)
def test_what_is_no_message_is_refused(demo, content_type, body, status):
    url = f"{demo.api_url}/greeter/say/hello"
    request = urllib.request.Request(url, body.encode(), {"Content-Type": content_type})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(request, timeout=10)
    with refusal.value as answer:
        error((answer.code, answer.read()), status)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_above_4_mib_is_too_large(demo, framing):
    size = 4 * 1024 * 1024 + 1
    head = b"POST /greeter/say/hello HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with wire.connect(demo.api_port) as client:
        try:
            if framing == "length":
                client.send(head + b"Content-Length: %d\r\n\r\n" % size + b" " * 65536)
            else:
                client.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % size + b" " * size)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Being refused before everything is sent is as good.
        assert client.response().status == 413


@pytest.mark.parametrize("value", ["-1", "abc", "0", "1e3", "9" * 30, "999999999", "1"])
def test_a_timeout_that_is_no_number_of_seconds_is_ignored_as_in_micro_v2(demo, value):
    assert curl("-H", f"Timeout: {value}", f"{demo.api_url}/greeter/say/hello?name=J")[0] == 200


def test_the_root_tells_the_version_and_a_wrong_method_what_is_allowed(demo):
    status, body = curl(demo.api_url)
    assert status == 200 and set(json.loads(body)) == {"version"}
    answer = wire.ask(demo.api_port, wire.request("GET", "/rpc", host="localhost"))
    assert answer.status == 405 and "POST" in answer.value("Allow")


@pytest.mark.parametrize(("method", "status"), [("OPTIONS", 200), ("TRACE", 405), ("PROPFIND", 405)])
def test_only_methods_of_calls_become_calls(greeter, method, status):
    """A browser sends OPTIONS for a page of anyone, before it is told whether that page may call."""
    server, service = greeter()
    answer = wire.ask(server.api_port, wire.request(method, "/greeter/say/hello"), method)
    assert answer.status == status and "PATCH, DELETE, OPTIONS" in answer.value("Allow")
    assert service.calls == []


def test_a_service_can_be_called_on_every_loop_as_soon_as_its_registration_is_answered(start, micro_service):
    server = start(
        "server", "--registry=memory", "--loops=4", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    for number in range(10):
        service = micro_service(f"go.micro.api.n{number}")
        server.register(service.name, service.address)
        # The kernel spreads connections over the loops.
        for _ in range(12):
            assert wire.ask(server.api_port, wire.get(f"/n{number}/say/hello")).status == 200


def test_unclean_paths_are_redirected_with_their_query(demo):
    answer = wire.ask(demo.api_port, wire.get("/greeter//say/../say/hello?name=J"))
    assert (answer.status, answer.value("Location")) == (308, "/greeter/say/hello?name=J")


# The protocol


def test_head_has_the_length_of_the_answer_and_no_content(demo):
    with wire.connect(demo.api_port) as client:
        client.send(wire.request("HEAD", "/greeter/say/hello?name=J") + wire.get("/greeter/say/hello?name=J"))
        head, answer = client.response("HEAD"), client.response()
    assert (head.status, head.value("Content-Length")) == (200, str(len(answer.body)))
    assert answer.body == b'{"msg":"Hello J"}'


def test_http_1_0_is_closed_unless_it_asks_to_stay(demo):
    """F15."""
    with wire.connect(demo.api_port) as client:
        client.send(b"GET /greeter/say/hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        answer = client.response()
        assert (answer.status, answer.value("Connection").lower()) == (200, "keep-alive")
        client.send(b"GET /greeter/say/hello HTTP/1.0\r\n\r\n")
        assert client.response().status == 200
        assert client.is_closed_by_peer()


def test_the_real_curl_uses_one_connection_again(demo):
    result = subprocess.run(
        ["curl", "--silent", "--max-time", "20", "--write-out", "%{num_connects}\n", "--output", "/dev/null",
         f"{demo.api_url}/greeter/say/hello?name=[1-5]"], capture_output=True, text=True, timeout=30)
    assert result.stdout.split() == ["1", "0", "0", "0", "0"]


def test_a_client_that_expects_to_continue_is_told_to(demo):
    with wire.connect(demo.api_port) as client:
        client.send(
            b"POST /greeter/say/hello HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: 12\r\nExpect: 100-continue\r\n\r\n")
        assert client.response(skips_interim=False).status == 100
        client.send(b'{"name":"J"}')
        assert client.response().body == b'{"msg":"Hello J"}'


# Resolvers and handlers


@pytest.mark.parametrize(
    "flags, name, path, host, endpoint",
    [
        ([], "go.micro.api.greeter", "/greeter/say/hello", "a", "Say.Hello"),
        ([], "go.micro.api.v1.greeter", "/v1/greeter/hello", "a", "Greeter.Hello"),
        ([], "go.micro.api.greeter", "/greeter", "a", "Greeter.Call"),
        (["--namespace=com.example", "--type=shop"], "com.example.shop.greeter", "/greeter/say/hello", "a",
         "Say.Hello"),
        (["--namespace="], "greeter", "/greeter/say/hello", "a", "Say.Hello"),
        (["--resolver=grpc"], "helloworld", "/helloworld.Greeter/SayHello", "a", "Greeter.SayHello"),
        (["--namespace=domain"], "staging.api.greeter", "/greeter/say/hello", "staging.myapp.com", "Say.Hello"),
    ],
)
def test_a_resolver_names_the_endpoint(start_server, micro_service, flags, name, path, host, endpoint):
    service = micro_service(name, **{endpoint.replace(".", "_"): lambda _: {"endpoint": endpoint}})
    server = start_server(*flags)
    server.register(name, service.address)
    status, body = curl("-H", f"Host: {host}", server.api_url + path)
    assert (status, json.loads(body)) == (200, {"endpoint": endpoint})


@pytest.mark.parametrize(
    "flags, name, path, host",
    [
        (["--handler=http"], "go.micro.api.site", "/site/about?x=1", "a"),
        (["--handler=http"], "go.micro.api.v1.site", "/v1/site/about", "a"),
        (["--handler=http", "--resolver=path"], "go.micro.api.site", "/site/about", "a"),
        (["--handler=proxy", "--resolver=vpath"], "go.micro.api.v2.site", "/v2/site/about", "a"),
        (["--handler=http", "--resolver=host"], "go.micro.api.site", "/about", "go.micro.api.site:8080"),
        (["--handler=http", "--resolver=host"], "go.micro.api.site", "/about", "GO.Micro.API.site."),
    ],
)
def test_a_resolver_names_the_service_that_a_request_is_passed_to(start_server, raw_server, flags, name, path, host):
    backend = raw_server()
    server = start_server(*flags)
    server.register(name, backend.address, protocol="http")
    assert curl("-H", f"Host: {host}", server.api_url + path) == (200, path)
    request, = backend.requests
    assert (request.target, request.value("Host")) == (path, host)


# The proxy in front of one server


class Files(peers.http.server.BaseHTTPRequestHandler):
    """Sends as many bytes as the path says, and tells the digest of what is uploaded."""

    protocol_version = "HTTP/1.1"
    block = bytes(range(256)) * 256

    def do_GET(self):
        size = int(self.path[1:])
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        for _ in range(size // len(self.block)):
            self.wfile.write(self.block)

    def do_PUT(self):
        digest, left = hashlib.sha256(), int(self.headers["Content-Length"])
        while left:
            block = self.rfile.read(min(left, 65536))
            digest.update(block)
            left -= len(block)
        body = digest.hexdigest().encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def files():
    server = peers.http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


SIZE = 50 * 1024 * 1024
GROWTH = 16 * 1024 * 1024


def test_50_mb_are_downloaded_without_being_kept(start_proxy, files):
    proxy = start_proxy(files)
    before, highest, received = proxy.resident_bytes(), 0, 0
    with urllib.request.urlopen(f"{proxy.proxy_url}/{SIZE}", timeout=30) as answer:
        while block := answer.read(1024 * 1024):
            received += len(block)
            highest = max(highest, proxy.resident_bytes())
    assert received == SIZE
    assert highest - before < GROWTH


def test_50_mb_are_uploaded_without_being_kept(start_proxy, files, tmp_path):
    proxy = start_proxy(files)
    path = tmp_path / "upload"
    path.write_bytes(Files.block * (SIZE // len(Files.block)))
    before = proxy.resident_bytes()
    status, body = curl("--upload-file", str(path), f"{proxy.proxy_url}/upload")
    assert (status, body) == (201, hashlib.sha256(path.read_bytes()).hexdigest())
    assert proxy.resident_bytes() - before < GROWTH


def test_the_proxy_passes_path_query_and_method_on(start_proxy, raw_server):
    backend = raw_server()
    proxy = start_proxy(backend.url)
    assert curl("-X", "PATCH", "-d", "a", f"{proxy.proxy_url}/x%20y/z?q=1&r") == (200, "/x%20y/z?q=1&r")
    request, = backend.requests
    assert (request.first_line, request.body) == ("PATCH /x%20y/z?q=1&r HTTP/1.1", b"a")


def test_a_server_that_is_away_is_bad_gateway(start_proxy):
    with wire.socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    proxy = start_proxy(f"http://127.0.0.1:{port}")
    report = error(curl(proxy.proxy_url), 502)
    assert str(port) not in report["detail"]
