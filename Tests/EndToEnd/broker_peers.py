"""Go Micro's http broker in Python: subscribers that are posted to, and a publisher that looks them up."""

import base64
import http.server
import json
import queue
import threading
import urllib.request
import uuid

BROADCAST = "ff.http.broadcast"
"""The version under which those stand who get every message."""


class HTTPSubscriber(http.server.ThreadingHTTPServer):
    """Takes deliveries, or refuses them with `status`. Each is a tuple of path and JSON object."""

    daemon_threads = True

    def __init__(self, status=200):
        self.status = status
        self.deliveries = queue.Queue()
        super().__init__(("127.0.0.1", 0), _Delivery)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def close(self):
        self.shutdown()
        self.server_close()

    def subscribe(self, program, topic, version=BROADCAST, service="micro.http.broker", metadata=None):
        """Registers with the dashboard, and returns the id."""
        node = f"{topic}-{uuid.uuid4()}"
        metadata = metadata or {"broker": "http", "secure": "false", "topic": topic}
        program.register(service, self.address, node=node, metadata=metadata, version=version)
        return node

    def take(self, timeout=10):
        """The next delivery, as path and message: the header as it is, the body decoded."""
        path, record = self.deliveries.get(timeout=timeout)
        return path, record["Header"], base64.b64decode(record["Body"], validate=True)

    @property
    def is_idle(self):
        return self.deliveries.empty()


class _Delivery(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/json"
        if self.server.status == 200:
            self.server.deliveries.put((self.path, json.loads(content)))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def publish(program, topic, body, header, version=2):
    """Publishes as a service of Go Micro does: to everyone who stands in the registry. Returns how many took it."""
    service = "micro.http.broker" if version == 2 else "go.micro.http.broker"
    path, key = ("/", "Micro-Topic") if version == 2 else ("/_sub", ":topic")
    count = 0
    for record in program.services(service):
        nodes = [node for node in record["nodes"] if node["metadata"].get("topic") == topic]
        for node in nodes if record["version"] == BROADCAST else nodes[:1]:
            assert node["metadata"]["broker"] == "http"
            message = {"Header": {**header, key: topic}, "Body": base64.b64encode(body).decode()}
            request = urllib.request.Request(
                f"http://{node['address']}{path}?id={node['id']}", json.dumps(message).encode(),
                {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=5) as answer:
                assert (answer.status, answer.read()) == (200, b"")
            count += 1
    return count
