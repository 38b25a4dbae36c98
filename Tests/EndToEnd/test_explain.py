"""Why a request goes where it goes: asked of the running program, and compared with what it does."""

import json
import os
import random
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest


@pytest.fixture
def explain(micro):
    """Runs `micro explain` against a program."""

    def run(server, *arguments):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        return subprocess.run(
            [micro, "explain", *arguments, f"--server_address=127.0.0.1:{server.web_port}"], capture_output=True,
            text=True, timeout=20, env=clean)

    return run


def explained(server, method, path, **more):
    """What `/api/explain` says."""
    query = urllib.parse.urlencode({"method": method, "path": path, **more})
    with urllib.request.urlopen(f"{server.web_url}/api/explain?{query}", timeout=5) as answer:
        return json.load(answer)["data"]


def request(server, method, path, host="localhost", body=None, **fields):
    """What the gateway answers."""
    request = urllib.request.Request(f"{server.api_url}{path}", body, {"Host": host, **fields}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_command_tells_service_endpoint_node_and_message(explain, demo):
    result = explain(demo, "GET", "/greeter/say/hello?name=John")
    assert result.returncode == 0, result.stderr
    assert "service go.micro.api.greeter, endpoint Say.Hello" in result.stdout
    assert "resolver micro, namespace go.micro.api" in result.stdout
    assert "can be asked" in result.stdout
    assert '{"name":"John"}' in result.stdout


def test_what_no_call_is_made_of_is_explained_as_it_is_answered(explain, demo):
    result = explain(demo, "OPTIONS", "/greeter/say/hello")
    assert result.returncode == 0, result.stderr
    methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    assert f"answered by the gateway with the methods that the path takes: {methods}" in result.stdout
    with urllib.request.urlopen(
            urllib.request.Request(f"{demo.api_url}/greeter/say/hello", method="OPTIONS"), timeout=5) as answer:
        assert (answer.status, answer.headers["Allow"]) == (200, methods)
    assert explained(demo, "PROPFIND", "/greeter/say/hello")["problem"]["status"] == 405


def test_without_cors_options_is_a_method_like_others(start_server, micro_service):
    server = start_server("--enable_cors=false")
    server.register("go.micro.api.greeter", micro_service("go.micro.api.greeter").address)
    problem = explained(server, "OPTIONS", "/greeter/say/hello")["problem"]
    status, report = request(server, "OPTIONS", "/greeter/say/hello")
    assert problem["status"] == status == report["code"] == 405


def test_a_request_that_is_not_served_is_explained_with_what_is_near_and_code_1(explain, demo):
    result = explain(demo, "GET", "/greter/say/hello")
    assert result.returncode == 1
    assert "answered with 404: service go.micro.api.greter is not registered" in result.stdout
    assert "go.micro.api.greeter" in result.stdout


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [("GET", "/", "answered by the gateway"), ("POST", "/rpc", "the body names"),
     ("OPTIONS", "/rpc", "the methods that the path takes: POST, OPTIONS"),
     ("POST", "/rpc?service=go.micro.srv.greeter&method=Say.Hello",
      "a call of Say.Hello of go.micro.srv.greeter with {}"),
     ("GET", "/a//b", "redirected with 308 to /a/b")])
def test_what_the_gateway_does_by_itself_is_explained_too(explain, demo, method, path, words):
    result = explain(demo, method, path)
    assert (result.returncode, result.stderr) == (0, "")
    assert words in result.stdout


def test_header_host_and_data_are_part_of_the_question(explain, start_server):
    server = start_server()
    routes = {"path": "/stuff/{id}", "method": "POST", "host": "shop.example.com"}
    server.register(
        "go.micro.api.things", "127.0.0.1:9", endpoints=[{"name": "Things.Write", "metadata": routes}])
    question = ["POST", "/stuff/7", "--data={\"name\":\"x\"}", "--header=Content-Type: application/json"]
    result = explain(server, *question, "--host=shop.example.com")
    assert "* POST shop.example.com/stuff/{id}: it is the most special one that fits" in result.stdout, result.stdout
    assert "endpoint Things.Write" in result.stdout
    assert '{"name":"x","id":"7"}' in result.stdout
    result = explain(server, *question)
    assert "- POST shop.example.com/stuff/{id}: it is for other hosts" in result.stdout, result.stdout
    assert result.returncode == 1
    result = explain(server, *question, "--host=shop.example.com", "--output=json")
    assert json.loads(result.stdout)["destination"] == {
        "service": "go.micro.api.things", "endpoint": "Things.Write"}


def test_what_cannot_be_a_request_is_refused_with_what_the_gateway_would_say(explain, demo):
    for words, sentence in [
        (["GET", "nowhere"], "needs a method and a path"), (["GE T", "/"], "at once"),
        (["GET", "/", "--host=a b"], "at once"), (["GET", "/", "--gateway=nope"], "no gateway nope"),
        (["GET", "/", "--hots=x"], "did you mean --host?"),
    ]:
        result = explain(demo, *words)
        assert result.returncode != 0
        assert sentence in result.stderr, result.stderr


def test_without_a_running_program_there_is_nobody_to_ask(micro, explain):
    result = subprocess.run(
        [micro, "explain", "GET", "/a", "--web_address=127.0.0.1:1"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 69
    assert "only a running one knows" in result.stderr


def test_what_is_explained_is_what_is_done(start_server, micro_service):
    """Hundreds of requests at random; each goes where its explanation says, with the message it says."""
    dice = random.Random(7)
    server = start_server()
    patterns = ["/a/{id}", "/a/b", "/a/*/c", "/{x}/b", "/rest/{path=**}", "/a/{id}:go", "^/[ab]/[0-9]+$", "/b"]
    names = ["go.micro.api.a", "go.micro.api.b", "go.micro.api.c"]
    for name in names:
        answers = {
            f"E.M{number}": (lambda service, endpoint: lambda message: {
                "service": service, "endpoint": endpoint, "message": message})(name, f"E.M{number}")
            for number in range(3)}
        answers["A.B"] = (lambda service: lambda message: {
            "service": service, "endpoint": "A.B", "message": message})(name)
        service = micro_service(name)
        service.endpoints.update(answers)
        endpoints = [{"name": "A.B"}]
        for number in range(3):
            metadata = {"path": dice.choice(patterns), "method": dice.choice(["GET", "GET,POST", ""])}
            metadata["host"] = dice.choice(["", "", "example.com", "*.example.com"])
            endpoints.append({"name": f"E.M{number}", "metadata": metadata})
        server.register(name, service.address, endpoints=endpoints)
    served = 0
    for _ in range(400):
        segments = [dice.choice(["a", "b", "c", "rest", "7", "x%2Fy"]) for _ in range(dice.randint(1, 4))]
        path = "/" + "/".join(segments) + dice.choice(["", "", ":go"]) + dice.choice(["", "?q=1&id=9"])
        method, host = dice.choice(["GET", "POST", "PUT"]), dice.choice(["localhost", "example.com", "x.example.com"])
        told = explained(server, method, path, host=host)
        status, answer = request(server, method, path, host)
        if "problem" in told:
            assert (status, answer["detail"]) == (told["problem"]["status"], told["problem"]["detail"]), path
        elif status == 200:
            served += 1
            assert {"service": answer["service"], "endpoint": answer["endpoint"]} == told["destination"], path
            assert answer["message"] == json.loads(told["sends"]["message"]), path
        else:
            # The service has no such endpoint; the call was made where it was said.
            assert status == 404 and told["destination"]["endpoint"] in answer["detail"], (path, answer)
    assert served > 20


def test_each_version_gets_the_message_that_it_has_declared(start_server, micro_service):
    server = start_server()
    name = "go.micro.api.items"
    expected = {"1": {"a": 1, "id": "7"}, "2": {"item": {"a": 1}, "id": "7"}}
    for version, body in {"1": "*", "2": "item"}.items():
        service = micro_service(name)
        service.endpoints["Items.Write"] = (
            lambda version: lambda message: {"version": version, "message": message})(version)
        routes = json.dumps([{"path": "/items/{id}", "method": "PUT", "body": body}])
        server.register_record({
            "name": name, "version": version, "endpoints": [{"name": "Items.Write", "metadata": {"routes": routes}}],
            "nodes": [{"id": version, "address": service.address, "metadata": {"protocol": "mucp"}}]})
    fields = {"Content-Type": "application/json"}
    answers = [request(server, "PUT", "/items/7", body=b'{"a":1}', **fields) for _ in range(24)]
    assert {status for status, _ in answers} == {200}
    assert {answer["version"] for _, answer in answers} == {"1", "2"}
    assert all(answer["message"] == expected[answer["version"]] for _, answer in answers)
    sends = explained(server, "PUT", "/items/7", body='{"a":1}', header="Content-Type: application/json")["sends"]
    assert {key: json.loads(text) for key, text in sends.items() if key.startswith("message")} == {
        f"message (version {version})": message for version, message in expected.items()}


BODIES = {
    "application/protobuf": [b"", b"\x0a\x01a"], "application/grpc+proto": [b"", b"\x0a\x01a"],
    "application/grpc+json": [b'{"name":"a"}'], "application/x-ndjson": [b'{"name":"a"}\n'], "text/plain": [b"", b"a"],
    "application/x-www-form-urlencoded": [b"name=a", b' {"name":"a"}'], "multipart/form-data": [b"a"],
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("target", ["/greeter/say/hello", "/greeter/say/hello?name=b", "/greeter/say/stream?count=1"])
def test_a_body_that_is_refused_is_explained_so_and_one_that_is_taken_is_not(demo, kind, target):
    for body in BODIES[kind]:
        told = explained(demo, "POST", target, header=f"Content-Type: {kind}", body=body.decode())
        fields = {"Content-Type": kind, "Accept": "application/json"}
        status, answer = request(demo, "POST", target, body=body, **fields)
        if "problem" in told:
            assert (status, answer["detail"]) == (told["problem"]["status"], told["problem"]["detail"]), body
        else:
            # The service may still not know what it gets.
            assert status == 200 or answer["detail"].startswith("the service "), (body, answer)


def test_a_switched_off_rpc_is_explained_as_it_is_answered(start_server):
    server = start_server("--enable_rpc=false")
    path = "/rpc?service=a&method=A.B"
    told = explained(server, "POST", path)["problem"]
    status, answer = request(server, "POST", path, body=b"")
    assert (status, answer["detail"]) == (told["status"], told["detail"])
    assert status == 403


WEBSOCKET = [
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
]


@pytest.mark.parametrize("handler", ["meta", "rpc", "api", "http", "event", "cloudevents", "broker", "registry"])
def test_every_handler_explains_what_it_refuses(start_server, micro_service, handler):
    server = start_server(f"--handler={handler}")
    service = micro_service("go.micro.api.greeter")
    endpoints = [{"name": "Say.Hello"}, {"name": "Say.Stream", "metadata": {"stream": "true"}}]
    server.register("go.micro.api.greeter", service.address, endpoints=endpoints)
    refused = 0
    for method in ["GET", "POST", "PUT", "TRACE", "PURGE"]:
        for path in ["/greeter/say/hello", "/greeter/say/hello?a=%zz", "/nosuch/x", "/x?service=nosuch",
                     "/rpc?service=nosuch&method=A.B", "/rpc?service=go.micro.api.greeter"]:
            told = explained(server, method, path)
            status, answer = request(server, method, path, body=b"")
            if "problem" in told:
                refused += 1
                said = (told["problem"]["status"], told["problem"]["detail"])
                assert (status, answer["detail"]) == said, (method, path)
            else:
                assert status not in (400, 405), (method, path, told["sentence"], answer)
    assert refused


def test_a_web_socket_is_explained(demo):
    for path, words in [("/greeter/say/hello", "call it without a WebSocket"), ("/greeter/say/stream", None),
                        ("/greeter/say/stream?count=x", "must be a number"), ("/greeter/say/stream?count=1", None)]:
        query = urllib.parse.urlencode([("method", "GET"), ("path", path), *[("header", line) for line in WEBSOCKET]])
        with urllib.request.urlopen(f"{demo.web_url}/api/explain?{query}", timeout=5) as answer:
            told = json.load(answer)["data"]
        assert words in told["problem"]["detail"] if words else "problem" not in told


def test_a_route_of_one_version_leads_to_its_nodes_only(start_server, micro_service):
    server = start_server()
    name = "go.micro.api.items"
    route = {"name": "Items.Read", "metadata": {"path": "/items/{id}", "method": "GET"}}
    services = {}
    for version, endpoints in {"1": [{"name": "Items.List"}], "2": [route], "3": [route]}.items():
        services[version] = micro_service(name)
        services[version].endpoints.update({
            endpoint["name"]: (lambda version: lambda _: {"version": version})(version) for endpoint in endpoints})
        server.register_record({
            "name": name, "version": version, "endpoints": endpoints, "nodes": [
                {"id": version, "address": services[version].address, "metadata": {"protocol": "mucp"}}]})
    asked = [request(server, "GET", path) for path in ["/items/7", "/items/items/read"] * 8]
    assert {status for status, _ in asked} == {200}
    assert {answer["version"] for _, answer in asked} == {"2", "3"}
    assert request(server, "GET", "/items/items/list")[1] == {"version": "1"}
    for path, reason in [("/items/7", "has not declared this route"), ("/items/items/read", "does not describe")]:
        first, *others = explained(server, "GET", path)["nodes"]
        assert (first["version"], first["canBeAsked"]) == ("1", False)
        assert reason in first["state"]
        assert all(other["canBeAsked"] for other in others)
