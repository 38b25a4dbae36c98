"""The messages of `go.api`, made without any compiler of .proto files."""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field

PACKAGE = "go.api"


def _add(message, number, name, kind, repeated=False):
    entry = message.field.add(
        name=name, number=number, label=Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL)
    if isinstance(kind, str):
        entry.type, entry.type_name = Field.TYPE_MESSAGE, kind
    else:
        entry.type = kind


def _add_pairs(message, number, name):
    """A field that is a map from texts to pairs."""
    entry = message.nested_type.add(name=f"{name.capitalize()}Entry")
    entry.options.map_entry = True
    _add(entry, 1, "key", Field.TYPE_STRING)
    _add(entry, 2, "value", f".{PACKAGE}.Pair")
    _add(message, number, name, f".{PACKAGE}.{message.name}.{entry.name}", repeated=True)


def _file():
    file = descriptor_pb2.FileDescriptorProto(name="api.proto", package=PACKAGE, syntax="proto3")
    pair = file.message_type.add(name="Pair")
    _add(pair, 1, "key", Field.TYPE_STRING)
    _add(pair, 2, "values", Field.TYPE_STRING, repeated=True)
    request = file.message_type.add(name="Request")
    _add(request, 1, "method", Field.TYPE_STRING)
    _add(request, 2, "path", Field.TYPE_STRING)
    for number, name in (3, "header"), (4, "get"), (5, "post"):
        _add_pairs(request, number, name)
    # Declared as text, but these bytes need not be any.
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
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())


def _class(name):
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))


Request, Response, Event = _class("Request"), _class("Response"), _class("Event")


def pairs(field):
    """A map of pairs as lists of values by name."""
    assert all(key == pair.key for key, pair in field.items())
    return {key: list(pair.values) for key, pair in field.items()}


def response(status=0, body=b"", **header):
    """A response; underscores in the names of header fields are hyphens, and a value may be a list."""
    message = Response(statusCode=status, body=body)
    for name, values in header.items():
        name = name.replace("_", "-")
        message.header[name].key = name
        message.header[name].values.extend(values if isinstance(values, list) else [values])
    return message


DESCRIPTION = {
    "name": "Request", "type": "Request",
    "values": [
        {"name": name, "type": kind}
        for name, kind in (
            ("method", "string"), ("path", "string"), ("header", "map[string]*Pair"), ("get", "map[string]*Pair"),
            ("post", "map[string]*Pair"), ("body", "string"), ("url", "string"))],
}
"""How a registry describes an endpoint that takes a whole request."""
