"""The route explorer of the dashboard in a real browser: where a request would go, and what is declared."""

import shlex
import subprocess

from playwright.sync_api import expect

from visits import NARROW, assert_accessible, request


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
