"""A client of HTTP/2 around the sans-I/O library h2, and raw frames for what h2 would not send."""

import socket
import struct
import time

import h2.config
import h2.connection
import h2.events
import h2.settings

LIMIT = 20
"""Seconds that any single exchange may take."""

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Answer:
    """What has come on one stream."""

    def __init__(self):
        self.interims = []
        self.fields = []
        self.body = b""
        self.length = 0
        self.trailers = []
        self.has_ended = False
        self.reset = None

    def value(self, name):
        values = [value for key, value in self.fields if key == name]
        return values[0] if values else None

    @property
    def status(self):
        return int(self.value(":status"))

    @property
    def is_over(self):
        return self.has_ended or self.reset is not None


class Client:
    """One connection. What arrives is acknowledged as soon as it is read, unless `acknowledges` is false."""

    def __init__(self, port, window=None, acknowledges=True, keeps_bodies=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        self.deadline = time.monotonic() + LIMIT
        self.acknowledges = acknowledges
        self.keeps_bodies = keeps_bodies
        self.answers = {}
        self.goaway = None
        self.is_closed = False
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        if window is not None:
            self.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.push()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def push(self):
        self.socket.settimeout(max(0.01, self.deadline - time.monotonic()))
        self.socket.sendall(self.h2.data_to_send())

    def request(self, path, method="GET", *fields, body=None, ends=True, authority="a"):
        """Begins a request, and returns its stream."""
        stream = self.h2.get_next_available_stream_id()
        self.answers[stream] = Answer()
        head = [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority), *fields]
        self.h2.send_headers(stream, head, end_stream=body is None and ends)
        self.push()
        if body is not None:
            self.send(stream, body, ends)
        return stream

    def send(self, stream, body, ends=True):
        """Sends content, as fast as the windows allow."""
        view = memoryview(body)
        while True:
            size = min(len(view), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size == 0 and len(view) > 0:
                self.read()
                if self.answers[stream].is_over:
                    return
                continue
            last = size == len(view)
            self.h2.send_data(stream, bytes(view[:size]), end_stream=last and ends)
            self.push()
            view = view[size:]
            if last:
                return

    def read(self):
        """Reads what comes next. False at the end of the connection."""
        self.socket.settimeout(max(0.01, self.deadline - time.monotonic()))
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        if not data:
            self.is_closed = True
            return False
        for event in self.h2.receive_data(data):
            self.take(event)
        self.push_quietly()
        return True

    def push_quietly(self):
        try:
            self.push()
        except OSError:
            self.is_closed = True

    def take(self, event):
        if isinstance(event, h2.events.ConnectionTerminated):
            self.goaway = event.error_code
            return
        answer = self.answers.get(getattr(event, "stream_id", None))
        if answer is None:
            return
        if isinstance(event, h2.events.InformationalResponseReceived):
            answer.interims.append(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.ResponseReceived):
            answer.fields = list(event.headers)
        elif isinstance(event, h2.events.DataReceived):
            answer.length += len(event.data)
            if self.keeps_bodies:
                answer.body += event.data
            if self.acknowledges and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = list(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            answer.has_ended = True
        elif isinstance(event, h2.events.StreamReset):
            answer.reset = event.error_code

    def wait(self, *streams):
        """Reads until these streams are over, and returns their answers."""
        while not all(self.answers[stream].is_over for stream in streams):
            assert self.read(), f"the connection ended: {self.goaway}"
        answers = [self.answers[stream] for stream in streams]
        return answers[0] if len(answers) == 1 else answers

    def ask(self, path, method="GET", *fields, **options):
        return self.wait(self.request(path, method, *fields, **options))


# Raw frames


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def literal(name, value):
    assert len(name) < 127 and len(value) < 127
    return b"\0" + bytes((len(name),)) + name.encode() + bytes((len(value),)) + value.encode()


def block(*fields, method="GET", path="/"):
    head = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "a"), *fields]
    return b"".join(literal(name, value) for name, value in head)


def headers(stream, *fields, ends=True, **options):
    return frame(1, 4 | ends, stream, block(*fields, **options))


class Raw:
    """A connection on which any bytes are sent, and frames are read."""

    def __init__(self, port, greets=True):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        self.buffer = b""
        if greets:
            self.socket.sendall(PREFACE + frame(4, 0, 0) + frame(4, 1, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *data):
        """Sends pieces. A peer that has closed is no error: what it has sent before is what counts."""
        try:
            for piece in data:
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def frames(self):
        """All frames up to the end of the connection."""
        while True:
            while len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) < 9 + length:
                    break
                head, payload = self.buffer[:9], self.buffer[9:9 + length]
                self.buffer = self.buffer[9 + length:]
                yield head[3], head[4], int.from_bytes(head[5:9], "big"), payload
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return
            if not data:
                return
            self.buffer += data

    def first(self, kind, stream=None):
        """The payload of the first frame of this kind."""
        for found, flags, number, payload in self.frames():
            if found == kind and not (found in (4, 6) and flags & 1 == 0) and stream in (None, number):
                return payload
        return None

    def goaway(self):
        """The code of the last GOAWAY before the end of the connection."""
        code = None
        for kind, _, _, payload in self.frames():
            if kind == 7:
                code = int.from_bytes(payload[4:8], "big")
        return code
