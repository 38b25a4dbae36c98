"""HTTP/1.1 as bytes on a socket: a client that sends what it is told, and readers for both directions."""

import select
import socket
import time

LIMIT = 10
"""Seconds that any single exchange may take."""


class Message:
    """A request or a response as it was read. Field names are in lower case, order and repetition are kept."""

    def __init__(self, first_line, fields, body):
        self.first_line = first_line
        self.fields = fields
        self.body = body
        self.trailers = []

    def values(self, name):
        return [value for key, value in self.fields if key == name.lower()]

    def value(self, name):
        values = self.values(name)
        return values[0] if values else None

    @property
    def status(self):
        return int(self.first_line.split(" ")[1])

    @property
    def target(self):
        return self.first_line.split(" ")[1]

    def __repr__(self):
        return f"<{self.first_line!r} {len(self.body)} bytes>"


class Closed(Exception):
    """The peer closed in the middle of a message, or before one."""


class Connection:
    """One socket with a buffer and a deadline for everything that is awaited."""

    def __init__(self, sock, limit=LIMIT):
        self.socket = sock
        self.buffer = b""
        self.received = b""
        self.deadline = time.monotonic() + limit

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.settimeout(max(0.01, self.deadline - time.monotonic()))
        self.socket.sendall(data)

    def finish(self):
        """Sends a FIN, and goes on reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with RST in place of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    def fill(self):
        """Reads what comes next. False at the end of the stream."""
        self.socket.settimeout(max(0.01, self.deadline - time.monotonic()))
        data = self.socket.recv(65536)
        self.buffer += data
        self.received += data
        return bool(data)

    def take(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Closed(self.buffer)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.fill():
                raise Closed(self.buffer)
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def rest(self):
        """Everything up to the end of the stream. A reset after the last byte counts as an end."""
        try:
            while self.fill():
                pass
        except ConnectionResetError:
            pass
        data, self.buffer = self.buffer, b""
        return data

    def is_closed_by_peer(self):
        """Waits for the end of the stream. Bytes in its place are an error."""
        rest = self.rest()
        assert rest == b"", f"more bytes came: {rest[:200]!r}"
        return True

    # Messages

    def head(self):
        first_line = self.line().decode("latin-1")
        fields = []
        while line := self.line():
            name, _, value = line.partition(b":")
            fields.append((name.decode("latin-1").lower(), value.strip(b" \t").decode("latin-1")))
        return Message(first_line, fields, b"")

    def request(self):
        """Reads one request; `None` when the client closed in its place."""
        try:
            message = self.head()
        except Closed as closed:
            if closed.args[0]:
                raise
            return None
        self._body(message)
        return message

    def response(self, method="GET", skips_interim=True):
        message = self.head()
        while skips_interim and 100 <= message.status < 200 and message.status != 101:
            message = self.head()
        if method == "HEAD" or message.status in (204, 304) or message.status < 200:
            return message
        if not self._body(message):
            message.body = self.rest()
        return message

    def _body(self, message):
        """Reads a body that says where it ends. False when nothing is said."""
        if message.value("transfer-encoding") == "chunked":
            while size := int(self.line().split(b";")[0], 16):
                message.body += self.take(size)
                assert self.take(2) == b"\r\n"
            while line := self.line():
                name, _, value = line.partition(b":")
                message.trailers.append((name.decode("latin-1").lower(), value.strip().decode("latin-1")))
            return True
        if (length := message.value("content-length")) is not None:
            message.body = self.take(int(length))
            return True
        return False


def is_held_up(sock, seconds=0.5):
    """Whether the other side takes nothing for so long, though there is more to send."""
    poll = select.poll()
    poll.register(sock, select.POLLOUT)
    return not poll.poll(seconds * 1_000)


def connect(port, limit=LIMIT):
    """A connection to a port of this machine."""
    return Connection(socket.create_connection(("127.0.0.1", port), timeout=limit), limit)


def ask(port, data, method="GET", limit=LIMIT):
    """Sends bytes on a connection of their own, and reads one response."""
    with connect(port, limit) as connection:
        connection.send(data)
        return connection.response(method)


def request(method, target, *fields, body=b"", host="a"):
    """The bytes of a request. Fields are text or bytes without line ends."""
    lines = [f"{method} {target} HTTP/1.1".encode(), f"Host: {host}".encode()]
    lines += [field.encode() if isinstance(field, str) else field for field in fields]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def get(target, *fields):
    return request("GET", target, *fields)


def reply(status="200 OK", *fields, body=b""):
    """The bytes of a response with a length."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
