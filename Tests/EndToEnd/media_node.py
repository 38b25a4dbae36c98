"""A gRPC server that declares routes, and tells of them by reflection; some of its messages are bodies of any type."""

from concurrent import futures

import grpc
from google.api import annotations_pb2, http_pb2, httpbody_pb2
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from grpc_reflection.v1alpha import reflection

import grpc_messages

PACKAGE = "media.v1"
SERVICE = "media.v1.Media"
BODY = ".google.api.HttpBody"
PIECES = 40

MESSAGES = {
    "Item": {"name": Field.TYPE_STRING, "size": Field.TYPE_INT64, "content_type": Field.TYPE_STRING},
    "Upload": {"name": Field.TYPE_STRING, "body": BODY, "labels": Field.TYPE_STRING},
    "Wrapped": {"item": f".{PACKAGE}.Item", "content": BODY},
}

# Name, request, answer, how many of each, the rule.
METHODS = [
    ("Get", "Item", "Item", "one to one", {"get": "/v1/items/{name}"}),
    ("Upload", "Upload", "Item", "one to one", {"post": "/v1/files/{name}", "body": "body"}),
    ("Send", "Upload", "Item", "many to one", {"put": "/v1/files/{name}", "body": "body"}),
    ("Download", "Item", BODY, "one to one", {"get": "/v1/files/{name}"}),
    ("Mirror", BODY, BODY, "one to one", {"post": "/v1/mirror", "body": "*"}),
    ("Content", "Item", "Wrapped", "one to one", {"get": "/v1/content/{name}", "response_body": "content"}),
    ("Stream", "Item", BODY, "one to many", {"get": "/v1/streams/{name}"}),
    ("Watch", "Item", "Wrapped", "one to many", {"get": "/v1/watch/{name}", "response_body": "item"}),
]


def _pool(methods):
    pool = descriptor_pool.DescriptorPool()
    imports = (descriptor_pb2, any_pb2, http_pb2, annotations_pb2, httpbody_pb2)
    for module in imports:
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        pool.Add(file)
    file = descriptor_pb2.FileDescriptorProto(
        name="media.proto", package=PACKAGE, syntax="proto3",
        dependency=["google/api/annotations.proto", "google/api/httpbody.proto"])
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate(fields.items(), 1):
            entry = message.field.add(name=field, number=number, label=Field.LABEL_OPTIONAL)
            if isinstance(kind, str):
                entry.type, entry.type_name = Field.TYPE_MESSAGE, kind
            else:
                entry.type = kind
    service = file.service.add(name="Media")
    for name, takes, gives, arity, rule in methods:
        method = service.method.add(
            name=name, input_type=takes if takes == BODY else f".{PACKAGE}.{takes}",
            output_type=gives if gives == BODY else f".{PACKAGE}.{gives}",
            client_streaming=arity.startswith("many"), server_streaming=arity.endswith("many"))
        method.options.Extensions[annotations_pb2.http].CopyFrom(http_pb2.HttpRule(**rule))
    pool.Add(file)
    return pool


class MediaNode:
    """The server. `uploads` is what it was sent, message by message."""

    def __init__(self, methods=None, with_reflection=True):
        self.methods = METHODS if methods is None else methods
        self.pool = _pool(self.methods)
        self.uploads = []
        self.asked = grpc_messages.ReflectionCounter()
        self.server = grpc.server(
            futures.ThreadPoolExecutor(8), interceptors=[self.asked], options=[("grpc.so_reuseport", 0)])
        handlers = {name: self._handler(name, takes, gives, arity) for name, takes, gives, arity, _ in self.methods}
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        if with_reflection:
            reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), self.server, self.pool)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()

    def close(self):
        self.server.stop(0).wait(10)

    def type(self, name):
        """The class of a message."""
        full = name[1:] if name.startswith(".") else f"{PACKAGE}.{name}"
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(full))

    def _handler(self, name, takes, gives, arity):
        make = {
            "one to one": grpc.unary_unary_rpc_method_handler, "one to many": grpc.unary_stream_rpc_method_handler,
            "many to one": grpc.stream_unary_rpc_method_handler}[arity]
        return make(
            getattr(self, f"_{name.lower()}"), request_deserializer=self.type(takes).FromString,
            response_serializer=self.type(gives).SerializeToString)

    def _item(self, **fields):
        return self.type("Item")(**fields)

    def _body(self, content_type, data):
        return self.type(BODY)(content_type=content_type, data=data)

    def _get(self, request, context):
        return request

    def _upload(self, request, context):
        self.uploads.append(request)
        return self._item(name=request.name, size=len(request.body.data), content_type=request.body.content_type)

    def _send(self, requests, context):
        self.uploads += requests
        data = b"".join(request.body.data for request in self.uploads)
        return self._item(
            name=self.uploads[0].name, size=len(data), content_type=self.uploads[0].body.content_type)

    def _download(self, request, context):
        if request.name == "missing":
            context.abort(grpc.StatusCode.NOT_FOUND, "there is no such file")
        if request.name == "nothing":
            return self._body("", b"")
        if request.name == "forged":
            return self._body("text/plain\r\nX-Forged: 1", b"")
        return self._body("image/png", bytes(range(256)) * max(1, request.size))

    def _mirror(self, request, context):
        return request

    def _content(self, request, context):
        wrapped = self.type("Wrapped")()
        if request.name != "nothing":
            wrapped.content.CopyFrom(self._body("text/csv", b"a,b\n1,2\n"))
        return wrapped

    def _stream(self, request, context):
        for number in range(request.size):
            yield self._body("video/mp4" if number == 0 else "", bytes([number % 256]) * 10_000)
        if request.name == "broken":
            context.abort(grpc.StatusCode.INTERNAL, "the tape is torn")

    def _watch(self, request, context):
        for number in range(request.size):
            wrapped = self.type("Wrapped")()
            if number != 1:
                wrapped.item.CopyFrom(self._item(name=f"{request.name} {number}"))
            yield wrapped
