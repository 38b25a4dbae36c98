"""The messages of package `go.api`, made without any compiler of .proto files."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

PACKAGE = "go.api"


def _add(message, number, name, kind, label=Field.LABEL_OPTIONAL):
    field = message.field.add(name=name, number=number, label=label)
    if isinstance(kind, str):
        field.type, field.type_name = Field.TYPE_MESSAGE, kind
    else:
        field.type = kind


def _add_pairs(message, number, name):
    """A map from string to Pair."""
    entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
    entry.options.map_entry = True
    _add(entry, 1, "key", Field.TYPE_STRING)
    _add(entry, 2, "value", f".{PACKAGE}.Pair")
    _add(message, number, name, f".{PACKAGE}.{message.name}.{entry.name}", Field.LABEL_REPEATED)


def _pool():
    file = descriptor_pb2.FileDescriptorProto(name="api.proto", package=PACKAGE, syntax="proto3")
    pair = file.message_type.add(name="Pair")
    _add(pair, 1, "key", Field.TYPE_STRING)
    _add(pair, 2, "values", Field.TYPE_STRING, Field.LABEL_REPEATED)

    request = file.message_type.add(name="Request")
    _add(request, 1, "method", Field.TYPE_STRING)
    _add(request, 2, "path", Field.TYPE_STRING)
    _add_pairs(request, 3, "header")
    _add_pairs(request, 4, "get")
    _add_pairs(request, 5, "post")
    # Declared as a string. Read as bytes, so that a body that is none still arrives and can be compared.
    _add(request, 6, "body", Field.TYPE_BYTES)
    _add(request, 7, "url", Field.TYPE_STRING)

    response = file.message_type.add(name="Response")
    _add(response, 1, "statusCode", Field.TYPE_INT32)
    _add_pairs(response, 2, "header")
    _add(response, 3, "body", Field.TYPE_STRING)

    event = file.message_type.add(name="Event")
    _add(event, 1, "name", Field.TYPE_STRING)
    _add(event, 2, "id", Field.TYPE_STRING)
    _add(event, 3, "timestamp", Field.TYPE_INT64)
    _add_pairs(event, 4, "header")
    _add(event, 5, "data", Field.TYPE_STRING)

    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


_POOL = _pool()


def _class(name):
    return message_factory.GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))


Request, Response, Event = _class("Request"), _class("Response"), _class("Event")
