"""What goes along with a call from the dashboard: metadata, a time limit, and nothing that is the page's own."""

import json
import shlex
import subprocess

import pytest
from playwright.sync_api import expect

from visits import NARROW, assert_accessible

SERVICE = "go.micro.srv.talker"


@pytest.fixture
def talker(start_server, micro_service, visit):
    """A service that keeps what it is sent, and the page to call it."""
    server = start_server()
    service = micro_service(SERVICE)
    server.register(SERVICE, service.address, endpoints=[{"name": "Say.Hello"}])

    def open(**options):
        page = visit(server, **options).open(f"#service={SERVICE}")
        expect(page.get_by_label("Endpoint", exact=True)).to_have_value("Say.Hello")
        return page

    return server, service, open


def unfold(page):
    page.get_by_text("Metadata and time limit").click()
    return page.get_by_label("Metadata, one on each line"), page.get_by_label("Seconds until the gateway gives up")


def call(page):
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_text("✓ 200 OK")).to_be_visible()


def test_metadata_and_a_time_limit_go_along(talker):
    _, service, open = talker
    page = open(viewport=NARROW)
    lines, seconds = unfold(page)
    lines.fill("X-Tenant: 7: seven\n\n  X-Trace:abc  ")
    seconds.fill("7")
    assert_accessible(page)
    call(page)
    headers, _ = service.calls[-1]
    assert (headers["X-Tenant"], headers["X-Trace"]) == ("7: seven", "abc")
    assert 6_000_000_000 < int(headers["Timeout"]) <= 7_000_000_000
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_metadata_stay_for_the_next_service_and_go_at_reset(talker):
    server, service, open = talker
    page = open()
    lines, _ = unfold(page)
    lines.fill("X-Tenant: 7")
    server.register("go.micro.srv.other", service.address, endpoints=[{"name": "Say.Hello"}])
    page.get_by_role("link", name="go.micro.srv.other").click()
    expect(page.get_by_role("heading", name="go.micro.srv.other")).to_be_visible()
    expect(lines).to_have_value("X-Tenant: 7")
    expect(lines).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    expect(lines).to_have_value("")
    call(page)
    assert service.calls[-1][0]["X-Tenant"] is None


@pytest.mark.parametrize(("text", "time", "words"), [
    ("X-Tenant", "", "has no colon"), ("X Tenant: 7", "", "no name of a field"), (": 7", "", "no name of a field"),
    ("Host: a.example", "", "Host cannot be set here"), ("x-micro-token: 0", "", "x-micro-token cannot be set here"),
    ("X-Name: Zoë", "", "characters beyond ASCII"), ("", "0", "from 1 to 600"), ("", "1.5", "from 1 to 600"),
    ("X-Fine: 1", "601", "from 1 to 600")])
def test_what_cannot_go_along_is_told_and_not_sent(talker, text, time, words):
    _, service, open = talker
    page = open()
    lines, seconds = unfold(page)
    lines.fill(text)
    seconds.fill(time)
    expect(page.get_by_text(words)).to_be_visible()
    page.get_by_text("Metadata and time limit").click()
    page.get_by_role("button", name="Call", exact=True).click()
    expect(lines if not time else seconds).to_be_focused()
    assert_accessible(page)
    assert service.calls == []


@pytest.mark.parametrize("name", ["curl", "micro"])
def test_copied_lines_have_metadata_and_time_limit_too(talker, micro, name):
    server, service, open = talker
    page = open()
    lines, seconds = unfold(page)
    lines.fill("X-Tenant: O'Brien & 7\nX-Trace: abc")
    seconds.fill("7")
    page.get_by_role("button", name=f"Copy as {name}").click()
    words = shlex.split(page.get_by_label(name, exact=True).input_value())
    if name == "micro":
        words = [micro, *words[1:], f"--server_address=127.0.0.1:{server.web_port}"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=20, check=True)
    assert "msg" in json.loads(told.stdout)
    headers, _ = service.calls[-1]
    assert (headers["X-Tenant"], headers["X-Trace"]) == ("O'Brien & 7", "abc")
    assert 6_000_000_000 < int(headers["Timeout"]) <= 7_000_000_000


def test_a_service_is_not_told_the_token_of_the_page(talker):
    _, service, open = talker
    page = open()
    token = page.locator("meta[name=micro-token]").get_attribute("content")
    assert len(token) == 32
    call(page)
    headers, _ = service.calls[-1]
    assert token not in str(headers), "an application of the same origin could use it to act as the dashboard"
