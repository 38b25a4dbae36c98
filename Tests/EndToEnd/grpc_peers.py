"""gRPC servers for the tests, made with grpcio: one that speaks the JSON codec of Go Micro, as its services do.

Run as a program it is a node that can be killed: `python grpc_peers.py SERVICE` prints the port it listens at.
"""

import json
import sys
import threading
import time
from concurrent import futures

import grpc


class Failure(Exception):
    """An error that a service reports: a status, a text, and maybe details."""

    def __init__(self, code, text, details=None):
        super().__init__(text)
        self.code = code
        self.text = text
        self.details = details


def micro_failure(code, status, detail):
    """An error as services of Go Micro report it: an object in JSON in place of a text."""
    report = {"id": "go.micro.srv.greeter", "code": code, "detail": detail, "status": "whatever"}
    return Failure(status, json.dumps(report, separators=(",", ":")))


class GRPCService:
    """A server with handlers that take and give bytes, by path.

    A handler for one message each way is a function from the bytes and the context to bytes; one with `stream` set
    takes an iterator and the context, and yields bytes.
    """

    def __init__(self, handlers, options=(), port=0, workers=32):
        self.calls = []
        self.cancelled = threading.Event()
        self._pool = futures.ThreadPoolExecutor(workers)
        self.server = grpc.server(self._pool, options=[("grpc.so_reuseport", 0), *options])
        self.server.add_generic_rpc_handlers((_Handlers(self, handlers),))
        self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        self.server.stop(0).wait(10)
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, owner, handlers):
        self.owner = owner
        self.handlers = handlers

    def service(self, handler_call_details):
        function = self.handlers.get(handler_call_details.method)
        if function is None:
            return None
        if getattr(function, "stream", False):
            return grpc.stream_stream_rpc_method_handler(_wrap_stream(self.owner, function))
        return grpc.unary_unary_rpc_method_handler(_wrap(self.owner, function))


def _wrap(service, function):
    def unary(request, context):
        service.calls.append((dict(context.invocation_metadata()), request, context.time_remaining()))
        context.add_callback(service.cancelled.set)
        try:
            return function(request, context)
        except Failure as failure:
            _fail(context, failure)

    return unary


def _wrap_stream(service, function):
    def stream(requests, context):
        service.calls.append((dict(context.invocation_metadata()), None, context.time_remaining()))
        context.add_callback(service.cancelled.set)
        try:
            yield from function(requests, context)
        except Failure as failure:
            _fail(context, failure)

    return stream


def _fail(context, failure):
    if failure.details is not None:
        context.set_trailing_metadata((("grpc-status-details-bin", failure.details),))
    context.abort(failure.code, failure.text)


def streaming(function):
    """Marks a handler of messages in both directions."""
    function.stream = True
    return function


def json_handler(function):
    """Makes a handler of a function from one object to another, as the JSON codec of Go Micro has it."""

    def handler(request, context):
        answer = function(json.loads(request or b"null") or {})
        return json.dumps(answer, separators=(",", ":")).encode()

    return handler


def hello(request):
    return {"msg": f"Hello {request.get('name', '')}"}


def slow(request):
    time.sleep(request.get("seconds", 0))
    return {"slept": request.get("seconds", 0)}


def main(name):
    service = GRPCService({f"/{name}.Say/Hello": json_handler(hello), f"/{name}.Say/Slow": json_handler(slow)})
    print(service.port, flush=True)
    service.server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
