"""What tests of the dashboard in a real browser share. The fixture `visit` of conftest.py makes visits."""

import http.client
import json
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

GREETER = "go.micro.srv.greeter"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}


class Visit:
    """A page, and everything it asked for or complained about."""

    def __init__(self, browser, demo, **options):
        self.context = browser.new_context(viewport=options.pop("viewport", WIDE), **options)
        self.context.set_default_timeout(10_000)
        self.page = self.context.new_page()
        self.url = demo.web_url.rstrip("/")
        self.requested, self.complaints = [], []
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message):
        # The browser itself notes every answer that is an error; those are expected where a test provokes them.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, hash=""):
        self.page.goto(f"{self.url}/{hash}")
        return self.page

    def open_greeter(self, endpoint="Say.Hello"):
        page = self.open(f"#service={GREETER}&endpoint={endpoint}")
        expect(page.get_by_label("Endpoint", exact=True)).to_have_value(endpoint)
        return page


def request(url, method, body=None, headers=None):
    """Asks without a browser. Returns the status and the JSON."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request(method, parts.path or "/", json.dumps(body) if body is not None else None, headers or {})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text) if text.startswith("{") else text


def assert_accessible(page):
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
