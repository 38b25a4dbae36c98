"""Makes the golden files of the transcoder with the reference implementation of ProtoJSON in Python.

    pip install protobuf==7.36.2 grpcio-tools==1.85.1 grpcio-reflection==1.85.1
    python generate.py

The same seed gives the same messages. The files are committed, so the tests need neither package.
"""

import json
import random
import struct
import sys
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection_pb2
from grpc_tools import protoc

HERE = Path(__file__).parent
FILES = ["sample.proto", "legacy.proto", "modern.proto", "shop.proto"]
INCLUDES = Path(protoc.__file__).parent / "_proto"
random_ = random.Random(20)


def compile_schema():
    target = HERE / "schema.binpb"
    arguments = ["protoc", f"-I{HERE}", f"-I{INCLUDES}", "--include_imports", f"--descriptor_set_out={target}"]
    if protoc.main(arguments + FILES) != 0:
        sys.exit("protoc failed")
    descriptors = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    return descriptors, pool


DESCRIPTORS, POOL = compile_schema()


def kind(name):
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(name))


Everything = kind("sample.Everything")

INT32S = [0, 1, -1, 2, 127, 128, 300, -300, 2**31 - 1, -(2**31)]
INT64S = INT32S + [2**31, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
UINT32S = [0, 1, 127, 128, 2**31, 2**32 - 1]
UINT64S = UINT32S + [2**32, 2**53 + 1, 2**63, 2**64 - 1]
DOUBLES = [0.0, 1.0, -1.5, 0.1, 1e20, 1e16, 1e15, 123456789.125, 5e-324, 1.7976931348623157e308, 1e-5, 0.0001, -0.0]
DOUBLES += [float("nan"), float("inf"), float("-inf"), 2.0**53, 9007199254740993.0, 1 / 3]
FLOATS = [0.0, 1.0, -2.5, 0.1, 3.0e38, 2e-38, 1.17549435e-38, 16777216.0, 1e10, 3.14159274]
FLOATS += [float("nan"), float("inf"), float("-inf")]
STRINGS = ["", "a", "John", "x" * 130, 'quo"te\\', "tab\there\n", "\u0000\u001f\u007f", "ä€😀", "<&>", "\u2028\u2029"]
BLOBS = [b"", b"\x00", b"\xff\xfe", b"abc", bytes(range(256)), b"\xfb\xff\xbf"]
COLOURS = [0, 1, 2, -5, 77, -1]


def number(typical, of):
    return random_.choice(typical) if random_.random() < 0.7 else of()


def scalar(type_):
    f = descriptor_pb2.FieldDescriptorProto
    bits = random_.getrandbits
    if type_ in (f.TYPE_INT32, f.TYPE_SINT32, f.TYPE_SFIXED32):
        return number(INT32S, lambda: bits(32) - 2**31)
    if type_ in (f.TYPE_INT64, f.TYPE_SINT64, f.TYPE_SFIXED64):
        return number(INT64S, lambda: bits(64) - 2**63)
    if type_ in (f.TYPE_UINT32, f.TYPE_FIXED32):
        return number(UINT32S, lambda: bits(32))
    if type_ in (f.TYPE_UINT64, f.TYPE_FIXED64):
        return number(UINT64S, lambda: bits(64))
    if type_ == f.TYPE_DOUBLE:
        return number(DOUBLES, lambda: struct.unpack("<d", struct.pack("<Q", bits(64)))[0])
    if type_ == f.TYPE_FLOAT:
        # The reference writes the smallest in more digits than they have.
        value = number(FLOATS, lambda: struct.unpack("<f", struct.pack("<I", bits(32)))[0])
        return value if value == 0 or abs(value) > 1e-38 or value != value else 1.0
    if type_ == f.TYPE_BOOL:
        return random_.random() < 0.5
    if type_ == f.TYPE_STRING:
        return random_.choice(STRINGS)
    if type_ == f.TYPE_BYTES:
        return random_.choice(BLOBS)
    if type_ == f.TYPE_ENUM:
        return random_.choice(COLOURS)
    raise ValueError(type_)


def fill_value(value, depth):
    choice = random_.randrange(6 if depth > 0 else 4)
    if choice == 0:
        value.null_value = 0
    elif choice == 1:
        value.number_value = random_.choice([d for d in DOUBLES if d == d and abs(d) != float("inf")])
    elif choice == 2:
        value.string_value = random_.choice(STRINGS)
    elif choice == 3:
        value.bool_value = random_.random() < 0.5
    elif choice == 4:
        value.struct_value.SetInParent()
        for name in random_.sample(["a", "b", 'q"', ""], random_.randrange(3)):
            fill_value(value.struct_value.fields[name], depth - 1)
    else:
        value.list_value.SetInParent()
        for _ in range(random_.randrange(4)):
            fill_value(value.list_value.values.add(), depth - 1)


def fill_message(message, depth):
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds = random_.choice([0, 1, -1, 951782400, 951868799, -62135596800, 253402300799, bits_below(33)])
        message.nanos = random_.choice([0, 1, 999999999, 500000000, 21000000, 1000])
    elif name == "google.protobuf.Duration":
        message.seconds = random_.choice([0, 1, -1, 315576000000, -315576000000, 3600])
        nanos = random_.choice([0, 1, 999999999, 500000000, 1000])
        message.nanos = -nanos if message.seconds < 0 else nanos
        if abs(message.seconds) == 315576000000:
            message.nanos = 0
    elif name == "google.protobuf.FieldMask":
        message.paths.extend(random_.choices(["a", "foo_bar", "user.display_name", "a.b.c"], k=random_.randrange(4)))
    elif name == "google.protobuf.Value":
        fill_value(message, depth)
    elif name == "google.protobuf.ListValue":
        for _ in range(random_.randrange(4)):
            fill_value(message.values.add(), depth)
    elif name == "google.protobuf.Struct":
        for key in random_.sample(["a", "b", "c d"], random_.randrange(3)):
            fill_value(message.fields[key], depth)
    elif name == "google.protobuf.Any":
        fill_any(message, depth)
    elif name == "sample.Everything":
        fill(message, depth)
    elif "value" in message.DESCRIPTOR.fields_by_name:
        message.value = scalar(message.DESCRIPTOR.fields_by_name["value"].type)


def bits_below(count):
    return random_.getrandbits(count)


def fill_any(message, depth):
    names = ["sample.Everything", "google.protobuf.Duration", "google.protobuf.Int64Value", "google.protobuf.Value"]
    content = kind(random_.choice(names))()
    fill_message(content, depth - 1)
    message.Pack(content, deterministic=True)


def fill(message, depth, share=0.12):
    fields = list(message.DESCRIPTOR.fields)
    for field in fields:
        if random_.random() > share or (depth <= 0 and field.message_type is not None):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            fill_map(getattr(message, field.name), field, depth)
        elif field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(random_.randrange(4)):
                if field.message_type is not None:
                    fill_message(target.add(), depth - 1)
                else:
                    target.append(0 if field.name == "null_value" else scalar(field.type))
        elif field.message_type is not None:
            target = getattr(message, field.name)
            target.SetInParent()
            fill_message(target, depth - 1)
        elif field.name in ("null_value", "choice_null"):
            setattr(message, field.name, 0)
        else:
            setattr(message, field.name, scalar(field.type))


def fill_map(target, field, depth):
    key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
    for _ in range(random_.randrange(4)):
        if value.message_type is not None:
            fill_message(target[scalar(key.type)], depth - 1)
        else:
            target[scalar(key.type)] = scalar(value.type)


def has_order(message):
    """Whether there is a map whose entries may come in another order."""
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            values = list(value.values())
            if len(values) > 1:
                return True
            if field.message_type.fields_by_name["value"].message_type is None:
                continue
        elif field.is_repeated:
            values = list(value)
        else:
            values = [value]
        for inner in values:
            if inner.DESCRIPTOR.full_name == "google.protobuf.Any":
                content = kind(inner.TypeName())()
                inner.Unpack(content)
                inner = content
            if has_order(inner):
                return True
    return False


STYLES = {
    "plain": {},
    "declared": {"preserving_proto_field_name": True},
    "defaults": {"always_print_fields_with_no_presence": True},
    "numbers": {"use_integers_for_enums": True},
}


def to_json(message, style):
    return json_format.MessageToJson(
        message, descriptor_pool=POOL, indent=None, ensure_ascii=random_.random() < 0.5, **STYLES[style]
    )


def make_messages():
    records = []
    while len(records) < 300:
        message = Everything()
        fill(message, 3)
        style = random_.choice(list(STYLES))
        wire = message.SerializeToString(deterministic=True)
        if len(wire) > 700:
            continue
        text = to_json(message, style)
        # The reference writes the number of this enumeration, where null says the same.
        if '"choiceNull": 0' in text or '"nullValue": 0' in text:
            continue
        is_ordered = not has_order(message)
        again = json_format.Parse(text, Everything(), descriptor_pool=POOL)
        assert not is_ordered or again.SerializeToString(deterministic=True) == wire, text
        records.append({"style": style, "hex": wire.hex(), "json": text, "isOrdered": is_ordered})
    return records


def make_rules():
    """What the reference says to single texts: bytes or an error."""
    records = []
    for line in (HERE / "rules.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, text = line.split(" ", 1)
        message = kind(name)()
        try:
            json_format.Parse(text, message, descriptor_pool=POOL)
            wire = message.SerializePartialToString(deterministic=True).hex()
        except (json_format.ParseError, TypeError, ValueError):
            wire = None
        records.append({"type": name, "json": text, "hex": wire})
    return records


def make_reflection():
    request, response = reflection_pb2.ServerReflectionRequest, reflection_pb2.ServerReflectionResponse
    files = response()
    files.valid_host = "h"
    files.original_request.file_by_filename = "a.proto"
    files.file_descriptor_response.file_descriptor_proto.extend([b"one", b"two"])
    services = response()
    services.list_services_response.service.add().name = "shop.v1.Shop"
    services.list_services_response.service.add().name = "grpc.reflection.v1.ServerReflection"
    error = response()
    error.error_response.error_code = 5
    error.error_response.error_message = "no such symbol"
    return {
        "list": request(list_services="*").SerializeToString().hex(),
        "symbol": request(file_containing_symbol="shop.v1.Shop").SerializeToString().hex(),
        "file": request(file_by_filename="shop.proto").SerializeToString().hex(),
        "files": files.SerializeToString().hex(),
        "services": services.SerializeToString().hex(),
        "error": error.SerializeToString().hex(),
    }


def write(name, content):
    lines = ",\n".join(json.dumps(record) for record in content) if isinstance(content, list) else json.dumps(content)
    (HERE / name).write_text(f"[\n{lines}\n]\n" if isinstance(content, list) else lines + "\n", encoding="utf-8")


write("messages.json", make_messages())
write("rules.json", make_rules())
write("reflection.json", make_reflection())
