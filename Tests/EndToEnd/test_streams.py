"""Endpoints that stream, as curl, Python and a browser see them; and what the service sees of its clients."""

import http.client
import json
import signal
import subprocess
import threading
import time

import pytest
from playwright.sync_api import sync_playwright

import peers
import wire

NAME = "go.micro.api.counter"
PATH = "/counter/say/count"
STREAM = {"name": "Say.Count", "metadata": {"stream": "true"}}


@pytest.fixture
def counter(start_server, micro_service):
    """A gateway in front of a service whose one endpoint streams."""

    def make(endpoint, *arguments):
        service = micro_service(NAME, Say_Count=peers.stream(endpoint))
        server = start_server(*arguments)
        server.register(NAME, service.address, endpoints=[STREAM])
        return server

    return make


class Turns:
    """Lets a service wait until the test has seen what it sent."""

    def __init__(self):
        self._seen = threading.Semaphore(0)

    def wait(self):
        assert self._seen.acquire(timeout=20), "the test has seen nothing"

    def go_on(self):
        self._seen.release()


class Ended:
    """What became of a stream at the service's end."""

    def __init__(self):
        self._event = threading.Event()
        self.at = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is peers.Gone:
            self.at = time.monotonic()
            self._event.set()

    def wait(self):
        assert self._event.wait(10), "the service was not told that its client is gone"
        return self.at


class Curl:
    """The real curl, unbuffered, whose output is read as it comes."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            ["curl", "--no-buffer", "--silent", "--show-error", "--max-time", "30", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def rest(self):
        """What is left of the output, and the exit code."""
        return self.process.stdout.read(), self.process.wait(10)


def counting(turns, count=3):
    def count_up(stream):
        request = stream.receive()
        for number in range(count):
            stream.send({"number": number, **request})
            turns.wait()

    return count_up


# A service that says much


def test_curl_sees_each_line_as_soon_as_it_is_sent(counter):
    turns = Turns()
    server = counter(counting(turns))
    with Curl(f"{server.api_url}{PATH}?name=John") as curl:
        for number in range(3):
            assert json.loads(curl.line()) == {"number": number, "name": "John"}
            turns.go_on()
        assert curl.rest() == ("", 0)


def test_events_are_read_as_they_come(counter):
    turns = Turns()
    server = counter(counting(turns, 2))
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=20)
    connection.request("POST", PATH, '{"name":"J\u00f6rg"}'.encode(), {"Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Content-Type") == "text/event-stream"
    assert answer.getheader("Cache-Control") == "no-cache"
    assert answer.getheader("X-Accel-Buffering") == "no"
    for number in range(2):
        field, _, data = answer.readline().decode().partition(": ")
        assert (field, json.loads(data)) == ("data", {"number": number, "name": "J\u00f6rg"})
        assert answer.readline() == b"\n"
        turns.go_on()
    assert answer.read() == b"event: end\ndata: {}\n\n"
    # The connection serves the next request.
    connection.request("GET", "/")
    assert connection.getresponse().read().startswith(b'{"version"')
    connection.close()


def test_the_head_does_not_wait_for_the_first_message(counter):
    turns = Turns()
    server = counter(lambda stream: (turns.wait(), stream.send({})))
    connection = http.client.HTTPConnection("127.0.0.1", server.api_port, timeout=20)
    connection.request("GET", PATH, headers={"Accept": "text/event-stream"})
    answer = connection.getresponse()
    assert answer.status == 200
    turns.go_on()
    assert answer.read() == b"data: {}\n\nevent: end\ndata: {}\n\n"
    connection.close()


def failing(after):
    def fail(stream):
        for number in range(after):
            stream.send({"number": number})
        raise peers.MicroError({"id": "counter", "code": 409, "detail": "counted enough"})

    return fail


REPORT = {"id": "counter", "code": 409, "detail": "counted enough", "status": "Conflict"}


def test_an_error_at_once_has_a_status_of_its_own(counter):
    server = counter(failing(0))
    with wire.connect(server.api_port) as client:
        client.send(wire.get(PATH))
        answer = client.response()
    assert (answer.status, json.loads(answer.body)) == (409, REPORT)


def test_a_later_error_is_the_last_line_or_the_last_event(counter):
    server = counter(failing(1))
    with Curl(server.api_url + PATH) as curl:
        output, code = curl.rest()
    assert code == 0
    assert [json.loads(line) for line in output.splitlines()] == [{"number": 0}, {"error": REPORT}]
    with Curl("-H", "Accept: text/event-stream", server.api_url + PATH) as curl:
        output, _ = curl.rest()
    name, data = output.split("\n\n")[1].split("\n")
    assert (name, json.loads(data.removeprefix("data: "))) == ("event: error", REPORT)


def test_two_messages_laid_over_each_other_end_the_stream(counter):
    """As services of Go Micro were seen to send them."""
    server = counter(lambda stream: (stream.send({"n": 1}), stream.send_raw(b'{"greeting":"first-1",')))
    with Curl(server.api_url + PATH) as curl:
        output, _ = curl.rest()
    lines = [json.loads(line) for line in output.splitlines()]
    assert lines[0] == {"n": 1}
    assert lines[1]["error"]["code"] == 502


# A service that hears much


def adding_up(stream):
    total = 0
    while (message := stream.receive()) is not None:
        total += message["n"]
    stream.send({"total": total})


def test_the_lines_of_a_body_are_answered_with_one_value(counter):
    server = counter(adding_up)
    body = "".join(f'{{"n":{number}}}\n' for number in range(1, 1001))
    result = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "20", "--data-binary", "@-",
         "-H", "Content-Type: application/x-ndjson", "-H", "Accept: application/json", server.api_url + PATH],
        input=body, capture_output=True, text=True, timeout=30)
    assert (result.returncode, result.stdout) == (0, '{"total":500500}'), result.stderr


def echoing(stream):
    while (message := stream.receive()) is not None:
        stream.send({"got": message})


class Talk:
    """A client that sends lines and reads lines on one request, which curl cannot do at once."""

    def __init__(self, port, path):
        self.connection = wire.connect(port)
        self.connection.send(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, message):
        line = json.dumps(message).encode() + b"\n"
        self.connection.send(b"%x\r\n%s\r\n" % (len(line), line))

    def finish(self):
        self.connection.send(b"0\r\n\r\n")

    def head(self):
        head = self.connection.head()
        return head.status, head.value("content-type")

    def chunk(self):
        """The next chunk; empty at the end."""
        chunk = self.connection.take(int(self.connection.line(), 16))
        assert self.connection.line() == b""
        return chunk


def test_both_sides_talk_at_once(counter):
    server = counter(echoing)
    with Talk(server.api_port, PATH) as talk:
        assert talk.head() == (200, "application/x-ndjson")
        for number in range(3):
            talk.send({"n": number})
            assert json.loads(talk.chunk()) == {"got": {"n": number}}
        talk.finish()
        assert talk.chunk() == b""
        # The connection serves the next request.
        talk.connection.send(wire.get("/"))
        assert talk.connection.response().status == 200


def test_a_line_that_is_no_json_ends_both_sides(counter):
    ended = Ended()

    def listen(stream):
        with ended:
            echoing(stream)

    server = counter(listen)
    with wire.connect(server.api_port) as client:
        client.send(
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
            "Transfer-Encoding: chunked\r\n\r\n3\r\n{}\n\r\n4\r\nnot\n\r\n0\r\n\r\n".encode())
        answer = client.response()
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert lines[-1]["error"]["code"] == 400 if answer.status == 200 else answer.status == 400
    assert b"line 2" in answer.body


# Ends


@pytest.mark.parametrize("accept", ["text/event-stream", "application/x-ndjson"])
def test_a_client_that_leaves_is_known_to_the_service_at_once(counter, accept):
    ended = Ended()

    def listen(stream):
        with ended:
            stream.send({})
            while True:
                stream.receive()

    server = counter(listen)
    with Curl("-H", f"Accept: {accept}", server.api_url + PATH) as curl:
        assert curl.line()
        curl.process.send_signal(signal.SIGINT)
        left = time.monotonic()
    assert ended.wait() - left < 1


def test_a_gateway_that_stops_ends_its_streams(counter):
    server = counter(lambda stream: (stream.send({}), stream.receive(), stream.receive(), stream.receive()))
    with Curl(server.api_url + PATH) as curl:
        assert curl.line() == "{}"
        assert server.stop() == 0
        output, code = curl.rest()
    assert code == 0
    assert json.loads(output)["error"]["code"] == 503


def test_a_stream_that_is_silent_for_too_long_ends(counter):
    turns = Turns()
    server = counter(lambda stream: (stream.send({}), turns.wait()), "--stream_idle_timeout=300ms")
    with Curl(server.api_url + PATH) as curl:
        assert curl.line() == "{}"
        assert json.loads(curl.line())["error"]["code"] == 504
    turns.go_on()


def test_a_slow_client_does_not_make_the_gateway_grow(counter):
    """The service is held up instead: it cannot send on while nobody reads."""
    sent = []
    held_up = threading.Event()

    def pour(stream):
        for number in range(100_000):
            if stream.is_held_up():
                held_up.set()
            stream.send({"number": number, "filling": "x" * 1_000})
            sent.append(number)

    server = counter(pour)
    before = server.resident_bytes()
    with wire.connect(server.api_port) as client:
        client.send(wire.get(PATH))
        client.take(1_000)
        assert held_up.wait(20)
        # It came to more than what was read, and stopped long before the end.
        assert 10 < len(sent) < 50_000
        assert server.resident_bytes() - before < 16 << 20


# A browser


@pytest.fixture
def page(demo):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(demo.api_url + "/")
        yield page
        browser.close()


def test_a_browser_hears_events_until_the_end(page):
    heard = page.evaluate(
        """() => new Promise((resolve) => {
            const heard = []
            const events = new EventSource("/greeter/say/stream?name=Ada&count=2")
            events.onmessage = (event) => heard.push(JSON.parse(event.data))
            events.addEventListener("end", () => { events.close(); resolve(heard) })
            events.onerror = () => resolve(["error", ...heard])
        })""")
    assert heard == [{"msg": "Hello Ada #0", "seq": 0}, {"msg": "Hello Ada #1", "seq": 1}]


def test_the_demo_talks_both_ways(demo):
    with Talk(demo.api_port, "/greeter/say/stream") as talk:
        assert talk.head()[0] == 200
        for name in ("Ada", "Bob"):
            talk.send({"name": name})
            assert json.loads(talk.chunk()) == {"msg": f"Hello {name} #0", "seq": 0}
        talk.finish()
        assert talk.chunk() == b""


def test_a_stream_of_a_service_with_a_wrong_request_says_what_is_wrong(demo):
    with wire.connect(demo.api_port) as client:
        client.send(wire.get("/greeter/say/stream?count=-1"))
        answer = client.response()
    assert (answer.status, json.loads(answer.body)["id"]) == (400, "greeter.Say.Stream")
