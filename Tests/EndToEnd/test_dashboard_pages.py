"""What the dashboard tells beside its services: about itself, when something goes wrong, and without its script."""

import datetime
import re

import pytest
from playwright.sync_api import expect

from visits import GREETER, NARROW, WIDE, assert_accessible, request


# What goes wrong, and what is told beside the services


def test_who_cannot_be_asked_again_is_told_that_what_is_shown_may_be_old(visit, demo):
    page = visit().open_greeter()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.route("**/api/services", lambda route: route.fulfill(
        status=401, json={"error": {"code": 401, "detail": "log in first"}}))
    record = {"name": "test.unseen", "version": "9", "nodes": [{"id": "unseen-1", "address": "127.0.0.1:9"}]}
    assert request(f"{demo.web_url}/api/services", "POST", record)[0] == 200
    trouble = page.get_by_text("What you see may be old: log in first. This page")
    expect(trouble).to_be_visible()
    expect(page.get_by_label("Endpoint", exact=True)).to_be_visible()
    assert_accessible(page)
    page.unroute("**/api/services")
    assert request(f"{demo.web_url}/api/services", "DELETE", record)[0] == 200
    expect(trouble).to_have_count(0)


def test_when_news_are_refused_the_page_asks_why(visit):
    first = visit()
    page = first.page
    refusal = {"error": {"code": 401, "detail": "log in first"}}
    page.route("**/api/events", lambda route: route.fulfill(status=401, json=refusal))
    page.goto(first.url)
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    expect(page.get_by_role("heading", name="Choose a service")).to_be_visible()
    page.route("**/api/status", lambda route: route.fulfill(status=401, json=refusal))
    expect(page.get_by_text("What you see may be old: log in first. This page")).to_be_visible(timeout=20_000)


def test_before_anything_is_known_the_page_says_that_it_goes_on_trying(visit):
    first = visit()
    page = first.page
    page.route("**/api/**", lambda route: route.abort())
    page.goto(first.url)
    expect(page.get_by_role("heading", name="The services cannot be read")).to_be_visible()
    expect(page.get_by_text("This page goes on trying, and shows them")).to_be_visible()
    assert_accessible(page)
    page.unroute("**/api/**")
    expect(page.get_by_role("heading", name="Choose a service")).to_be_visible(timeout=20_000)


def told_as(visit, **status):
    """Has the page told another status than the program's."""
    told = request(f"{visit.url}/api/status", "GET")[1]
    told["data"].update(status)
    visit.page.route("**/api/status", lambda route: route.fulfill(json=told))


@pytest.mark.parametrize(("days", "words", "warns"), [(90.5, "90 more days", 0), (1.5, "1 more day.", 1), (
    -1, "It has expired", 1)])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_certificates_are_shown_with_their_end(visit, viewport, days, words, warns):
    first = visit(viewport=viewport)
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    told_as(first, certificates=[{"names": ["a.example", "b.example"], "expires": end.isoformat()}])
    page = first.open()
    said = page.get_by_text("The certificate for a.example, b.example is valid until")
    expect(said).to_contain_text(words)
    # Where there is room for one thing only, it is the list; but warnings are for everyone.
    expect(said).to_be_visible(visible=viewport == WIDE or warns == 1)
    expect(page.locator(".warn", has=page.locator("time"))).to_have_count(warns)
    assert_accessible(page)


def test_a_dashboard_that_is_open_to_everyone_says_so(visit):
    first, other = visit(), visit()
    told_as(first, insecure=True)
    expect(first.open().get_by_text("open to everyone who reaches it")).to_be_visible()
    expect(first.page.locator("#facts")).to_contain_text("· open to everyone")
    page = other.open()
    expect(page.get_by_role("heading", name="Choose a service")).to_be_visible()
    expect(page.get_by_text("open to everyone")).to_have_count(0)


def test_where_the_gateway_listens_is_told_in_a_narrow_window_too(visit):
    page = visit(viewport=NARROW).open()
    expect(page.locator("#facts")).to_contain_text("gateway http://localhost:")
    assert page.locator("#facts").evaluate("(facts) => facts.scrollWidth <= facts.clientWidth")


def test_the_number_of_services_stands_above_them(visit):
    page = visit().open()
    expect(page.get_by_text(re.compile(r"^\d+ services$"))).to_be_visible()
    places = [page.locator(place).bounding_box()["y"] for place in ("#search", "#apps", "#count", "#services")]
    assert places == sorted(places)


# What needs no script


@pytest.mark.parametrize("path", ["/services", f"/service/{GREETER}", "/service/nothing", "/nowhere/at/all"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_pages_without_a_script_are_accessible_too(visit, path, viewport):
    first = visit(viewport=viewport, color_scheme="dark")
    page = first.page
    page.goto(first.url + path)
    assert page.locator("body").evaluate("(body) => getComputedStyle(body).fontFamily").startswith("system-ui")
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    for cell in page.get_by_role("cell").all():
        box = cell.bounding_box()
        assert box["x"] + box["width"] <= viewport["width"], "all of it is seen without scrolling"


def test_the_page_of_an_error_leads_to_the_dashboard(visit):
    first = visit()
    page = first.page
    page.goto(f"{first.url}/nowhere/at/all")
    page.get_by_role("link", name="Dashboard").click()
    expect(page.get_by_role("heading", name="Choose a service")).to_be_visible()


# Statistics


def open_statistics(first):
    """Opens the page with a clock that the test turns."""
    first.page.clock.install()
    first.page.goto(f"{first.url}/stats")
    expect(first.page.get_by_role("heading", name="Statistics")).to_be_visible()
    return first.page


def test_statistics_keep_their_headings_in_a_narrow_window(visit, start_server):
    page = open_statistics(visit(start_server("--enable_stats"), viewport=NARROW, color_scheme="dark"))
    expect(page.get_by_role("columnheader", name="All")).to_be_visible()
    expect(page.get_by_role("table")).to_have_accessible_name(re.compile("Requests in 5 seconds each"))
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_statistics_are_told_in_the_zone_of_who_reads_them(visit, start_server):
    first = visit(start_server("--enable_stats"), timezone_id="Asia/Tokyo", locale="en-GB")
    page = open_statistics(first)
    time = page.locator("#process time")
    start = datetime.datetime.fromisoformat(time.get_attribute("title").replace("Z", "+00:00"))
    hour = start.astimezone(datetime.timezone(datetime.timedelta(hours=9))).strftime("%H:%M:%S")
    expect(time).to_contain_text(hour)
    assert first.requested


def test_news_of_statistics_leave_the_focus_where_it_is(visit, start_server):
    server = start_server("--enable_stats")
    page = open_statistics(visit(server))
    link = page.get_by_role("link", name="Those of the gateway")
    link.focus()
    expect(page.get_by_role("columnheader", name="4xx")).to_have_count(0)
    page.request.get(f"{server.web_url}/nosuch")
    page.clock.run_for(5000)
    expect(page.get_by_role("columnheader", name="4xx")).to_be_visible()
    expect(link).to_be_focused()


@pytest.mark.parametrize("answer", [
    {"status": 403, "body": "no"}, {"status": 200, "content_type": "text/html", "body": "<main>Log in</main>"}, None])
def test_statistics_that_cannot_be_read_say_how_old_they_are(visit, start_server, answer):
    page = open_statistics(visit(start_server("--enable_stats")))
    page.route("**/stats", lambda route: route.fulfill(**answer) if answer else route.abort())
    page.clock.run_for(5000)
    trouble = page.get_by_text("These numbers are those of")
    expect(trouble).to_be_visible()
    expect(page.get_by_role("columnheader", name="All")).to_be_visible()
    page.clock.run_for(5000)
    expect(trouble).to_have_count(1)
    assert_accessible(page)
    page.unroute("**/stats")
    page.clock.run_for(5000)
    expect(trouble).to_have_count(0)
