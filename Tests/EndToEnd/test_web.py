"""Web services beside the dashboard: by path and by host, in a browser, and what their scripts cannot do."""

import http.client
import http.server
import json
import threading
import urllib.request

import pytest
import websockets.exceptions
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from websockets.sync.client import connect

from websocket_nodes import nodes

WEB = ("web", "--registry=memory", "--loops=1", "--web_address=127.0.0.1:0")
GREETER = "go.micro.srv.greeter"


class Shop(http.server.BaseHTTPRequestHandler):
    """Answers `/report` and below with what it got, and everything else with the pages of the server it belongs to."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        page = self.server.pages.get(self.path)
        if page is None:
            page = json.dumps({
                "method": self.command, "path": self.path, "body": body.decode(),
                "fields": {name.lower(): value for name, value in self.headers.items()}})
        kind = {"<": "text/html", "/": "text/javascript"}.get(page[:1], "application/json")
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(page.encode())))
        for name, value in self.server.fields.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.encode())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    """A web service, with `pages` by their paths and `fields` for every answer."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.pages, server.fields = {}, {}
    server.address = f"127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def node():
    yield from nodes()


def ask(running, method, path, host=None, body=None, **fields):
    """Asks the dashboard's address. Returns the answer and its text."""
    connection = http.client.HTTPConnection("127.0.0.1", running.web_port, timeout=10)
    fields = {name.replace("_", "-"): value for name, value in fields.items()}
    connection.request(method, path, body, ({"Host": host} if host else {}) | fields)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


# By path


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_web_service_is_below_its_name(start, shop, method):
    web = start(*WEB)
    web.register("go.micro.web.shop", shop.address, protocol="http")
    answer, text = ask(web, method, "/shop/cart/1?x=%2F", body="text" if method in ("POST", "PUT", "PATCH") else None)
    assert answer.status == 200
    got = json.loads(text)
    assert (got["method"], got["path"]) == (method, "/cart/1?x=%2F")
    assert got["fields"]["host"] == shop.address
    assert got["fields"]["x-micro-web-base-path"] == got["fields"]["x-forwarded-prefix"] == "/shop"
    assert got["fields"]["x-forwarded-host"] == f"127.0.0.1:{web.web_port}"
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_what_cannot_be_reached_says_why(start, shop):
    web = start(*WEB)
    web.register("go.micro.web.shop", shop.address, protocol="http")
    web.register("go.micro.web.dead", "127.0.0.1:1", protocol="http")
    for path, status in [("/nosuch", 404), ("/nosuch/x", 404), ("/a-b", 404), ("/-x", 404), ("/terminal", 404),
                         ("/registry", 404), ("/service/a/b", 404), ("/dead/", 502), ("/dead/x", 502)]:
        answer, text = ask(web, "GET", path)
        assert (path, answer.status) == (path, status)
        assert json.loads(text)["error"]["code"] == status
        answer, text = ask(web, "GET", path, Accept="text/html,*/*;q=0.8")
        assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
        assert f"<h1>{status} " in text


def test_other_forms_of_paths_are_redirected(start, shop):
    web = start(*WEB)
    web.register("go.micro.web.shop", shop.address, protocol="http")
    for path, location in [("/shop", "shop/"), ("/shop?a=b", "shop/?a=b"), ("/shop//x", "/shop/x"),
                           ("/services/", "../services"), ("/client/", "../client"), ("/service/", "../services")]:
        for method in ("GET", "POST"):
            answer, _ = ask(web, method, path)
            assert (path, answer.status, answer.headers["Location"]) == (path, 308, location)


@pytest.mark.parametrize(
    "path", ["/shop/..%2fadmin", "/shop/a/..;/b", "/shop/..%5cb", "/shop/%00", "/shop/%c0%ae", "/..%2f"])
def test_paths_that_services_read_in_different_ways_are_refused(start, shop, path):
    web = start(*WEB)
    web.register("go.micro.web.shop", shop.address, protocol="http")
    answer, text = ask(web, "GET", path)
    assert answer.status == 400
    assert json.loads(text)["error"]["detail"].startswith("the path has ")
    answer, text = ask(web, "GET", "/shop/a%2Fb;c")
    assert (answer.status, json.loads(text)["path"]) == (200, "/a%2Fb;c")


@pytest.mark.parametrize("namespace", ["com.example", "com.example.web"])
def test_another_namespace_has_other_services(start, shop, namespace):
    web = start(*WEB, f"--namespace={namespace}")
    web.register("go.micro.web.shop", shop.address, protocol="http")
    web.register("com.example.web.store", shop.address, protocol="http")
    assert ask(web, "GET", "/shop/")[0].status == 404
    assert ask(web, "GET", "/store/")[0].status == 200
    listed = json.loads(ask(web, "GET", "/api/apps")[1])["data"]
    assert [(each["title"], each["url"]) for each in listed] == [("Store", "store/")]


@pytest.mark.parametrize("path", ["/chat/room", "/chat/", "/chat"])
def test_web_sockets_are_passed_on(start, node, path):
    web = start(*WEB)
    web.register("go.micro.web.chat", node().address, protocol="http")
    with connect(f"ws://127.0.0.1:{web.web_port}{path}") as client:
        client.send("x")
        assert client.recv(timeout=20) == "x"


def test_web_sockets_to_nobody_and_from_elsewhere_are_refused(start, node):
    web = start(*WEB)
    web.register("go.micro.web.chat", node().address, protocol="http")
    web.register("go.micro.web.dead", "127.0.0.1:1", protocol="http")
    base = f"ws://127.0.0.1:{web.web_port}"
    evil = "http://evil.test"
    for path, origin, status in [("/nosuch/ws", None, 404), ("/dead/ws", None, 502), ("/chat/", evil, 403)]:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            connect(base + path, origin=origin)
        assert refused.value.response.status_code == status


def test_the_gateways_handler_web_does_the_same_as_http(start_server, shop, node):
    server = start_server("--api_handler=web")
    server.register("go.micro.api.site", shop.address, protocol="http")
    server.register("go.micro.api.v2.site", shop.address, protocol="http")
    server.register("go.micro.api.chat", node().address, protocol="http")
    for path in ("/site/a/b?x=1", "/v2/site/x"):
        with urllib.request.urlopen(server.api_url + path, timeout=10) as answer:
            got = json.load(answer)
        assert got["path"] == path
        assert got["fields"]["host"] == f"127.0.0.1:{server.api_port}"
    for path in ("/nosuch", "/-site"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(server.api_url + path, timeout=10)
        assert refused.value.code == 404
    with connect(f"ws://127.0.0.1:{server.api_port}/chat/room") as client:
        client.send("x")
        assert client.recv(timeout=20) == "x"


# By host


@pytest.mark.parametrize(
    ("own", "domain"), [("web.micro.mu", "micro.mu"), ("https://dash.example:80/", "dash.example")])
def test_a_web_service_has_a_host_of_its_own(start, shop, own, domain):
    web = start(*WEB, "--resolver=subdomain", f"--web_url={own}")
    web.register("go.micro.web.shop", shop.address, protocol="http")
    for path in ("/", "/x", "/services", "/shop/x?y", "/api/services"):
        answer, text = ask(web, "GET", path, f"shop.{domain}:1")
        assert answer.status == 200
        assert json.loads(text)["path"] == path
        assert json.loads(text)["fields"]["x-micro-web-base-path"] == "/"
    assert ask(web, "GET", "/x", f"nosuch.{domain}")[0].status == 404
    assert ask(web, "GET", "/shop/x", f"nosuch.{domain}")[0].status == 404
    page = ask(web, "GET", "/x", f"nosuch.{domain}", Accept="text/html")[1]
    assert "<h1>404 " in page and "href=" not in page, "the dashboard is at another host"
    assert ask(web, "GET", "/", "shop.elsewhere.test")[0].status == 421
    answer, text = ask(web, "GET", "/api/apps", f"web.{domain}:81")
    assert [each["url"] for each in json.loads(text)["data"]] == [f"http://shop.{domain}:81/"]


def test_a_namespace_can_come_from_the_host(start, shop):
    web = start(*WEB, "--namespace=domain", "--insecure_dashboard")
    web.register("go.micro.web.shop", shop.address, protocol="http")
    web.register("staging.web.bar", shop.address, protocol="http")
    assert ask(web, "GET", "/shop/x", "staging.myapp.com")[0].status == 404
    assert ask(web, "GET", "/bar/x", "staging.myapp.com")[0].status == 200
    assert ask(web, "GET", "/shop/x", "myapp.com")[0].status == 200


def test_the_namespace_of_one_host_is_found_by_host_and_else_by_path(start, shop):
    web = start(*WEB, "--resolver=subdomain", "--insecure_dashboard")
    web.register("foo.web.bar", shop.address, protocol="http")
    web.register("go.micro.web.shop", shop.address, protocol="http")
    assert json.loads(ask(web, "GET", "/bar/x", "foo.example.com")[1])["path"] == "/bar/x"
    assert json.loads(ask(web, "GET", "/shop/x", "foo.example.com")[1])["path"] == "/x"
    assert "<title>Micro</title>" in ask(web, "GET", "/", "foo.example.com")[1]


# In a browser


def open_application(browser, web, shop, title="Shop"):
    """Opens the page of the shop by its tile on the dashboard."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(web.web_url)
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_text("Welcome")).to_be_visible()
    return page


def test_an_application_is_opened_from_the_dashboard(start, shop, node, browser):
    web = start(*WEB)
    shop.pages |= {
        "/": "<!doctype html><title>Shop</title><h1>Welcome</h1><p id=said></p><script src=app.js></script>",
        "/app.js": "// Relative, as it must be.\n"
                   "const socket = new WebSocket(new URL('../chat/room', location.href.replace(/^http/, 'ws')))\n"
                   "socket.onopen = () => socket.send('heard')\n"
                   "socket.onmessage = event => { document.getElementById('said').textContent = event.data }",
    }
    web.register("go.micro.web.shop", shop.address, protocol="http")
    web.register("go.micro.web.chat", node().address, protocol="http")
    page = open_application(browser, web, shop)
    assert page.url == f"{web.web_url}/shop/"
    expect(page.locator("#said")).to_have_text("heard")


ATTACKS = """async () => {
    const send = async (path, fields, options = {}) => {
        const answer = await fetch(path, {method: "POST", body: "{}", headers: fields, ...options})
        return answer.status
    }
    const text = await (await fetch("/")).text()
    const token = /content="([0-9a-f]{32})"/.exec(text)?.[1] ?? ""
    const frame = document.body.appendChild(document.createElement("iframe"))
    await new Promise(done => { frame.onload = frame.onerror = done; frame.src = "/" })
    let framed = ""
    try { framed = frame.contentDocument.querySelector("meta[name=micro-token]")?.content ?? "" } catch {}
    let seen = ""
    try { seen = opened.document.querySelector("meta[name=micro-token]")?.content ?? "" } catch {}
    let worker = "refused"
    try { worker = (await navigator.serviceWorker.register("sw.js", {scope: "/"})).scope } catch {}
    const cached = await fetch("/", {cache: "force-cache"})
    return {
        call: await send("/rpc", {"Content-Type": "application/json", "X-Micro-Token": token}),
        quiet: await send("/rpc", {"Content-Type": "application/json"}, {referrer: "/", referrerPolicy: "no-referrer"}),
        register: await send("/api/services", {"X-Micro-Token": framed || seen}),
        remove: await send("/api/services", {}, {method: "DELETE"}),
        token, framed, seen, worker, cached: /[0-9a-f]{32}/.test(await cached.text()),
    }
}"""


def test_the_scripts_of_an_application_cannot_use_the_dashboard(start, shop, browser):
    """They share its origin, and try everything that the page itself could do."""
    web = start(*WEB)
    shop.pages |= {
        "/": "<!doctype html><title>Shop</title><h1>Welcome</h1>",
        "/sw.js": "// A worker that would stand before every page.",
    }
    shop.fields |= {"Service-Worker-Allowed": "/", "Cross-Origin-Opener-Policy": "same-origin"}
    web.register("go.micro.web.shop", shop.address, protocol="http")
    page = open_application(browser, web, shop)
    with page.context.expect_page() as popup:
        page.evaluate("() => { window.opened = open('/') }")
    expect(popup.value.get_by_text("Live", exact=True)).to_be_visible()
    assert page.evaluate(ATTACKS) == {
        "call": 403, "quiet": 403, "register": 403, "remove": 403, "token": "", "framed": "", "seen": "",
        "worker": "refused", "cached": False,
    }
    assert web.services("go.micro.web.shop")


def test_the_page_itself_may_call(start, micro_service, browser):
    web = start(*WEB)
    service = micro_service(GREETER)
    endpoints = [{"name": "Say.Hello", "request": {"name": "r", "type": "r", "values": []}}]
    web.register(GREETER, service.address, endpoints=endpoints)
    page = browser.new_page()
    page.goto(f"{web.web_url}/client#service={GREETER}&endpoint=Say.Hello")
    page.get_by_label("Request (JSON)").fill('{"name": "Ada"}')
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✓ 200 OK")).to_be_visible()
    page.close()


def test_all_loops_know_the_page(start):
    web = start("web", "--registry=memory", "--loops=4", "--web_address=127.0.0.1:0")
    pages = {ask(web, "GET", "/")[1] for _ in range(32)}
    assert len(pages) == 1


def test_an_application_with_a_host_of_its_own_is_another_site(start, shop, browser):
    web = start(*WEB, "--resolver=subdomain")
    shop.pages["/"] = "<!doctype html><title>Shop</title><h1>Welcome</h1>"
    web.register("go.micro.web.shop", shop.address, protocol="http")
    page = browser.new_page()
    page.goto(f"http://localhost:{web.web_port}/services")
    page.get_by_role("link", name="Shop", exact=True).click()
    expect(page.get_by_text("Welcome")).to_be_visible()
    assert page.url == f"http://shop.localhost:{web.web_port}/"
    refused = page.evaluate(
        "url => fetch(url).then(() => 'read', () => 'refused')", f"http://localhost:{web.web_port}/api/services")
    assert refused == "refused"
    page.close()


def test_a_shadowed_application_is_said_to_be_so(start, shop, browser):
    web = start(*WEB)
    web.register("go.micro.web.client", shop.address, protocol="http")
    web.register("go.micro.web.shop", shop.address, protocol="http", metadata={"protocol": "http", "icon": "/none.png"})
    page = browser.new_page()
    for path in ("/", "/services"):
        page.goto(web.web_url + path)
        expect(page.get_by_text("so go.micro.web.client cannot be opened here")).to_be_visible()
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [each["html"] for each in rule["nodes"]]) for rule in found] == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_without_scripts_are_readable(start, shop, browser, scheme):
    web = start(*WEB)
    endpoint = {"name": "Cart.Add", "request": {"name": "r", "type": "r", "values": [
        {"name": "itemCode", "type": "int32", "values": []}]}, "metadata": {"stream": "true"}}
    web.register("go.micro.srv.cart", "127.0.0.1:9", endpoints=[endpoint])
    web.register("go.micro.web.shop", shop.address, protocol="http")
    context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
    page = context.new_page()
    page.goto(web.web_url)
    page.locator("noscript a").first.click()
    page.get_by_role("link", name="go.micro.srv.cart").click()
    expect(page.get_by_role("cell", name="127.0.0.1:9", exact=True)).to_be_visible()
    page.locator("summary", has_text="Cart.Add").click()
    expect(page.get_by_text("item_code int32")).to_be_visible()
    page.get_by_role("link", name="Services", exact=True).click()
    assert page.url == f"{web.web_url}/services"
    context.close()
    # The checker is a script itself.
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    for path in ("/services", "/service/go.micro.srv.cart"):
        page.goto(web.web_url + path)
        found = Axe().run(page).response["violations"]
        assert [(rule["id"], [each["html"] for each in rule["nodes"]]) for rule in found] == []
    context.close()


# The pages of Micro v2, as data


def test_the_old_pages_are_data_for_who_asks(start, shop):
    web = start(*WEB)
    web.register("go.micro.web.shop", shop.address, protocol="http")
    for path in ("/services", "/client", "/service/go.micro.web.shop"):
        answer, text = ask(web, "GET", path, Content_Type="application/json")
        assert answer.headers["Content-Type"] == "application/json"
        assert [each["name"] for each in json.loads(text)["services"]] == ["go.micro.web.shop"]
        answer, _ = ask(web, "GET", path)
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    answer, text = ask(web, "OPTIONS", "/")
    assert (answer.status, text) == (200, "")


def test_the_dashboard_counts_its_own_answers_and_leads_to_those_of_gateways(start_server):
    server = start_server("--enable_stats")
    for path in ("/api/status", "/nosuch", "/stats"):
        ask(server, "GET", path)
    with urllib.request.urlopen(f"{server.api_url}/", timeout=10) as answer:
        answer.read()

    def counted(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/stats", headers={"Accept": "application/json"})
        counters = json.loads(connection.getresponse().read())["counters"]
        connection.close()
        return {
            kind: sum(counter["status_codes"].get(kind, 0) for counter in counters) for kind in ("20x", "30x", "40x")}

    # Some more than here, as the fixture looks whether the program is ready.
    dashboard = counted(server.web_port)
    assert dashboard["20x"] >= 2 and dashboard["40x"] == 1
    assert counted(server.api_port) == {"20x": 1, "30x": 0, "40x": 0}
    _, page = ask(server, "GET", "/stats", Accept="text/html")
    assert "<th scope=\"col\">4xx</th>" in page and f"{server.api_url.rsplit(':', 1)[1]}/stats" in page
    _, page = ask(server, "GET", "/services", Accept="text/html")
    assert '<a href="stats">Stats</a>' in page


def test_a_click_leads_to_the_statistics(start, browser):
    page = browser.new_page()
    web = start(*WEB, "--enable_stats")
    page.goto(web.web_url)
    page.get_by_role("link", name="Stats").click()
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    assert not Axe().run(page).response["violations"]
    # It keeps itself new: what was asked for after it was loaded appears.
    assert page.get_by_role("columnheader", name="4xx").count() == 0
    page.request.get(f"{web.web_url}/nosuch")
    expect(page.get_by_role("columnheader", name="4xx")).to_be_visible(timeout=20_000)
    page.close()


def test_without_statistics_there_is_no_page_of_them(start, browser):
    web = start(*WEB)
    page = browser.new_page()
    page.goto(web.web_url)
    expect(page.get_by_text("no gateway in this program")).to_be_visible()
    expect(page.get_by_role("link", name="Stats")).to_have_count(0)
    page.close()
    assert ask(web, "GET", "/stats")[0].status == 404
    assert "Stats" not in ask(web, "GET", "/services", Accept="text/html")[1]
