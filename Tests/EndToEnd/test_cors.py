"""Pages of other sites: which of them browsers let read answers of the gateway."""

import pytest

import wire

APP = "https://app.example"
PREFLIGHT = ("Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: content-type, x-tenant")


def ask(server, method="GET", *fields, target="/greeter/say/hello"):
    return wire.ask(server.api_port, wire.request(method, target, *fields), method)


def told(answer):
    return {name: value for name, value in answer.fields if name.startswith("access-control-")}


@pytest.fixture(scope="module")
def server(start_for_module):
    return start_for_module(
        "demo", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0",
        f"--allowed_origins={APP},http://other.example:8080")


@pytest.mark.parametrize("target, status", [("/greeter/say/hello", 200), ("/nosuch", 404), ("/", 200), ("/a//b", 308)])
def test_a_page_that_is_named_may_read_every_answer(server, target, status):
    answer = ask(server, "GET", f"Origin: {APP}", target=target)
    assert answer.status == status
    assert told(answer) == {"access-control-allow-origin": APP, "access-control-allow-credentials": "true"}
    assert "Origin" in ", ".join(answer.values("Vary"))


def test_a_page_that_is_named_may_ask_beforehand(server):
    answer = ask(server, "OPTIONS", f"Origin: {APP}", *PREFLIGHT)
    assert (answer.status, answer.body) == (204, b"")
    assert told(answer) == {
        "access-control-allow-origin": APP, "access-control-allow-credentials": "true",
        "access-control-allow-methods": "POST, PATCH, GET, OPTIONS, PUT, DELETE, HEAD",
        "access-control-allow-headers": "content-type, x-tenant", "access-control-max-age": "600"}


@pytest.mark.parametrize("origin", ["https://evil.test", "https://app.example.evil.test", "http://app.example", "null"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_page_is_told_nothing(server, method, origin):
    answer = ask(server, method, f"Origin: {origin}", *PREFLIGHT)
    assert told(answer) == {}
    assert "Origin" in ", ".join(answer.values("Vary"))


def test_what_a_page_asks_for_is_not_repeated_when_it_is_no_list_of_names(server):
    answer = ask(server, "OPTIONS", f"Origin: {APP}", PREFLIGHT[0], "Access-Control-Request-Headers: a\tb<script>")
    assert told(answer)["access-control-allow-headers"].startswith("Accept, Content-Type, ")


def test_everyone_may_read_what_everyone_is_shown(start_server):
    server = start_server("--allowed_origins=*")
    assert told(ask(server, "GET", "Origin: https://evil.test")) == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize("flags", [[], [f"--allowed_origins={APP}", "--enable_cors=false"]])
def test_nobody_is_told_anything_when_nobody_is_named_or_it_is_switched_off(start_server, flags):
    server = start_server(*flags)
    for method in ("GET", "OPTIONS"):
        assert told(ask(server, method, f"Origin: {APP}", *PREFLIGHT)) == {}


def test_what_a_service_says_itself_holds(start_server, raw_server):
    def script(server, connection):
        while connection.request() is not None:
            connection.send(wire.reply("200 OK", "Access-Control-Allow-Origin: https://its.own", body=b"x"))

    server = start_server("--handler=http", f"--allowed_origins={APP}")
    server.register("go.micro.api.site", raw_server(script).address, protocol="http")
    assert told(ask(server, "GET", f"Origin: {APP}", target="/site")) == {
        "access-control-allow-origin": "https://its.own"}
