"""The OpenAPI document of a gateway, read by others: is it one, and is it true?"""

import http.client
import json
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from concurrent import futures

import grpc
import jsonschema
import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    empty_pb2,
    field_mask_pb2,
    json_format,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from grpc_reflection.v1alpha import reflection
from openapi_spec_validator import OpenAPIV31SpecValidator

PACKAGE = "go.micro.api.zoo"
CONFIGURATION = pathlib.Path(__file__).with_name("schemathesis.toml")
METADATA = {"protocol": "grpc", "transport": "grpc"}


def get(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.load(answer)


def document(program, query=""):
    """The document, which is one."""
    found = get(f"{program.web_url}/api/openapi.json{query}")
    OpenAPIV31SpecValidator(found).validate()
    return found


def ask(url, method, path, body=None, headers=None):
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request(
        method, path, None if body is None else json.dumps(body),
        {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers["Content-Type"], text


def schemathesis(program, directory, *arguments):
    """Tries the document of a program, and returns what was found. It keeps notes in the directory."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run",
        f"{program.web_url}/api/openapi.json", "--url", program.api_url, "--no-color", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=220, cwd=directory)
    return result.returncode, result.stdout + result.stderr


# The demo


def test_the_document_of_the_demo_is_one_and_names_what_there_is(demo):
    found = document(demo)
    assert found["servers"][0]["url"].endswith(f":{demo.api_port}")
    assert list(found["paths"]) == [
        "/greeter/say/fail", "/greeter/say/hello", "/greeter/say/stream", "/helloworld/greeter/sayHello",
        "/helloworld/greeter/sayHelloStreamReply", "/rpc"]
    left_out = {item["what"]: item["why"] for item in found["x-micro-omitted"]}
    assert left_out["go.micro.srv.greeter"] == "no path leads to it in the namespace go.micro.api"
    assert "plain HTTP" in left_out["go.micro.web.hello"]
    assert document(demo) == found


@pytest.mark.timeout(240)
def test_what_the_document_says_is_true_of_the_demo(demo, tmp_path):
    code, text = schemathesis(demo, tmp_path)
    assert code == 0, text
    count = re.search(r"(\d+) generated, (\d+) passed", text)
    assert count and count[1] == count[2] and int(count[1]) > 100, text


def test_streams_answer_as_the_document_says(demo):
    found = document(demo)
    operation = found["paths"]["/greeter/say/stream"]["post"]
    content = operation["responses"]["200"]["content"]
    for kind in content:
        status, answered, text = ask(
            demo.api_url, "POST", "/greeter/say/stream", {"name": "Ada", "count": 1}, {"Accept": kind})
        assert (status, answered) == (200, kind)
        if kind == "text/event-stream":
            messages = [line.removeprefix("data: ") for line in text.split("\n\n")[0].splitlines()]
        else:
            messages = text.splitlines()
        for message in messages:
            jsonschema.Draft202012Validator(content["application/json"]["schema"]).validate(json.loads(message))
    status, _, text = ask(
        demo.api_url, "POST", "/greeter/say/stream", {"count": 2}, {"Accept": "application/json"})
    assert str(status) in operation["responses"]
    assert json.loads(text)["code"] == 406


# A service with annotations


TYPES = {
    "name": Field.TYPE_STRING, "weight_in_grams": Field.TYPE_INT64, "age": Field.TYPE_UINT32, "tame": Field.TYPE_BOOL,
    "ratio": Field.TYPE_DOUBLE, "picture": Field.TYPE_BYTES, "kind": "Kind", "young": ["Animal"],
    "tags": [Field.TYPE_STRING],
    "born": ".google.protobuf.Timestamp", "lives": ".google.protobuf.Duration", "mask": ".google.protobuf.FieldMask",
    "notes": ".google.protobuf.Struct", "anything": ".google.protobuf.Value", "list": ".google.protobuf.ListValue",
    "any": ".google.protobuf.Any", "nickname": ".google.protobuf.StringValue", "big": ".google.protobuf.Int64Value",
    "limbs": {"key": Field.TYPE_INT32, "value": "Animal"}, "cage": Field.TYPE_STRING, "field": Field.TYPE_INT32,
}

RULES = [
    {"get": "/v1/{name=animals/*}"}, {"post": "/v1/animals", "body": "*"},
    {"patch": "/v1/animals/{name}", "body": "born", "response_body": "young"},
    {"get": "/v1/weights/{weight_in_grams}/{kind}"}, {"get": "/v1/paths/{name=**}"},
    {"post": "/v1/food/{name}:feed", "body": "*"}, {"delete": "/v1/animals/{cage}"},
]


IMPORTED = (
    annotations_pb2, any_pb2, duration_pb2, empty_pb2, field_mask_pb2, struct_pb2, timestamp_pb2, wrappers_pb2)


def zoo():
    """A file of descriptors with one of each kind of field, two of them in a oneof."""
    file = descriptor_pb2.FileDescriptorProto(name="zoo.proto", package=PACKAGE, syntax="proto3")
    for module in IMPORTED:
        file.dependency.append(module.DESCRIPTOR.name)
    kinds = file.enum_type.add(name="Kind")
    for number, name in enumerate(["KIND_UNKNOWN", "CAT", "DOG"]):
        kinds.value.add(name=name, number=number)
    animal = file.message_type.add(name="Animal")
    animal.oneof_decl.add(name="place")

    def set_type(field, kind):
        if isinstance(kind, str):
            field.type = Field.TYPE_ENUM if kind == "Kind" else Field.TYPE_MESSAGE
            field.type_name = kind if kind.startswith(".") else f".{PACKAGE}.{kind}"
        else:
            field.type = kind

    for number, (name, kind) in enumerate(TYPES.items(), 1):
        field = animal.field.add(name=name, number=number, label=Field.LABEL_OPTIONAL)
        if isinstance(kind, dict):
            entry = animal.nested_type.add(name="LimbsEntry")
            entry.options.map_entry = True
            for place, part in enumerate(["key", "value"], 1):
                set_type(entry.field.add(name=part, number=place, label=Field.LABEL_OPTIONAL), kind[part])
            field.label, kind = Field.LABEL_REPEATED, "Animal.LimbsEntry"
        elif isinstance(kind, list):
            field.label, kind = Field.LABEL_REPEATED, kind[0]
        set_type(field, kind)
        if name in ("cage", "field"):
            field.oneof_index = 0
    service = file.service.add(name="Keeper")
    method = service.method.add(name="Echo", input_type=f".{PACKAGE}.Animal", output_type=f".{PACKAGE}.Animal")
    first, *others = [http_pb2.HttpRule(**rule) for rule in RULES]
    first.additional_bindings.extend(others)
    method.options.Extensions[annotations_pb2.http].CopyFrom(first)
    service.method.add(
        name="Watch", input_type=f".{PACKAGE}.Animal", output_type=f".{PACKAGE}.Animal", server_streaming=True)
    return file


POOL = descriptor_pool.Default()
POOL.Add(zoo())
Animal = message_factory.GetMessageClass(POOL.FindMessageTypeByName(f"{PACKAGE}.Animal"))


@pytest.fixture(scope="module")
def node():
    """A service in protobuf that tells its types by reflection. It answers what it got."""
    kinds = {"request_deserializer": Animal.FromString, "response_serializer": Animal.SerializeToString}
    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(lambda request, _: request, **kinds),
        "Watch": grpc.unary_stream_rpc_method_handler(lambda request, _: iter([request] * 3), **kinds),
    }
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"{PACKAGE}.Keeper", handlers),))
    reflection.enable_server_reflection([f"{PACKAGE}.Keeper", reflection.SERVICE_NAME], server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait(10)


SERVER = ("server", "--registry=memory", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")


@pytest.fixture(scope="module")
def annotated(start_for_module, node, tmp_path_factory):
    """A gateway that knows the types and routes from a file."""
    everything = descriptor_pb2.FileDescriptorSet()
    for module in (descriptor_pb2, http_pb2, *IMPORTED):
        module.DESCRIPTOR.CopyToProto(everything.file.add())
    everything.file.add().CopyFrom(zoo())
    path = tmp_path_factory.mktemp("openapi") / "zoo.pb"
    path.write_bytes(everything.SerializeToString())
    server = start_for_module(*SERVER, f"--descriptors={path}")
    server.register(PACKAGE, node, metadata=METADATA)
    return server


@pytest.fixture(scope="module")
def reflecting(start_for_module, node):
    """A gateway that has to ask the node for its types."""
    server = start_for_module(*SERVER)
    server.register(PACKAGE, node, metadata=METADATA)
    return server


def messages():
    """One message with everything in it, and some at the edges."""
    full = Animal(
        name="Ada", weight_in_grams=-(2**63), age=2**32 - 1, tame=True, ratio=0.25, picture=b"\xff\xfe\x00", kind=2,
        young=[Animal(name="x"), Animal()], tags=["a", ""], cage="7")
    full.born.FromJsonString("2026-01-31T12:00:00.25Z")
    full.lives.FromJsonString("-3.000000001s")
    full.mask.FromJsonString("name,weightInGrams")
    full.notes.update({"a": [1, None, {"b": "c"}]})
    full.anything.list_value.values.add(null_value=0)
    full.list.extend([1, "a"])
    full.any.Pack(Animal(name="in any"))
    full.nickname.value = ""
    full.big.value = 2**63 - 1
    full.limbs[-3].name = "limb"
    return [
        full, Animal(), Animal(ratio=float("inf")), Animal(ratio=float("nan")), Animal(field=0),
        Animal(anything=struct_pb2.Value(null_value=0)), Animal(weight_in_grams=2**63 - 1, age=1)]


def test_the_document_of_a_service_with_annotations_is_one(annotated):
    found = document(annotated)
    assert [path for path in found["paths"] if path.startswith("/v1/")] == [
        "/v1/animals", "/v1/animals/{name}", "/v1/food/{name}:feed", "/v1/paths/{name}",
        "/v1/weights/{weight_in_grams}/{kind}"]
    assert set(found["paths"]["/v1/animals/{name}"]) == {"get", "patch", "delete"}
    assert {"/zoo/keeper/echo", "/zoo/keeper/watch"} < set(found["paths"])
    names = [each["operationId"] for item in found["paths"].values() for each in item.values()]
    assert len(set(names)) == len(names)
    assert f"{PACKAGE}.Animal" in found["components"]["schemas"]


def test_a_service_that_tells_its_types_is_described_without_any_record_of_them(reflecting, annotated):
    found = document(reflecting)
    assert {"/zoo/keeper/echo", "/zoo/keeper/watch"} < set(found["paths"])
    name = f"{PACKAGE}.Animal"
    assert found["components"]["schemas"][name] == document(annotated)["components"]["schemas"][name]


@pytest.mark.parametrize("gateway", ["annotated", "reflecting"])
def test_the_schema_of_a_message_accepts_what_protobuf_writes(request, node, gateway):
    server = request.getfixturevalue(gateway)
    server.register("zoo", node, metadata=METADATA, endpoints=[{"name": "Keeper.Echo"}])
    [endpoint] = get(f"{server.web_url}/api/services/zoo")["data"][0]["endpoints"]
    for side in ("requestSchema", "responseSchema"):
        schema = endpoint[side]
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for message in messages():
            validator.validate(json_format.MessageToDict(message))
        for wrong in (
                {"nothing": 1}, {"name": 7}, {"kind": "COW"}, {"weightInGrams": "x"}, {"age": -1}, {"tags": "a"},
                {"limbs": {"x": {}}}, {"cage": "a", "field": 1}, {"lives": "3"}, {"young": [{"tame": "true"}]}, []):
            assert not validator.is_valid(wrong), wrong


def test_answers_of_the_gateway_are_what_the_schema_says(annotated):
    found = document(annotated)
    schema = {"$ref": f"#/components/schemas/{PACKAGE}.Animal", "components": found["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    for message in messages():
        sent = json_format.MessageToDict(message)
        status, _, text = ask(annotated.api_url, "POST", "/zoo/keeper/echo", sent)
        assert status == 200, text
        validator.validate(json.loads(text))
        assert json_format.ParseDict(json.loads(text), Animal()).SerializeToString(deterministic=True) == \
            message.SerializeToString(deterministic=True)


@pytest.mark.timeout(240)
def test_what_the_document_says_is_true_of_declared_routes(annotated, tmp_path):
    # Two fields of a oneof, and types in an Any that nobody knows, are more than a schema can rule out; and the tool
    # cannot make up what is none of a type with a oneof.
    code, text = schemathesis(
        annotated, tmp_path, "--phases", "fuzzing", "--mode", "positive", "--max-examples", "10",
        "--exclude-checks", "positive_data_acceptance")
    assert code == 0, text


@pytest.mark.parametrize("gateway", ["annotated", "reflecting"])
@pytest.mark.parametrize(
    "query, expected",
    [
        ("", {}), ("?name=7&tags=1&tame=true", {"name": "7", "tags": ["1"], "tame": True}),
        ("?weightInGrams=9223372036854775807&kind=CAT", {"weightInGrams": "9223372036854775807", "kind": "CAT"}),
        ("?nickname=true&cage=1.50", {"nickname": "true", "cage": "1.50"}),
    ])
def test_what_stands_in_a_query_has_the_type_of_its_field(request, gateway, query, expected):
    server = request.getfixturevalue(gateway)
    status, _, text = ask(server.api_url, "GET", f"/zoo/keeper/echo{query}")
    assert (status, json.loads(text)) == (200, expected)


# Several gateways


def test_each_gateway_of_a_program_has_a_document(start, tmp_path, micro_service):
    path = tmp_path / "micro.yaml"
    path.write_text(
        "listeners:\n  - name: shops\n    address: 127.0.0.1:0\n    namespace: com.example\n"
        "  - name: others\n    address: 127.0.0.1:0\n")
    server = start(
        "server", "--registry=memory", "--loops=1", "--web_address=127.0.0.1:0", f"--config={path}")
    for name in ("com.example.api.greeter", "go.micro.api.other"):
        service = micro_service(name)
        server.register(name, service.address, endpoints=[{"name": "Say.Hello"}])
    assert list(document(server)["paths"]) == ["/greeter/say/hello", "/rpc"]
    assert document(server, "?gateway=shops") == document(server)
    assert list(document(server, "?gateway=others")["paths"]) == ["/other/say/hello", "/rpc"]
    with pytest.raises(urllib.error.HTTPError) as error:
        document(server, "?gateway=nobody")
    assert error.value.code == 404
