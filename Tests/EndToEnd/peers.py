"""What the gateway talks to in the tests: a raw server that follows a script, and a Go Micro service in Python.

Run as a program it is a node that can be killed: `python peers.py SERVICE PORT` prints the port it listens at.
"""

import contextlib
import http.client
import http.server
import io
import json
import selectors
import socket
import sys
import threading
import time

import mucp_codecs
import wire


class RawServer:
    """Accepts connections, keeps every byte that arrives, and does with each connection what the script says.

    The script is called with a `wire.Connection`, in a thread of its own for each connection.
    """

    def __init__(self, script=None, limit=60):
        self.script = script or RawServer.answer_all
        self.limit = limit
        self.connections = []
        self.requests = []
        self.failures = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"

    @property
    def received(self):
        """How many bytes have come, over all connections."""
        return sum(len(connection.received) for connection in self.connections)

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            connection = wire.Connection(sock, self.limit)
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.script(self, connection)
        except (wire.Closed, OSError) as error:
            self.failures.append(error)
        finally:
            connection.close()

    def answer_all(self, connection):
        """The script that answers every request with 200 and its target."""
        while (request := connection.request()) is not None:
            self.requests.append(request)
            connection.send(wire.reply(body=request.target.encode("latin-1")))

    def close(self):
        self._listener.close()
        for connection in self.connections:
            connection.close()


class Sink:
    """Reads requests in chunks one after the other, keeps nothing of them, and answers with how many bytes they had."""

    def __init__(self):
        self.reads = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        stream = sock.makefile("rb", buffering=0)
        buffered = io.BufferedReader(_Counting(stream, self), 1 << 20)
        with sock, contextlib.suppress(OSError):
            while buffered.readline():
                while buffered.readline() != b"\r\n":
                    pass
                count = 0
                while size := int(buffered.readline(), 16):
                    count += len(buffered.read(size))
                    assert buffered.read(2) == b"\r\n"
                assert buffered.readline() == b"\r\n"
                sock.sendall(wire.reply(body=b"%d" % count))


class _Counting(io.RawIOBase):
    """Counts the reads that reach the socket."""

    def __init__(self, stream, sink):
        self._stream = stream
        self._sink = sink

    def readable(self):
        return True

    def readinto(self, buffer):
        self._sink.reads += 1
        return self._stream.readinto(buffer)


class Spring:
    """Answers each request with a gigabyte, as fast as it is taken; `/small` with nothing. One thread serves all."""

    CHUNK = bytes(65536)
    HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"

    def __init__(self):
        self._sent = {}
        self._last_progress = time.monotonic()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        # What the kernel holds is no memory of the program under test, but a thousand times as much would fill this
        # machine's.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        self._listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stops.set()
        self._thread.join()

    @property
    def streams(self):
        """How many gigabytes have begun."""
        return len(self._sent)

    @property
    def most_sent(self):
        return max(self._sent.values())

    def has_been_waiting_for(self, seconds):
        return time.monotonic() - self._last_progress > seconds

    def _run(self):
        with selectors.DefaultSelector() as selector, self._listener:
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._stops.is_set():
                for key, _ in selector.select(0.05):
                    if key.fileobj is self._listener:
                        sock, _ = self._listener.accept()
                        sock.setblocking(False)
                        selector.register(sock, selectors.EVENT_READ, b"")
                    else:
                        self._serve(selector, key)
            for key in list(selector.get_map().values()):
                key.fileobj.close()

    def _serve(self, selector, key):
        sock = key.fileobj
        try:
            if key.events == selectors.EVENT_WRITE:
                self._sent[sock] += sock.send(self.CHUNK)
                self._last_progress = time.monotonic()
                return
            data = sock.recv(65536)
            head = key.data + data
            if b"\r\n\r\n" not in head:
                if not data:
                    raise ConnectionResetError
                selector.modify(sock, selectors.EVENT_READ, head)
            elif head.startswith(b"GET /small "):
                sock.send(wire.reply())
                selector.modify(sock, selectors.EVENT_READ, b"")
            else:
                self._sent[sock] = sock.send(self.HEAD)
                selector.modify(sock, selectors.EVENT_WRITE)
        except BlockingIOError:
            pass
        except OSError:
            selector.unregister(sock)
            sock.close()


class MicroService(http.server.ThreadingHTTPServer):
    """A service that speaks Go Micro's RPC over HTTP/1.1, written apart from the one in the program.

    Endpoints are functions from the request object to the answer. They may raise `MicroError`. Those marked with
    `stream` get a `Stream` instead, and what they leave unsaid is its end. In protobuf, messages are bytes.

    `codecs` are those that it knows, by content type. One from before Go Micro 1.0 has `errors_in_header` off, and
    tells errors in envelopes only.
    """

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, name, endpoints, port=0):
        self.name = name
        self.endpoints = {"Debug.Health": lambda _: {"status": "ok"}, **endpoints}
        self.calls = []
        self.codecs = mucp_codecs.ALL
        self.errors_in_header = True
        super().__init__(("127.0.0.1", port), MicroRequest)

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def start(self):
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def close(self):
        self.shutdown()
        self.server_close()


class MicroError(Exception):
    """An error as services report it. A plain string in place of an object is reported as it is."""

    def __init__(self, report):
        super().__init__(report)
        self.text = report if isinstance(report, str) else json.dumps(report, separators=(",", ":"))


def stream(endpoint):
    """Marks an endpoint as one that streams."""
    endpoint.is_stream = True
    return endpoint


class Gone(Exception):
    """The other side of a stream closed the connection."""


class Stream:
    """A stream as a service has it: requests come in and answers go out on one connection, and are not paired."""

    def __init__(self, request, codec):
        self.headers = request.headers
        self._codec = codec
        self._errors_in_header = request.server.errors_in_header
        self._input = request.rfile
        self._output = request.connection

    def receive(self):
        """The next message; `None` when the other side says that there is none."""
        line = self._input.readline()
        if not line:
            raise Gone
        assert line == b"POST / HTTP/1.1\r\n", line
        headers = http.client.parse_headers(self._input)
        assert headers["Micro-Stream"] == self.headers["Micro-Stream"]
        body = self._input.read(int(headers["Content-Length"]))
        if headers["Micro-Error"] == "EOS":
            assert body == b""
            return None
        assert headers["Content-Type"] == self.headers["Content-Type"]
        return self._codec.read(body, self.headers["Micro-Endpoint"])

    def is_held_up(self):
        """Whether the other side takes nothing for a while."""
        return wire.is_held_up(self._output)

    def send(self, message):
        self.send_raw(self._codec.write(message))

    def fail(self, error):
        """Ends the stream; properly, if the error is `EOS`."""
        self.send_raw(self._codec.write_error(error), error if self._errors_in_header else None)

    def send_raw(self, body, error=None):
        lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}"]
        for name, value in self.headers.items():
            if name.lower() not in ("host", "content-length", "micro-error", "connection", "transfer-encoding"):
                lines.append(f"{name}: {value}")
        if error is not None:
            lines += [f"Micro-Error: {error}", f"X-Micro-Error: {error}"]
        try:
            self._output.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        except OSError:
            raise Gone from None


class MicroRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.calls.append((self.headers, body))
        endpoint = self.headers.get("Micro-Endpoint") or self.headers.get("Micro-Method")
        codec = self.server.codecs.get(self.headers["Content-Type"])
        if codec is None:
            return self.refuse()
        if "Micro-Stream" in self.headers and hasattr(self.server.endpoints.get(endpoint), "is_stream"):
            return self.converse(self.server.endpoints[endpoint], codec, codec.read(body, endpoint))
        error = None
        try:
            if endpoint not in self.server.endpoints:
                raise MicroError(f"rpc: can't find method {endpoint.rpartition('.')[2]}")
            answer = codec.write(self.server.endpoints[endpoint](codec.read(body, endpoint)))
        except MicroError as problem:
            error = problem.text
            answer = codec.write_error(error)
        self.send_response_only(200)
        for name, value in self.headers.items():  # Go Micro echoes the header of the request.
            if name.lower() not in ("host", "content-length", "micro-error", "connection", "transfer-encoding"):
                self.send_header(name, value)
        if error is not None:
            self.send_header("Micro-Error", error)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def refuse(self):
        """Says, as Go Micro does, that the codec is not known, and goes on."""
        answer = f"Unsupported Content-Type: {self.headers['Content-Type']}".encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def converse(self, endpoint, codec, _):
        """Gives the connection to a stream. The message of the request that opens it means nothing."""
        self.close_connection = True
        conversation = Stream(self, codec)
        try:
            try:
                endpoint(conversation)
                conversation.fail("EOS")
            except MicroError as problem:
                conversation.fail(problem.text)
        except Gone:
            pass

    def log_message(self, *_):
        pass


def hello(request):
    return {"msg": f"Hello {request.get('name', '')}"}


def main(name, port):
    service = MicroService(name, {"Say.Hello": hello}, int(port))
    print(service.server_address[1], flush=True)
    service.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
