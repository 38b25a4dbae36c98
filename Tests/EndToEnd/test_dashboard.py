"""The dashboard in a real browser, against the running program.

Needs the fixture `demo` of conftest.py: a started `micro demo` with `web_url` and `api_url`.
"""

import json
import pathlib
import re
import shlex
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from visits import GREETER, NARROW, WIDE, assert_accessible, request


def result(page):
    return page.get_by_role("region", name="Answer")


def test_open_click_call_and_see_the_answer(visit):
    first = visit()
    page = first.open()
    page.get_by_role("link", name=re.compile(re.escape(GREETER))).click()
    page.get_by_label("Endpoint", exact=True).select_option("Say.Hello")
    editor = page.get_by_label("Request (JSON)")
    assert json.loads(editor.input_value()) == {"name": ""}, "the editor begins with an example"
    editor.fill('{"name": "Ada"}')
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✓ 200 OK")).to_be_visible()
    assert json.loads(result(page).inner_text()) == {"msg": "Hello Ada"}


def test_no_request_leaves_for_another_host(visit):
    first = visit()
    page = first.open_greeter()
    page.get_by_role("button", name="Call").click()
    expect(result(page)).to_be_visible()
    assert first.requested
    assert {urlsplit(url).netloc for url in first.requested} == {urlsplit(first.url).netloc}


def test_an_error_is_told_in_words(visit):
    page = visit().open_greeter("Say.Fail")
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✕ 409 Conflict")).to_be_visible()
    expect(page.locator(".words").get_by_text("this endpoint always fails")).to_be_visible()


def test_what_is_no_json_is_not_sent(visit):
    first = visit()
    page = first.open_greeter()
    editor = page.get_by_label("Request (JSON)")
    editor.fill('{"name": ')
    expect(page.get_by_text("This is no JSON yet")).to_be_visible()
    expect(editor).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Call").click()
    expect(editor).to_be_focused()
    assert not [url for url in first.requested if url.endswith("/rpc")]


def test_messages_of_a_stream_appear_as_they_come(visit):
    page = visit().open_greeter("Say.Stream")
    expect(page.get_by_text("This endpoint streams")).to_be_visible()
    editor = page.get_by_label("Request (JSON)")
    assert json.loads(editor.input_value()) == {"name": "", "count": 0}
    editor.fill('{"name": "Ada", "count": 86400}')
    page.get_by_role("button", name="Call").click()
    # There would be no end, so what is seen was seen before it.
    expect(result(page)).to_contain_text('{"msg":"Hello Ada #1","seq":1}')
    assert_accessible(page)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("✓ Stopped")).to_be_visible()
    expect(page.get_by_role("button", name="Call")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[0-9]+ messages$"))).to_be_visible()


def test_a_stream_says_how_it_ended(visit):
    page = visit().open_greeter("Say.Stream")
    editor = page.get_by_label("Request (JSON)")
    editor.fill('{"name": "Ada", "count": 1}')
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✓ Ended")).to_be_visible()
    expect(page.get_by_text("1 message", exact=True)).to_be_visible()
    editor.fill('{"count": -1}')
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✕ 400 Bad Request")).to_be_visible()
    expect(page.locator(".words").get_by_text("count must be a number")).to_be_visible()


def test_the_copied_curl_line_works(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"]).open_greeter()
    page.get_by_label("Request (JSON)").fill('{"name": "O\'Brien", "id": 12345678901234567890}')
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_text("copied")).to_be_visible()
    line = page.evaluate("navigator.clipboard.readText()")
    assert line == page.get_by_label("curl", exact=True).input_value()
    assert "12345678901234567890" in line, "no digit is lost"
    answer = subprocess.run(shlex.split(line), capture_output=True, timeout=20, check=True)
    assert json.loads(answer.stdout) == {"msg": "Hello O'Brien"}


@pytest.mark.parametrize(("endpoint", "sent", "verb", "answers"), [
    ("Say.Hello", '{"name": "O\'Brien"}', "call", [{"msg": "Hello O'Brien"}]),
    ("Say.Stream", '{"name": "Ada", "count": 1}', "stream", [{"msg": "Hello Ada #0", "seq": 0}])])
def test_the_copied_line_for_micro_works(visit, micro, demo, endpoint, sent, verb, answers):
    page = visit(permissions=["clipboard-read", "clipboard-write"]).open_greeter(endpoint)
    page.get_by_label("Request (JSON)").fill(sent)
    page.get_by_role("button", name="Copy as micro").click()
    expect(page.get_by_text("copied")).to_be_visible()
    line = page.evaluate("navigator.clipboard.readText()")
    assert line == page.get_by_label("micro", exact=True).input_value()
    words = shlex.split(line)
    assert words[:4] == ["micro", verb, GREETER, endpoint]
    told = subprocess.run(
        [micro, *words[1:], f"--server_address=127.0.0.1:{demo.web_port}", "--output=raw"], capture_output=True,
        text=True, timeout=20, check=True)
    assert [json.loads(each) for each in told.stdout.splitlines()] == answers


def test_an_endpoint_that_is_not_registered_can_be_called_by_a_link(visit):
    page = visit().open(f"#service={GREETER}&endpoint=Say.Nothing")
    expect(page.get_by_label("Endpoint", exact=True)).to_have_value("Say.Nothing")
    expect(page.get_by_text("has not registered this endpoint")).to_be_visible()
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✕ 404 Not Found")).to_be_visible()
    page.get_by_label("Endpoint", exact=True).select_option("Say.Hello")
    expect(page.get_by_text("has not registered this endpoint")).to_be_hidden()


def test_without_a_clipboard_the_line_is_selected(visit):
    page = visit(permissions=[]).open_greeter()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')) }")
    page.get_by_role("button", name="Copy as curl").click()
    expect(page.get_by_text("press Ctrl+C to copy")).to_be_visible()
    assert page.evaluate("getSelection().toString()").startswith("curl ")


def test_services_come_and_go_without_a_reload(visit, demo):
    page = visit().open()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    record = {"name": "test.passing", "version": "9", "nodes": [{"id": "passing-1", "address": "127.0.0.1:9"}]}
    assert request(f"{demo.web_url}/api/services", "POST", record) == (200, {"data": {"registered": 1}})
    link = page.get_by_role("link", name=re.compile("test.passing"))
    expect(link).to_be_visible()
    link.click()
    expect(page.get_by_role("cell", name="passing-1")).to_be_visible()
    assert request(f"{demo.web_url}/api/services", "DELETE", record)[0] == 200
    expect(page.get_by_role("heading", name="No such service")).to_be_visible()
    expect(link).to_have_count(0)


def test_an_answer_from_before_the_news_is_asked_for_again(visit, demo):
    page = visit().open()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    old = request(f"{demo.web_url}/api/services", "GET")[1]
    late = []

    def answer(route):
        late.append(route)
        route.fulfill(json=old) if len(late) == 1 else route.continue_()

    page.route("**/api/services", answer)
    record = {"name": "test.early", "version": "9", "nodes": [{"id": "early-1", "address": "127.0.0.1:9"}]}
    assert request(f"{demo.web_url}/api/services", "POST", record)[0] == 200
    expect(page.get_by_role("link", name=re.compile("test.early"))).to_be_visible()
    assert len(late) > 1
    assert request(f"{demo.web_url}/api/services", "DELETE", record)[0] == 200


def test_news_do_not_disturb_who_writes_a_request(visit, demo):
    page = visit().open_greeter()
    editor = page.get_by_label("Request (JSON)")
    editor.fill('{"name": "half')
    record = {"name": GREETER, "version": "other", "nodes": [{"id": "other-1", "address": "127.0.0.1:9"}]}
    request(f"{demo.web_url}/api/services", "POST", record)
    expect(page.get_by_role("heading", name="Version other")).to_be_visible()
    assert editor.input_value() == '{"name": "half'
    expect(editor).to_be_focused()
    request(f"{demo.web_url}/api/services", "DELETE", record)
    expect(page.get_by_role("heading", name="Version other")).to_have_count(0)


def test_endpoints_show_their_fields(visit):
    page = visit().open_greeter()
    page.locator("summary", has_text="Say.Hello").click()
    described = page.locator("details[open]")
    expect(described).to_contain_text("name string")
    expect(described).to_contain_text("msg string")


def test_a_service_of_plain_http_is_shown_and_not_called(visit):
    page = visit().open("#service=go.micro.web.hello")
    expect(page.get_by_text("speaks plain HTTP")).to_be_visible()
    expect(page.get_by_text("asked by paths, and needs none")).to_be_visible()
    expect(page.get_by_text("You can still call one")).to_have_count(0)
    expect(page.get_by_role("button", name="Call")).to_have_count(0)


def test_everything_can_be_done_with_the_keyboard(visit):
    page = visit().open()
    expect(page.get_by_role("link", name=re.compile(re.escape(GREETER)))).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("srv greet")
    expect(page.get_by_text(re.compile(r"^1 of \d+ services$"))).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=GREETER)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Record and schemas (JSON)")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Endpoint", exact=True)).to_be_focused()
    page.keyboard.type("Say.Hello")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Request (JSON)")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("✓ 200 OK")).to_be_visible()


def test_a_search_without_a_match_says_what_to_do(visit):
    page = visit().open()
    page.get_by_role("searchbox").fill("nothing is called this")
    expect(page.get_by_text("Press Escape to see all")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name=re.compile(re.escape(GREETER)))).to_be_visible()


def test_an_unknown_service_has_near_names(visit):
    page = visit().open("#service=go.micro.srv.greetr")
    expect(page.get_by_text(GREETER)).not_to_have_count(0)
    expect(page.get_by_text("is not registered; the nearest")).to_be_visible()
    page.get_by_role("status").get_by_role("link", name=GREETER).click()
    expect(page.get_by_role("heading", name=GREETER)).to_be_focused()


def test_the_address_keeps_the_view_and_back_works(visit):
    page = visit().open()
    page.get_by_role("link", name=re.compile(re.escape(GREETER))).click()
    page.get_by_label("Endpoint", exact=True).select_option("Say.Hello")
    assert page.url.endswith(f"#service={GREETER}&endpoint=Say.Hello")
    page.reload()
    expect(page.get_by_label("Endpoint", exact=True)).to_have_value("Say.Hello")
    page.go_back()
    expect(page.get_by_role("heading", name="Choose a service")).to_be_visible()


def test_a_narrow_window_shows_one_thing_at_a_time(visit):
    page = visit(viewport=NARROW).open()
    page.get_by_role("link", name=re.compile(re.escape(GREETER))).click()
    expect(page.get_by_role("searchbox")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("link", name="All services").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_pages_are_accessible(visit, scheme, viewport):
    page = visit(viewport=viewport, color_scheme=scheme).open()
    expect(page.get_by_role("link", name=re.compile(re.escape(GREETER)))).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name=re.compile(re.escape(GREETER))).click()
    page.get_by_label("Endpoint", exact=True).select_option("Say.Fail")
    page.get_by_role("button", name="Copy as curl").click()
    page.get_by_role("button", name="Call").click()
    expect(page.get_by_text("✕ 409 Conflict")).to_be_visible()
    page.locator("summary", has_text="Say.Hello").click()
    page.get_by_label("Request (JSON)").fill("{")
    assert_accessible(page)
    page.goto(page.url.split("#")[0] + "#service=unknown")
    expect(page.get_by_role("heading", name="No such service")).to_be_visible()
    assert_accessible(page)


def test_without_its_script_the_page_says_where_to_look(visit):
    page = visit(java_script_enabled=False).open()
    expect(page.locator("noscript code").first).to_have_text("micro list services")
    page.locator("noscript a").first.click()
    expect(page.locator("body")).to_contain_text(GREETER)


def test_a_page_of_another_site_can_neither_read_nor_call(visit, demo):
    stranger = visit()
    page = stranger.page
    # A page that this test invents; 127.0.0.1 and localhost are different sites to a browser.
    page.route("http://other.localhost/", lambda route: route.fulfill(content_type="text/html", body="<p>other"))
    page.goto("http://other.localhost/")
    attempt = """async ([url, options]) => {
        try { return (await fetch(url, options)).type + " answer" } catch { return "refused" }
    }"""
    web = demo.web_url.rstrip("/")
    assert page.evaluate(attempt, [f"{web}/api/services", {}]) == "refused"
    record = {"name": "test.forged", "version": "1", "nodes": [{"id": "x", "address": "127.0.0.1:9"}]}
    blind = {"method": "POST", "mode": "no-cors", "body": json.dumps(record)}
    assert page.evaluate(attempt, [f"{web}/api/services", blind]) in ("refused", "opaque answer")
    assert any("CORS" in complaint for complaint in stranger.complaints)
    stranger.complaints.clear()
    with urllib.request.urlopen(f"{web}/api/services", timeout=10) as answer:
        assert "test.forged" not in answer.read().decode()


@pytest.mark.parametrize("path", ["/", "/api/services", "/rpc"])
def test_a_host_that_is_not_this_machine_is_refused(demo, path):
    status, answer = request(demo.web_url.rstrip("/") + path, "GET", headers={"Host": "evil.test"})
    assert status == 421
    assert "--insecure_dashboard" in answer["error"]["detail"]


def test_tools_are_shown_what_they_can_read(visit, demo):
    page = visit().open_greeter()
    link = page.get_by_role("navigation", name="Descriptions for tools").get_by_role("link", name="OpenAPI")
    link.focus()
    expect(link).to_be_focused()
    assert request(f"{demo.web_url}/{link.get_attribute('href')}", "GET")[1]["openapi"].startswith("3.1")
    record = page.get_by_role("link", name="Record and schemas (JSON)").get_attribute("href")
    endpoints = request(f"{demo.web_url}/{record}", "GET")[1]["data"][0]["endpoints"]
    assert any("requestSchema" in endpoint for endpoint in endpoints)


# The route explorer


def ask_explorer(page, path, method="GET"):
    """Types the question and presses the button. Returns the part of the page with the answer."""
    page.get_by_role("textbox", name="Path").fill(path)
    page.get_by_role("combobox", name="Method").fill(method)
    page.get_by_role("button", name="Explain").click()
    return page.get_by_role("region", name="Explanation")


def test_the_route_explorer_tells_service_endpoint_and_node(visit):
    page = visit().open()
    page.get_by_role("link", name="Route explorer", exact=True).click()
    expect(page.get_by_role("link", name="Route explorer", exact=True)).to_have_attribute("aria-current", "page")
    expect(page.get_by_role("heading", name="Route explorer")).to_be_focused()
    answer = ask_explorer(page, "/greeter/say/hello?name=Ada")
    expect(answer.get_by_role("status")).to_contain_text(
        "service go.micro.api.greeter, endpoint Say.Hello, handler rpc")
    expect(answer.get_by_role("cell", name="✓ can be asked")).to_be_visible()
    expect(answer).to_contain_text("None is declared")
    expect(page.get_by_role("region", name="Declared routes")).to_contain_text("None: the resolver decides")
    assert_accessible(page)
    expect(answer).to_contain_text('message: {"name":"Ada"}')
    answer.get_by_role("link", name="go.micro.api.greeter").first.click()
    expect(page.get_by_role("heading", name="go.micro.api.greeter")).to_be_focused()
    page.go_back()
    expect(answer.get_by_role("status")).to_contain_text("endpoint Say.Hello")


def test_the_route_explorer_tells_why_a_path_leads_nowhere(visit):
    page = visit().open("#explain")
    answer = ask_explorer(page, "/greter/say/hello", "POST")
    expect(answer.get_by_role("status")).to_contain_text(
        "✕ Answered with 404service go.micro.api.greter is not registered")
    expect(answer.get_by_role("status")).to_contain_text("the nearest registered names are go.micro.api.greeter")
    expect(answer).to_contain_text("makes of it the service go.micro.api.greter, endpoint Say.Hello")
    answer.get_by_role("status").get_by_role("link", name="go.micro.api.greeter").click()
    expect(page.get_by_role("heading", name="go.micro.api.greeter")).to_be_focused()


def test_a_pasted_explanation_is_the_same_after_a_reload(visit):
    page = visit().open("#explain")
    page.get_by_text("Header fields and body").click()
    page.get_by_label("Header fields, one on each line").fill("Content-Type: application/json\n\nX-Tenant: 7 & 8")
    page.get_by_label("Body", exact=True).fill('{"name": "Ada + Eve #1"}')
    page.get_by_role("textbox", name="Host").fill("shop.example.com")
    answer = ask_explorer(page, "/greeter/say/hello", "POST")
    expect(answer).to_contain_text('message: {"name": "Ada + Eve #1"}')
    told = answer.inner_text()
    assert "for host shop.example.com" in told
    page.reload()
    expect(answer).to_contain_text('message: {"name": "Ada + Eve #1"}')
    assert answer.inner_text() == told
    assert page.get_by_label("Header fields, one on each line").input_value() == (
        "Content-Type: application/json\nX-Tenant: 7 & 8")


def test_the_route_explorer_shows_the_same_command_for_a_terminal(visit, micro, demo):
    page = visit().open("#explain")
    page.get_by_text("Header fields and body").click()
    page.get_by_label("Body", exact=True).fill("{\"name\": \"O'Brien\"}")
    answer = ask_explorer(page, "http://localhost:8080/greeter/say/hello?a=1", "POST")
    expect(page.get_by_role("textbox", name="Path")).to_have_value("/greeter/say/hello?a=1")
    expect(answer.locator(".command code")).to_contain_text("--data")
    line = shlex.split(answer.locator(".command code").inner_text())
    assert line[:5] == ["micro", "explain", "POST", "/greeter/say/hello?a=1", "--host=localhost:8080"]
    told = subprocess.run(
        [micro, *line[1:], f"--server_address=127.0.0.1:{demo.web_port}"], capture_output=True, text=True, timeout=20)
    assert told.returncode == 0, told.stderr
    assert "O'Brien" in told.stdout


def test_routes_that_lose_say_why_and_the_explanation_follows_the_services(visit, demo):
    page = visit().open("#explain=/shelves/7")
    answer = page.get_by_role("region", name="Explanation")
    expect(answer.get_by_role("status")).to_contain_text("✕ Answered with 404")
    metadata = [{"path": "/shelves/{id}", "method": "GET"}, {"path": "/shelves/{id}", "method": "POST"}]
    record = {"name": "go.micro.api.shelf", "version": "1",
              "nodes": [{"id": "shelf-1", "address": "127.0.0.1:9", "metadata": {"protocol": "mucp"}}],
              "endpoints": [{"name": f"Shelf.{each['method']}", "metadata": each} for each in metadata]}
    assert request(f"{demo.web_url}/api/services", "POST", record)[0] == 200
    expect(answer.get_by_role("status")).to_contain_text("by the route GET /shelves/{id}")
    expect(answer.get_by_role("listitem").filter(has_text="✓ wins").last).to_contain_text("GET /shelves/{id}")
    expect(answer.get_by_role("listitem").filter(has_text="✕ loses").last).to_contain_text("it is for other methods")
    expect(answer).to_contain_text("Not asked, as a declared route decides")
    expect(answer.get_by_role("cell", name="shelf-1")).to_be_visible()
    declared = page.get_by_role("table", name="Declared routes")
    expect(declared.get_by_role("row", name="POST /shelves/{id}")).to_contain_text("endpoint Shelf.POST")
    assert_accessible(page)
    assert request(f"{demo.web_url}/api/services", "DELETE", record)[0] == 200
    expect(answer.get_by_role("status")).to_contain_text("✕ Answered with 404")
    expect(declared).to_have_count(0)


def test_a_declared_route_that_another_shadows_says_so(visit, start_server):
    server = start_server()
    for version, path in [("1", "/shelves/{id}"), ("2", "/shelves/{name}")]:
        server.register(
            f"go.micro.api.shelf{version}", "127.0.0.1:9",
            endpoints=[{"name": "Shelf.Get", "metadata": {"path": path, "method": "GET"}}])
    first = visit(server, viewport=NARROW)
    page = first.open("#explain")
    row = page.get_by_role("row", name="GET /shelves/{name}")
    expect(row).to_contain_text("Some or all of its requests go to the route of service go.micro.api.shelf1")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    row.get_by_role("link", name="go.micro.api.shelf2").click()
    expect(page.get_by_role("heading", name="go.micro.api.shelf2")).to_be_focused()


def test_routes_that_cannot_be_read_say_why(visit):
    first = visit()
    first.page.route("**/api/routes", lambda route: route.fulfill(
        status=403, json={"error": {"code": 403, "detail": "only operators may list routes"}}))
    page = first.open("#explain=/greeter/say/hello")
    expect(page.get_by_role("region", name="Explanation")).to_contain_text("endpoint Say.Hello")
    expect(page.get_by_role("region", name="Declared routes")).to_contain_text("only operators may list routes")


def test_what_is_no_request_is_told_in_words(visit):
    page = visit().open("#explain=/a&header=nothing")
    expect(page.get_by_text("✕ Not explained")).to_be_visible()
    expect(page.get_by_role("region", name="Explanation")).to_contain_text("answered with 400 at once")


def test_the_route_explorer_needs_no_mouse_and_no_wide_screen(visit):
    first = visit(viewport=NARROW, color_scheme="dark")
    page = first.open("#explain")
    expect(page.get_by_role("heading", name="Route explorer")).to_be_visible()
    expect(page.get_by_label("Gateway")).to_be_hidden()
    page.get_by_role("textbox", name="Path").focus()
    page.keyboard.type("/greeter/say/hello")
    page.keyboard.press("Enter")
    expect(page.get_by_role("cell", name="✓ can be asked")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    page.get_by_role("textbox", name="Path").fill("/nowhere")
    page.keyboard.press("Enter")
    expect(page.get_by_text("✕ Answered with 404")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="All services").click()
    expect(page.get_by_role("searchbox")).to_be_visible()


def test_of_several_gateways_one_is_chosen(visit, start, tmp_path):
    file = tmp_path / "micro.yaml"
    file.write_text("""registry: memory
listeners:
  - {name: public, address: '127.0.0.1:0'}
  - {name: internal, address: '127.0.0.1:0', handler: http, resolver: host}
  - {name: admin, serves: dashboard, address: '127.0.0.1:0'}
""")
    running = start("server", f"--config={file}")
    page = visit().page
    page.goto(f"{running.web_url}/#explain=/greeter/say/hello")
    answer = page.get_by_role("region", name="Explanation")
    expect(answer).to_contain_text("resolver micro")
    page.get_by_label("Gateway").select_option("internal")
    # What comes meanwhile is shown, and does not undo the choice.
    running.register("go.micro.api.greeter", "127.0.0.1:9")
    expect(answer).to_contain_text("127.0.0.1:9")
    page.get_by_role("button", name="Explain").click()
    expect(answer).to_contain_text("resolver host")
    page.reload()
    expect(page.get_by_label("Gateway")).to_have_value("internal")
    expect(answer).to_contain_text("resolver host")


def test_everything_of_the_page_together_is_small():
    files = pathlib.Path(__file__).parents[2].joinpath("Public").iterdir()
    assert sum(file.stat().st_size for file in files) < 100_000
