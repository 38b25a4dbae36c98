"""A gRPC service with types of its own and reflection, made without any compiler of .proto files."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from grpc_reflection.v1alpha import reflection

PACKAGE = "helloworld"
SERVICE = "helloworld.Greeter"


def _message(file, name, /, **fields):
    message = file.message_type.add(name=name)
    for number, (field, kind) in enumerate(fields.items(), 1):
        repeated = isinstance(kind, list)
        kind = kind[0] if repeated else kind
        entry = message.field.add(
            name=field, number=number, label=Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL)
        if isinstance(kind, str):
            entry.type, entry.type_name = Field.TYPE_MESSAGE, kind
        else:
            entry.type = kind


def _pool():
    """Two files, so that one must be asked for as an import of the other."""
    pool = descriptor_pool.DescriptorPool()
    common = descriptor_pb2.FileDescriptorProto(name="common.proto", package=PACKAGE, syntax="proto3")
    _message(common, "Person", name=Field.TYPE_STRING, age=Field.TYPE_INT64, tags=[Field.TYPE_STRING])
    file = descriptor_pb2.FileDescriptorProto(
        name="greeter.proto", package=PACKAGE, syntax="proto3", dependency=["common.proto"])
    _message(file, "HelloRequest", person=".helloworld.Person", payload=Field.TYPE_BYTES)
    _message(file, "HelloReply", message=Field.TYPE_STRING, total_count=Field.TYPE_INT64)
    service = file.service.add(name="Greeter")
    for name, client, server in (("SayHello", False, False), ("Count", False, True), ("Chat", True, True)):
        service.method.add(
            name=name, input_type=".helloworld.HelloRequest", output_type=".helloworld.HelloReply",
            client_streaming=client, server_streaming=server)
    for each in (common, file):
        pool.Add(each)
    return pool


POOL = _pool()
Request = message_factory.GetMessageClass(POOL.FindMessageTypeByName("helloworld.HelloRequest"))
Reply = message_factory.GetMessageClass(POOL.FindMessageTypeByName("helloworld.HelloReply"))


def greet(request):
    """The answer that every method gives."""
    return Reply(message=f"Hello {request.person.name}", total_count=request.person.age)


class ReflectionCounter(grpc.ServerInterceptor):
    """Counts how often reflection was asked."""

    def __init__(self):
        self.count = 0

    def intercept_service(self, continuation, handler_call_details):
        if "ServerReflection" in handler_call_details.method:
            self.count += 1
        return continuation(handler_call_details)


def add_to(server, with_reflection=True):
    """Adds the service, and reflection, to a server that has not started."""

    def say_hello(request, context):
        if request.person.name == "nobody":
            context.set_trailing_metadata((("x-trailer", "t"),))
            context.abort(grpc.StatusCode.NOT_FOUND, "nobody is here: 100%")
        context.send_initial_metadata((("x-initial", dict(context.invocation_metadata()).get("user_id", "")),))
        context.set_trailing_metadata((("x-trailer", "t"),))
        return greet(request)

    def count(request, context):
        for _ in range(request.person.age):
            yield greet(request)

    def chat(requests, context):
        for request in requests:
            yield greet(request)

    kinds = {"request_deserializer": Request.FromString, "response_serializer": Reply.SerializeToString}
    handlers = {
        "SayHello": grpc.unary_unary_rpc_method_handler(say_hello, **kinds),
        "Count": grpc.unary_stream_rpc_method_handler(count, **kinds),
        "Chat": grpc.stream_stream_rpc_method_handler(chat, **kinds),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    if with_reflection:
        reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server, POOL)

