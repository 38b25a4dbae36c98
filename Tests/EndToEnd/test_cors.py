"""Pages of other sites: which of them browsers let read answers of the gateway."""

import pytest
from playwright.sync_api import sync_playwright

import wire

APP = "https://app.example"
PREFLIGHT = ("Access-Control-Request-Method: PUT", "Access-Control-Request-Headers: content-type, x-tenant")


def ask(server, method="GET", *fields, target="/greeter/say/hello"):
    return wire.ask(server.api_port, wire.request(method, target, *fields), method)


def told(answer):
    """What is told of pages, without the names that all may read."""
    return {
        name: value for name, value in answer.fields
        if name.startswith("access-control-") and name != "access-control-expose-headers"}


@pytest.fixture(scope="module")
def server(start_for_module):
    return start_for_module(
        "demo", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0",
        f"--allowed_origins={APP},http://other.example:8080", "--cors_headers=X-Tenant")


@pytest.mark.parametrize("target, status", [("/greeter/say/hello", 200), ("/nosuch", 404), ("/", 200), ("/a//b", 308)])
def test_a_page_that_is_named_may_read_every_answer(server, target, status):
    answer = ask(server, "GET", f"Origin: {APP}", target=target)
    assert answer.status == status
    assert told(answer) == {"access-control-allow-origin": APP, "access-control-allow-credentials": "true"}
    assert "Origin" in ", ".join(answer.values("Vary"))


def test_a_page_that_is_named_may_ask_beforehand(server):
    answer = ask(server, "OPTIONS", f"Origin: {APP}", *PREFLIGHT)
    assert (answer.status, answer.body) == (200, b"")
    assert told(answer) == {
        "access-control-allow-origin": APP, "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": "content-type, x-tenant", "access-control-max-age": "600"}


@pytest.mark.parametrize("origin", ["https://evil.test", "https://app.example.evil.test", "http://app.example", "null"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_page_is_told_nothing(server, method, origin):
    answer = ask(server, method, f"Origin: {origin}", *PREFLIGHT)
    assert told(answer) == {}
    assert "Origin" in ", ".join(answer.values("Vary"))


def test_what_a_page_asks_for_is_not_repeated_when_it_is_not_allowed(server):
    answer = ask(
        server, "OPTIONS", f"Origin: {APP}", PREFLIGHT[0],
        "Access-Control-Request-Headers: a\tb<script>, x-other, micro-trace-id, Timeout")
    assert told(answer)["access-control-allow-headers"] == "micro-trace-id, Timeout"


def test_everyone_may_read_what_everyone_is_shown(start_server):
    server = start_server("--allowed_origins=*")
    assert told(ask(server, "GET", "Origin: https://evil.test")) == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize("flags", [[], [f"--allowed_origins={APP}", "--enable_cors=false"]])
def test_nobody_is_told_anything_when_nobody_is_named_or_it_is_switched_off(start_server, flags):
    server = start_server(*flags)
    for method in ("GET", "OPTIONS"):
        assert told(ask(server, method, f"Origin: {APP}", *PREFLIGHT)) == {}


def test_where_nobody_is_named_pages_of_localhost_may_read_without_cookies(start_server):
    server = start_server()
    for origin in "http://localhost:3000", "http://127.0.0.1:8082", "http://[::1]:1":
        assert told(ask(server, "GET", f"Origin: {origin}")) == {"access-control-allow-origin": origin}
        assert ask(server, "OPTIONS", f"Origin: {origin}", *PREFLIGHT).status == 200
    assert told(ask(server, "GET", "Origin: http://localhost.evil.test")) == {}


@pytest.mark.parametrize("origin, told_origin", [
    (APP, APP), ("https://its.own", "https://its.own"), ("https://evil.test", "https://its.own")])
def test_what_a_service_says_itself_holds_where_the_gateway_says_nothing(
        start_server, raw_server, origin, told_origin):
    def script(server, connection):
        while (request := connection.request()) is not None:
            server.requests.append(request)
            connection.send(wire.reply(
                "200 OK", "Access-Control-Allow-Origin: https://its.own", "Access-Control-Expose-Headers: X-Total",
                body=b"x"))

    node = raw_server(script)
    server = start_server("--handler=http", f"--allowed_origins={APP}")
    server.register("go.micro.api.site", node.address, protocol="http")
    answer = ask(server, "GET", f"Origin: {origin}", target="/site")
    assert answer.values("Access-Control-Allow-Origin") == [told_origin]
    assert "X-Total" in answer.value("Access-Control-Expose-Headers")
    # Preflights of pages that the gateway says nothing to are the service's to answer; other OPTIONS always are.
    ask(server, "OPTIONS", f"Origin: {origin}", *PREFLIGHT, target="/site")
    ask(server, "OPTIONS", target="/site")
    assert len(node.requests) == (2 if origin == APP else 3)


def test_a_proxy_leaves_it_to_the_server_until_somebody_is_named(start_proxy, raw_server):
    def script(_, connection):
        while connection.request() is not None:
            connection.send(wire.reply("200 OK", "Access-Control-Allow-Origin: https://its.own", body=b"x"))

    def asked(*flags):
        proxy = start_proxy(raw_server(script).url, *flags)
        lines = [f"Origin: {APP}", *PREFLIGHT]
        preflight = wire.ask(proxy.proxy_port, wire.request("OPTIONS", "/", *lines))
        return preflight.status, told(wire.ask(proxy.proxy_port, wire.get("/", lines[0])))

    own = {"access-control-allow-origin": "https://its.own"}
    for flags in [], [f"--allowed_origins={APP}", "--enable_cors=false"]:
        assert asked(*flags) == (200, own)
    status, grant = asked(f"--allowed_origins={APP}")
    assert (status, grant["access-control-allow-origin"]) == (200, APP)


# In a browser


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, raw_server):
    """Opens an empty page of a host."""
    pages = []

    def script(server, connection):
        while connection.request() is not None:
            connection.send(wire.reply("200 OK", "Content-Type: text/html", body=b"<title>page</title>"))

    def make(host, site):
        pages.append(browser.new_page())
        pages[-1].goto(f"http://{host}:{site.port}/")
        return pages[-1]

    make.site = raw_server(script)
    yield make
    for each in pages:
        each.close()


CALL = """async ([url, type, body]) => {
    try {
        const headers = {'Content-Type': type, 'Timeout': '5', 'X-Grpc-Web': '1'};
        const answer = await fetch(url, {method: 'POST', headers, body, credentials: 'include'});
        return [answer.status, answer.headers.get('grpc-status'), await answer.text()];
    } catch (error) {
        return String(error);
    }
}"""


def test_browsers_let_the_right_pages_call(start, page):
    origin = f"http://app.example:{page.site.port}"
    server = start(
        "demo", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0", f"--allowed_origins={origin}")
    call = [f"{server.api_url}/greeter/say/hello", "application/json", '{"name":"John"}']
    app = page("app.example", page.site)
    status, _, text = app.evaluate(CALL, call)
    assert (status, "John" in text) == (200, True)
    # An error can be read as well, and so can the outcome of a call in gRPC-Web: a header when it fails at once.
    assert app.evaluate(CALL, [f"{server.api_url}/nosuch", *call[1:]])[0] == 404
    status, outcome, _ = app.evaluate(
        CALL, [f"{server.api_url}/go.none.Greeter/Hello", "application/grpc-web+proto", ""])
    assert (status, outcome) == (200, "12")
    assert "Failed to fetch" in page("evil.example", page.site).evaluate(CALL, call)
