"""The codecs of Go Micro's own RPC as a service has them. Envelopes in protobuf are read and written with the reference
implementation, so that no mistake of the program can be made twice."""

import json
import struct

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field


def _envelopes():
    file = descriptor_pb2.FileDescriptorProto(name="envelopes.proto", package="envelopes", syntax="proto3")
    for name in ("Request", "Response"):
        message = file.message_type.add(name=name)
        kinds = (Field.TYPE_STRING, Field.TYPE_FIXED64, Field.TYPE_STRING)
        for number, (field, kind) in enumerate(zip(("service_method", "seq", "error"), kinds), 1):
            message.field.add(name=field, number=number, type=kind, label=Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return [
        message_factory.GetMessageClass(pool.FindMessageTypeByName(f"envelopes.{name}"))
        for name in ("Request", "Response")]


Request, Response = _envelopes()


def _message(value):
    """`null` is the empty message, as a service of Go Micro reads it."""
    return {} if value is None else value


class JSON:
    @staticmethod
    def read(body, endpoint):
        return _message(json.loads(body or b"{}"))

    @staticmethod
    def write(message):
        return json.dumps(message, separators=(",", ":")).encode() + b"\n"

    @staticmethod
    def write_error(text):
        return b""


class JSONRPC:
    @staticmethod
    def read(body, endpoint):
        envelope = json.loads(body)
        assert set(envelope) == {"method", "params", "id"}
        assert envelope["method"] == endpoint
        [message] = envelope["params"]
        return _message(message)

    @staticmethod
    def write(message):
        return json.dumps({"id": "0", "result": message, "error": None}).encode() + b"\n"

    @staticmethod
    def write_error(text):
        return json.dumps({"id": "0", "result": None, "error": text}).encode() + b"\n"


class Protobuf:
    """Messages are bytes."""

    @staticmethod
    def read(body, endpoint):
        return body

    @staticmethod
    def write(message):
        return message

    @staticmethod
    def write_error(text):
        return b""


def _block(data):
    return struct.pack(">I", len(data)) + data


class ProtoRPC:
    """Messages are bytes."""

    @staticmethod
    def read(body, endpoint):
        (length,) = struct.unpack(">I", body[:4])
        assert Request.FromString(body[4:4 + length]).service_method == endpoint
        message = body[4 + length:]
        assert struct.unpack(">I", message[:4]) == (len(message) - 4,)
        return message[4:]

    @staticmethod
    def write(message):
        return _block(Response(seq=5).SerializeToString()) + _block(message)

    @staticmethod
    def write_error(text):
        return _block(Response(error=text).SerializeToString()) + _block(b"")


ALL = {
    "application/json": JSON,
    "application/json-rpc": JSONRPC,
    "application/protobuf": Protobuf,
    "application/proto-rpc": ProtoRPC,
}
