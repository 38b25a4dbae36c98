"""The gRPC service of `micro demo`, called by a client that knows nothing of this program, directly and through the
gateway; and in JSON."""

import http.client
import json

import grpc
import pytest
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase


@pytest.fixture(scope="module")
def node(demo):
    """Where the service itself listens."""
    return demo.services("helloworld")[0]["nodes"][0]["address"]


@pytest.fixture(params=["node", "gateway"])
def channel(request, demo, node):
    address = node if request.param == "node" else f"127.0.0.1:{demo.api_port}"
    with grpc.insecure_channel(address) as channel:
        yield channel


@pytest.fixture
def types(node):
    """Request and reply, as the service's reflection describes them."""
    with grpc.insecure_channel(node) as channel:
        pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        service = pool.FindServiceByName("helloworld.Greeter")
        assert [method.name for method in service.methods] == ["SayHello", "SayHelloStreamReply"]
        method = service.methods[0]
        yield (
            message_factory.GetMessageClass(method.input_type), message_factory.GetMessageClass(method.output_type))


def test_it_answers_in_grpc(channel, types):
    request, reply = types
    kinds = {"request_serializer": request.SerializeToString, "response_deserializer": reply.FromString}
    say = channel.unary_unary("/helloworld.Greeter/SayHello", **kinds)
    assert say(request(name="Jörg"), timeout=10).message == "Hello Jörg"
    stream = channel.unary_stream("/helloworld.Greeter/SayHelloStreamReply", **kinds)
    answers = [answer.message for answer in stream(request(name="John"), timeout=10)]
    assert answers == ["Hello John #0", "Hello John #1", "Hello John #2"]


def test_a_stream_may_be_left_before_its_end(channel, types):
    request, reply = types
    stream = channel.unary_stream(
        "/helloworld.Greeter/SayHelloStreamReply", request_serializer=request.SerializeToString,
        response_deserializer=reply.FromString)
    call = stream(request(), timeout=10)
    next(call)
    call.cancel()
    with pytest.raises(grpc.RpcError):
        next(call)


@pytest.mark.parametrize(
    "method, body, code",
    [
        ("/helloworld.Greeter/SayNothing", b"", grpc.StatusCode.UNIMPLEMENTED),
        ("/helloworld.Greeter/SayHello", b"\xff", grpc.StatusCode.INVALID_ARGUMENT),
    ])
def test_what_cannot_be_answered_ends_with_a_status(channel, method, body, code):
    with pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(method)(body, timeout=10)
    assert error.value.code() == code


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_names_its_services_and_describes_them(node, version):
    requests = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=f"grpc.reflection.{version}.ServerReflection"),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol="helloworld.Greeter.SayHello"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="helloworld.proto"),
        reflection_pb2.ServerReflectionRequest(file_by_filename="nothing.proto"),
    ]
    with grpc.insecure_channel(node) as channel:
        ask = channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString)
        services, itself, method, file, nothing = ask(iter(requests), timeout=10)
    assert [service.name for service in services.list_services_response.service] == sorted(
        ["helloworld.Greeter", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"])
    assert len(itself.file_descriptor_response.file_descriptor_proto) == 1
    assert method.file_descriptor_response == file.file_descriptor_response
    assert nothing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert nothing.original_request == requests[-1]


def test_it_answers_in_json_by_path_and_by_name(demo):
    def ask(path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", demo.api_port, timeout=10)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    assert ask("/helloworld/greeter/SayHello", {"name": "John"}, {}) == (200, '{"message":"Hello John"}')
    call = {"service": "helloworld", "endpoint": "Greeter.SayHello", "request": {"name": "John"}}
    assert ask("/rpc", call, {}) == (200, '{"message":"Hello John"}')
    status, text = ask("/helloworld/greeter/SayHelloStreamReply", {"name": "x"}, {"Accept": "application/x-ndjson"})
    assert (status, [json.loads(line)["message"] for line in text.splitlines()]) == (
        200, ["Hello x #0", "Hello x #1", "Hello x #2"])


def test_it_says_what_it_speaks_to_those_who_speak_something_else(node):
    host, port = node.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert answer.status == 415
    assert b"gRPC" in answer.read()
    connection.close()


def test_the_demo_stops_while_a_stream_goes_on(start):
    running = start("demo", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    with grpc.insecure_channel(f"127.0.0.1:{running.api_port}") as channel:
        call = channel.unary_stream("/helloworld.Greeter/SayHelloStreamReply")(b"", timeout=10)
        next(call)
        assert running.stop() == 0


@pytest.mark.parametrize("body", ["[1]", "7", '"x"'])
def test_a_message_that_is_no_object_is_refused(demo, body):
    connection = http.client.HTTPConnection("127.0.0.1", demo.api_port, timeout=10)
    connection.request("POST", "/greeter/say/hello", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert (answer.status, json.load(answer)["code"]) == (400, 400)
    connection.close()
