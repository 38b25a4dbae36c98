"""The services behind the gateway in the conformance cases: what a service of Go Micro v2 would answer, in Python.

Everything that arrives is kept in one `Record`, in the order in which it arrived.
"""

import base64
import http.server
import json
import threading
import time

import grpc
from google.protobuf import json_format

import api_messages as messages

SLOW = 1.4
"""Seconds that `Err.Slow` takes. The programs under test wait 1 s for calls unless a client says otherwise."""


class Call:
    """A call of an endpoint, as the service saw it."""

    def __init__(self, service, endpoint, metadata, message):
        self.service = service
        self.endpoint = endpoint
        self.metadata = metadata
        self.message = message

    def __repr__(self):
        return f"{self.service} {self.endpoint} {self.message[:200]!r}"


class Passed:
    """A request that a plain HTTP server got."""

    def __init__(self, service, address, line, fields, body):
        self.service = service
        self.address = address
        self.line = line
        self.fields = fields
        self.body = body

    def values(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __repr__(self):
        return f"{self.service} {self.line}"


class Published:
    """A message that a subscriber of a topic got."""

    def __init__(self, header, event):
        self.header = header
        self.event = event

    def __repr__(self):
        return f"event {self.header.get('Micro-Topic')} {self.event.name}"


class Record:
    """What has arrived, whoever got it."""

    def __init__(self):
        self._lock = threading.Condition()
        self._entries = []
        self.cancelled = threading.Event()
        self.failures = 0

    def clear(self):
        with self._lock:
            self._entries = []
            self.failures = 0
        self.cancelled.clear()

    def forget(self, count):
        """Forgets the first entries."""
        with self._lock:
            del self._entries[:count]

    def add(self, entry):
        with self._lock:
            self._entries.append(entry)
            self._lock.notify_all()

    def all(self, kind):
        with self._lock:
            return [entry for entry in self._entries if isinstance(entry, kind)]

    def wait_for(self, kind, count=1, limit=5):
        """The entries of a kind, when there are as many."""
        with self._lock:
            self._lock.wait_for(lambda: sum(isinstance(entry, kind) for entry in self._entries) >= count, limit)
        return self.all(kind)

    def fail(self):
        """Counts a call that fails, and returns how many there have been."""
        with self._lock:
            self.failures += 1
            return self.failures


# Services that are called


class Refusal(Exception):
    """An error of Go Micro, or a text."""

    def __init__(self, id, code, detail):
        members = {"id": id, "code": code, "detail": detail, "status": _PHRASES.get(code, "")}
        super().__init__(json.dumps({name: value for name, value in members.items() if value}, separators=(",", ":")))


_PHRASES = {
    400: "Bad Request", 404: "Not Found", 409: "Conflict", 418: "I'm a teapot", 500: "Internal Server Error",
}


def _is_json(call):
    """Whether the caller thinks in JSON, as Go Micro's client tells."""
    return "json" in call.metadata.get("X-Content-Type", "")


def _decode(kind, call):
    result = kind()
    if not _is_json(call):
        result.ParseFromString(call.message)
    elif call.message and call.message != b"null":
        try:
            json_format.Parse(call.message, result)
        except json_format.ParseError as error:
            raise Refusal("", 0, f"grpc: failed to unmarshal the received message {error}") from None
    return result


def _encode(message, call):
    """The answer in the encoding of the request, as Go Micro's codecs write it."""
    if not _is_json(call):
        return message.SerializeToString()
    members = json_format.MessageToDict(message, preserving_proto_field_name=True)
    return json.dumps(members, separators=(",", ":")).encode()


def _pairs(target, values):
    for name, entries in values.items():
        target[name].key = name
        target[name].values.extend(entries)


class Endpoints:
    """The endpoints of all services, by name. Each takes what arrived and the context, and returns bytes."""

    def __init__(self, record):
        self.record = record

    def find(self, service, endpoint):
        names = SERVICES.get(service)
        if names is None or endpoint not in names:
            return None
        function = getattr(self, endpoint.replace(".", "_").lower(), None)
        return function or getattr(self, endpoint.partition(".")[0].lower())

    # Foo.Call, Foo.Bar, Foo.Html, Bar.Baz

    def foo(self, call, context):
        return b'{"ep":"%s","req":%s}' % (call.endpoint.encode(), call.message or b"null")

    bar = typed = foo

    def foo_md(self, call, context):
        return json.dumps(call.metadata).encode()

    def say_hello(self, call, context):
        if call.service == "go.micro.srv.greeter":
            return json.dumps({"msg": f"Hello {json.loads(call.message).get('name', '')}"}).encode()
        name = " ".join(_decode(messages.Request, call).get["name"].values)
        return _encode(messages.Response(statusCode=200, body=json.dumps({"message": f"Hello {name}"}).encode()), call)

    # Err

    def err_bad(self, call, context):
        raise Refusal("go.micro.api.foo", 400, "bad thing")

    def err_missing(self, call, context):
        raise Refusal("go.micro.api.foo", 404, "nope")

    def err_conflict(self, call, context):
        raise Refusal("go.micro.api.foo", 409, "dup")

    def err_teapot(self, call, context):
        raise Refusal("go.micro.api.foo", 418, "tea")

    def err_code0(self, call, context):
        raise Refusal("x", 0, "y")

    def err_code1(self, call, context):
        raise Refusal("x", 1, "y")

    def err_slow(self, call, context):
        time.sleep(SLOW)
        return b"null"

    # Cnt

    def cnt_fail(self, call, context):
        raise Refusal("x", 500, f"n={self.record.fail()}")

    def cnt_bad(self, call, context):
        raise Refusal("x", 400, f"n={self.record.fail()}")

    def cnt_wait(self, call, context):
        context.add_callback(self.record.cancelled.set)
        self.record.cancelled.wait(3)
        return b"null"

    def cnt_big(self, call, context):
        return json.dumps({"length": len(call.message)}).encode()

    def cnt_huge(self, call, context):
        return json.dumps("x" * (5 << 20)).encode()

    # Api, with the messages of go.api

    def api_call(self, call, context):
        request = _decode(messages.Request, call)
        answer = messages.Response(body=json.dumps(describe(request)).encode())
        return _encode(answer, call)

    def api_made(self, call, context):
        _decode(messages.Request, call)
        answer = messages.Response(statusCode=201, body=b"<p>hi</p>")
        _pairs(answer.header, {"X-Multi": ["a", "b"], "Content-Type": ["text/html"]})
        return _encode(answer, call)

    def api_bad(self, call, context):
        raise Refusal("go.micro.api.foo", 400, "bad thing")

    def api_echo(self, call, context):
        return _encode(_decode(messages.Event, call), call)

    def api_empty(self, call, context):
        _decode(messages.Event, call)
        return _encode(messages.Event(), call)

    # The examples of the original

    def example_call(self, call, context):
        if _is_json(call):  # The example that is called by a route takes a message of its own.
            answer = {"message": f"got your request {json.loads(call.message)['name']}"}
            return json.dumps(answer).encode()
        names = _decode(messages.Request, call).get
        if "name" not in names:
            raise Refusal("go.micro.api.example", 400, "no content")
        message = f"got your request {' '.join(names['name'].values)}"
        return _encode(messages.Response(statusCode=200, body=json.dumps({"message": message}).encode()), call)

    def foo_bar(self, call, context):
        if call.service != "go.micro.api.example":
            return self.foo(call, context)
        request = _decode(messages.Request, call)
        if request.method != "POST":
            raise Refusal("go.micro.api.example", 400, "require post")
        if list(request.header["Content-Type"].values) != ["application/json"]:
            raise Refusal("go.micro.api.example", 400, "expect application/json")
        return _encode(messages.Response(body=b"{}"), call)


def _same(name, key):
    """A pair has the name of its entry once more."""
    return name if name == key else f"{name} with the key {key!r}"


def describe(request):
    """A message `go.api.Request` as plain values."""
    return {
        "method": request.method, "path": request.path, "url": request.url,
        "body": request.body.decode("utf-8", "backslashreplace"),
        **{
            part: {_same(name, pair.key): list(pair.values) for name, pair in getattr(request, part).items()}
            for part in ("header", "get", "post")
        },
    }


_FOO = ["Foo.Call", "Foo.Bar", "Bar.Baz", "Foo.Md"]
_ERR = [f"Err.{name}" for name in ("Bad", "Missing", "Conflict", "Teapot", "Code0", "Code1", "Slow")]

SERVICES = {
    "go.micro.api.foo": [
        *_FOO, *_ERR, *(f"Cnt.{name}" for name in ("Fail", "Bad", "Wait", "Big", "Huge")), "Strm.Stream"],
    "go.micro.api.v1.foo": _FOO,
    "go.micro.srv.greeter": [*_FOO, *_ERR, "Say.Hello"],
    "go.micro.api.routed": ["Foo.Bar", "Foo.Call"],
    "go.micro.api.overlap": ["Foo.Bar", "Foo.Call", "Foo.Html"],
    "go.micro.api.apimeta": [f"Api.{name}" for name in ("Call", "Made", "Bad", "Echo", "Empty")],
    "go.micro.api.example": ["Example.Call", "Foo.Bar"],
    "go.micro.api.greeter": ["Say.Hello"],
    "go.micro.api.typed": ["Typed.Call"],
}
"""Which service has which endpoints."""


class CallServer(grpc.GenericRpcHandler):
    """All services that are called, on one port: the path of a call names its service."""

    def __init__(self, record, pool):
        self.endpoints = Endpoints(record)
        self.record = record
        self.server = grpc.server(pool, options=[
            ("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 64 << 20),
            ("grpc.max_send_message_length", 64 << 20)])
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def close(self):
        self.server.stop(0).wait(10)

    def service(self, handler_call_details):
        path = handler_call_details.method
        owner, _, method = path[1:].rpartition("/")
        service, _, kind = owner.rpartition(".")
        endpoint = f"{kind}.{method}"
        if endpoint == "Strm.Stream":
            return grpc.stream_stream_rpc_method_handler(self._stream(service, endpoint))
        return grpc.unary_unary_rpc_method_handler(self._unary(service, endpoint))

    def _unary(self, service, endpoint):
        def call(message, context):
            arrived = Call(service, endpoint, _metadata(context), message)
            function = self.endpoints.find(service, endpoint)
            if function is None:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, f"unknown service {endpoint}")
            self.record.add(arrived)
            try:
                return function(arrived, context)
            except Refusal as refusal:
                context.abort(grpc.StatusCode.UNKNOWN, str(refusal))

        return call

    def _stream(self, service, endpoint):
        def stream(requests, context):
            metadata = _metadata(context)
            for message in requests:
                self.record.add(Call(service, endpoint, metadata, message))
                try:
                    json.loads(message)
                except ValueError as error:
                    context.abort(grpc.StatusCode.INTERNAL, f"grpc: failed to unmarshal the received message {error}")
                yield b'{"got":%s}' % message

        return stream


def _metadata(context):
    """As services see it: names with capitals, values of one name joined."""
    joined = {}
    for name, value in context.invocation_metadata():
        name = "-".join(part.capitalize() for part in name.split("-"))
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


class Accounts(grpc.GenericRpcHandler):
    """go.micro.auth with the given rules. A token is its own account: issuer:id:scopes."""

    name = "go.micro.auth"
    registrar = "go.micro:registrar:registrar"
    """The token of whoever registers services, which a rule lets do that."""

    def __init__(self, pool, rules):
        self.rules = [
            self._rule(index, text) for index, text in enumerate([*rules, "registrar@go.micro.web@/api/services"])]
        self.server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        self.server.add_generic_rpc_handlers((self,))
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def close(self):
        self.server.stop(0).wait(10)

    @staticmethod
    def _rule(index, text):
        pattern, *words = text.split()
        scope, name, endpoint = pattern.split("@")
        return {
            "id": f"rule-{index}", "scope": scope, "access": 2 if "denied" in words else 1,
            "priority": next((int(word) for word in words if word.isdigit()), 0),
            "resource": {"type": "service", "name": name, "endpoint": endpoint}}

    def service(self, handler_call_details):
        answers = {"/go.micro.auth.Auth/Inspect": self._inspect, "/go.micro.auth.Rules/List": self._list}
        answer = answers.get(handler_call_details.method)
        return answer and grpc.unary_unary_rpc_method_handler(answer)

    def _inspect(self, message, context):
        parts = json.loads(message)["token"].split(":")
        if len(parts) != 3:
            context.abort(grpc.StatusCode.UNKNOWN, str(Refusal(self.name, 400, "Invalid token")))
        issuer, name, scopes = parts
        return json.dumps({"account": {"id": name, "issuer": issuer, "scopes": scopes.split(",")}}).encode()

    def _list(self, message, context):
        assert _metadata(context)["Micro-Namespace"] == "go.micro"
        return json.dumps({"rules": self.rules}).encode()


# Servers of plain HTTP


class PlainServer(http.server.ThreadingHTTPServer):
    """Answers every request with what it was."""

    daemon_threads = True

    def __init__(self, name, record):
        self.name = name
        self.record = record
        super().__init__(("127.0.0.1", 0), PlainRequest)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class PlainRequest(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        line = self.requestline.rpartition(" ")[0]
        self.server.record.add(Passed(self.server.name, self.server.address, line, self.headers.items(), body))
        answer = {"service": self.server.name, "line": line}
        if self.server.name == "go.micro.api.example":
            answer = {"message": f"got your message {self.path.rpartition('name=')[2]}"}
        text = json.dumps(answer, separators=(",", ":")).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, *_):
        pass


class Subscriber(http.server.ThreadingHTTPServer):
    """A node that brokers of Go Micro deliver to by HTTP."""

    daemon_threads = True
    name = "micro.http.broker"

    def __init__(self, record):
        self.record = record
        super().__init__(("127.0.0.1", 0), Delivery)
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Delivery(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = base64.b64decode(message["Body"])
        header = message["Header"]
        event = messages.Event()
        if "json" in header["Content-Type"]:
            json_format.Parse(body, event)
        else:
            event.ParseFromString(body)
        self.server.record.add(Published(header, event))
        self.send_response_only(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


# What is registered


def _route(name, handler, path, method="", host=""):
    metadata = {"endpoint": name, "handler": handler, "path": path, "method": method, "host": host}
    return {"name": name, "metadata": {key: value for key, value in metadata.items() if value}}


def _value(name, type, *fields):
    return {"name": name, "type": type, "values": list(fields) or None}


_PAIRS = ("header", "get", "post")
_REQUEST = _value(
    "Request", "Request", *(_value(name, "string") for name in ("method", "path", "body", "url")),
    *(_value(name, "map[string]*Pair") for name in _PAIRS))
_EVENT = _value(
    "Event", "Event", _value("name", "string"), _value("id", "string"), _value("timestamp", "int64"),
    _value("header", "map[string]*Pair"), _value("data", "string"))

ROUTES = {
    "go.micro.api.routed": [
        _route("Foo.Bar", "rpc", "/items/{id},/users/{user_id}/posts/{Post.Id},/deep/{name=shelves/*/books/*},"
               "/rest/{path=**},^/regex/[0-9]+/?$,/verb/{id}:cancel", "GET,POST"),
        _route("Foo.Call", "rpc", "/hosted", "GET", "example.com"),
    ],
    "go.micro.api.apimeta": [
        {**_route("Api.Call", "api", "/apimeta", "GET,POST,PUT,DELETE"), "request": _REQUEST},
        _route("Api.Bad", "event", "/evmeta,/evmeta/{x}", "GET"),
        {**_route("Api.Made", "weird", "/unknownh", "GET"), "request": _REQUEST},
        {"name": "Api.Echo", "request": _EVENT, "response": _EVENT},
        {"name": "Api.Empty", "request": _EVENT, "response": _EVENT},
    ],
    "go.micro.api.typed": [
        {"name": "Typed.Call", "request": _value(
            "Request", "Message", _value("s", "string"), _value("t", "string"), _value("n", "float64"),
            _value("a", "[]int64"))},
    ],
    "go.micro.api.overlap": [
        _route("Foo.Bar", "rpc", "/over/{id}", "GET"), _route("Foo.Call", "rpc", "/over/me", "GET"),
        _route("Foo.Html", "rpc", "/nomethod"),
    ],
}
"""The endpoints of services that declare routes."""

EXAMPLE = "go.micro.api.example"
PLAIN = ["go.micro.api.site", "go.micro.api.v2.site", "go.micro.web.shop", "go.micro.web.account", "go.micro.web.m3o"]
EVERYWHERE = [name for name in SERVICES if name != EXAMPLE]
TOPICS = ["go.micro.api.foo", "go.micro.api.v1.foo", "go.micro.api.v1", "go.micro.api.evmeta"]


class Services:
    """All of them, running."""

    def __init__(self, pool):
        self.pool = pool
        self._accounts = {}
        self.record = Record()
        self.calls = CallServer(self.record, pool)
        self.plain = {name: PlainServer(name, self.record) for name in [*PLAIN, EXAMPLE]}
        self.subscriber = Subscriber(self.record)

    def close(self):
        self.calls.close()
        self.subscriber.close()
        for server in [*self.plain.values(), *self._accounts.values()]:
            server.close()

    def accounts(self, rules):
        """A go.micro.auth with these rules."""
        key = tuple(rules)
        if key not in self._accounts:
            self._accounts[key] = Accounts(self.pool, rules)
        return self._accounts[key]

    def records(self, extras=()):
        """The records to register.

        `extras` may have `example-api`, `example-route` or `example-http`, which all have one name, and `topics` or
        `other topic` for subscribers.
        """
        for name in EVERYWHERE:
            yield self._called(name, ROUTES.get(name))
        for name in PLAIN:
            yield self._plain(name)
        for name in ("go.micro.api.dead", "go.micro.web.dead"):
            yield _record(name, "127.0.0.1:1", _HTTP if "http" in extras or ".web." in name else _GRPC)
        if "example-api" in extras:
            yield self._called(EXAMPLE)
        if "example-route" in extras:
            yield self._called(EXAMPLE, [_route("Example.Call", "rpc", "/example", "POST")])
        if "example-http" in extras:
            yield self._plain(EXAMPLE)
        if "topics" in extras:
            for topic in TOPICS:
                yield self._subscription(topic)
        if "other topic" in extras:
            yield self._subscription("go.micro.api.other")

    def _called(self, name, endpoints=None):
        known = {endpoint["name"]: endpoint for endpoint in endpoints or []}
        listed = [known.get(endpoint) or _endpoint(endpoint) for endpoint in SERVICES[name]]
        return _record(name, self.calls.address, _GRPC, endpoints=listed)

    def _plain(self, name):
        return _record(name, self.plain[name].address, _HTTP)

    def _subscription(self, topic):
        metadata = {"broker": "http", "secure": "false", "topic": topic}
        record = _record(Subscriber.name, self.subscriber.address, metadata, node=f"{topic}-1")
        return {**record, "version": "ff.http.broadcast"}


_GRPC = {"protocol": "grpc", "server": "grpc", "transport": "grpc", "broker": "http", "registry": "memory"}
_HTTP = {"protocol": "http"}


def _endpoint(name):
    return {"name": name, "metadata": {"stream": "true"} if name.startswith("Strm.") else {}}


def _record(name, address, metadata, node=None, **members):
    node = {"id": node or f"{name}-1", "address": address, "metadata": metadata}
    return {"name": name, "version": "latest", "nodes": [node], **members}
