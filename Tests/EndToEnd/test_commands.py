"""The commands that ask something once and end: what they print, where, and how they end."""

import json
import os
import re
import signal
import socket
import subprocess

import pytest

import peers

USAGE, UNAVAILABLE, CONFIGURATION = 2, 69, 78


@pytest.fixture
def run(micro):
    """Runs the program to its end, without any setting from outside."""

    def run(*arguments, env=None, limit=20):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        return subprocess.run(
            [micro, *arguments], capture_output=True, text=True, timeout=limit, env={**clean, **(env or {})})

    return run


@pytest.fixture
def ask(run, demo):
    """Runs a command against the demo, which must be there for it."""
    return lambda *arguments: run(*arguments, f"--server_address=127.0.0.1:{demo.web_port}")


def outcome(result):
    return result.returncode, result.stdout, result.stderr


# What is registered


def test_services_are_listed_by_name(ask):
    names = (
        "go.micro.api.greeter\ngo.micro.api.helloworld\ngo.micro.service.helloworld\ngo.micro.srv.example\n"
        "go.micro.srv.greeter\ngo.micro.web.hello\nhelloworld\n")
    assert outcome(ask("list", "services")) == (0, names, "")


@pytest.mark.parametrize("variable", ["MICRO_SERVER_ADDRESS", "MICRO_WEB_ADDRESS"])
def test_a_variable_names_the_program_to_ask(run, demo, variable):
    result = run("list", "services", env={variable: f"127.0.0.1:{demo.web_port}"})
    assert result.stdout.splitlines()[0] == "go.micro.api.greeter", result.stderr


def test_an_empty_registry_prints_nothing(run, start_server):
    server = start_server()
    result = run("list", "services", f"--server_address=127.0.0.1:{server.web_port}")
    assert outcome(result) == (0, "", "")


def test_a_service_is_shown_with_its_nodes_and_endpoints(ask):
    result = ask("get", "service", "go.micro.srv.greeter")
    pattern = (
        "service  go.micro.srv.greeter\n\nversion latest\n\nID\tAddress\tMetadata\n"
        "go.micro.srv.greeter-[0-9a-f]+\t127.0.0.1:[0-9]+\t"
        "broker=http,protocol=mucp,registry=memory,server=mucp,transport=http\n"
        "\nEndpoint: Say.Fail\n\nRequest: {}\n\nResponse: {}\n\n"
        "\nEndpoint: Say.Hello\n\nRequest: {\n\tname string\n}\n\nResponse: {\n\tmsg string\n}\n\n"
        "\nEndpoint: Say.Stream\n\nMetadata: stream=true\n\nRequest: {\n\tname string\n\tcount int64\n}\n\n"
        "Response: {\n\tmsg string\n\tseq int64\n}\n\n"
    )
    assert re.fullmatch(pattern.replace("{", r"\{").replace("}", r"\}").replace(".", r"\."), result.stdout)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_service_that_is_not_there_is_answered_with_the_nearest_name(ask):
    result = ask("get", "service", "go.micro.srv.greter")
    sentence = "micro: service not found: go.micro.srv.greter; did you mean go.micro.srv.greeter?\n"
    assert outcome(result) == (1, "", sentence)


# Calls


def test_an_answer_is_printed_indented_with_tabs(ask):
    result = ask("call", "go.micro.srv.greeter", "Say.Hello", '{"name":"Ann"}')
    assert outcome(result) == (0, '{\n\t"msg": "Hello Ann"\n}\n', "")


def test_an_answer_is_printed_raw_when_asked_for(ask):
    result = ask("call", "--output=raw", "go.micro.srv.greeter", "Say.Hello", '{"name":', '"Ann"}')
    assert outcome(result) == (0, '{"msg":"Hello Ann"}\n', "")


def test_a_call_without_json_sends_an_empty_object(ask):
    assert ask("call", "--output=raw", "go.micro.srv.greeter", "Say.Hello").stdout == '{"msg":"Hello "}\n'


def test_a_stream_is_printed_message_by_message(ask):
    result = ask("stream", "--output=raw", "go.micro.srv.greeter", "Say.Stream", '{"name":"Ann","count":2}')
    assert outcome(result) == (0, '{"msg":"Hello Ann #0","seq":0}\n{"msg":"Hello Ann #1","seq":1}\n', "")
    result = ask("stream", "go.micro.srv.greeter", "Say.Stream", '{"count":-1}')
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("micro: error calling go.micro.srv.greeter.Say.Stream: {")


def test_a_node_that_was_named_is_streamed_from_without_a_gateway(run, micro_service):
    @peers.stream
    def count(stream):
        request = stream.receive()
        for number in range(2):
            stream.send({"n": number, **request})

    service = micro_service("counter", Say_Count=count)
    result = run(
        "--registry=memory", "stream", f"--address={service.address}", "--output=raw", "counter", "Say.Count",
        '{"a":1}', env={"MICRO_WEB_ADDRESS": "127.0.0.1:1"})
    assert outcome(result) == (0, '{"n":0,"a":1}\n{"n":1,"a":1}\n', "")


def test_the_error_of_a_service_is_printed_as_an_object(ask):
    result = ask("call", "go.micro.srv.greeter", "Say.Fail")
    assert (result.returncode, result.stdout) == (1, "")
    sentence, _, report = result.stderr.partition(": {")
    assert sentence == "micro: error calling go.micro.srv.greeter.Say.Fail"
    assert json.loads("{" + report) == {
        "id": "greeter.Say.Fail", "code": 409, "detail": "this endpoint always fails", "status": "Conflict"}


def test_metadata_reaches_the_service_with_a_capital_letter(run, start_server, micro_service):
    service = micro_service("greeter")
    server = start_server()
    server.register("greeter", service.address)
    result = run(
        "call", "--metadata=token=a=b", "--metadata", "X-Tenant=7", "greeter", "Say.Hello", "{}",
        f"--server_address=127.0.0.1:{server.web_port}")
    assert result.returncode == 0, result.stderr
    header = service.calls[-1][0]
    assert (header["Token"], header["X-Tenant"], header["Micro-Endpoint"]) == ("a=b", "7", "Say.Hello")


def test_a_node_can_be_called_without_any_discovery(run, micro_service):
    service = micro_service("greeter")
    result = run("call", "--registry=memory", f"--address={service.address}", "greeter", "Say.Hello", '{"name":"Ann"}',
                 "--output=raw", env={"MICRO_WEB_ADDRESS": "127.0.0.1:1"})
    assert outcome(result) == (0, '{"msg":"Hello Ann"}\n', "")


@pytest.mark.parametrize(
    "words, code, sentence",
    [
        (["call", "go.micro.srv.greeter"], USAGE, "needs service and endpoint"),
        (["call", "go.micro.srv.greeter", "Say.Hello", "{bad}"], USAGE, "the request is no JSON"),
        (["call", "go.micro.srv.greeter", "Say.Hello", "[1]"], USAGE, "must be a JSON object"),
        (["call", "nosuch", "Say.Hello"], 1, "error calling nosuch.Say.Hello: {"),
        (["get", "service"], USAGE, "micro get needs a service"),
        (["get", "service", "nosuch"], 1, "service not found: nosuch"),
        (["health", "nosuch"], 1, "service not found: nosuch"),
        (["health"], USAGE, "micro health needs a service"),
        (["list", "dreams"], USAGE, "cannot list dreams"),
        (["register", "service"], USAGE, "micro register needs a record"),
        (["register", "service", "{"], USAGE, "the record is no JSON"),
        (["register", "service", '{"name":"foo"}'], USAGE, "at least one node"),
        (["deregister", "service", "{}"], USAGE, "name"),
    ],
)
def test_what_cannot_be_done_is_said_on_standard_error(ask, words, code, sentence):
    result = ask(*words)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("micro: ") and sentence in result.stderr


# Completion


@pytest.mark.parametrize(("line", "completions"), [
    ("micro reg", ["register"]),
    ("micro api --hand", ["--handler="]),
    ("micro api --handler=r", ["rpc"]),
    ("micro api --handler h", ["http"]),
    ("micro --registry=m", ["mdns", "memory"]),
    ("micro --registry=memory ser", ["server"]),
    ("micro web --resolver=", ["path", "domain", "subdomain"]),
    ("micro server --insecure", ["--insecure_dashboard"]),
    ("micro server --insecure_dashboard --web_a", ["--web_address="]),
    ("micro list ", ["services", "--registry="]),
    ("micro api a", ["add"]),
    ("micro api list ", ["routes", "limits"]),
    ("micro api set limit --req", ["--requests="]),
    ("micro api add route --handler=bro", ["broker"]),
    ("micro api --address=", []),
])
def test_bash_completes_commands_flags_and_values(run, line, completions):
    script = run("--generate-completion-script", "bash").stdout
    words = " ".join(f"'{word}'" for word in re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith(" ") else []))
    asking = f"{script}\nCOMP_WORDS=({words})\nCOMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))\n_micro\n"
    result = subprocess.run(
        ["bash", "-uc", asking + 'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=20)
    assert result.stderr == ""
    offered = result.stdout.split()
    assert offered[:len(completions)] == completions
    assert completions or not offered


# Health


def test_every_node_is_asked_how_it_is(ask):
    result = ask("health", "go.micro.srv.greeter")
    pattern = (
        r"service  go\.micro\.srv\.greeter\n\nversion latest\n\nnode\t\taddress:port\t\tstatus\n"
        r"go\.micro\.srv\.greeter-[0-9a-f]+\t\t127\.0\.0\.1:[0-9]+\t\tok\n"
    )
    assert re.fullmatch(pattern, result.stdout)
    assert (result.returncode, result.stderr) == (0, "")


def test_health_fails_when_no_node_answers(run, start_server):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    server = start_server()
    server.register("dead", address, node="dead-1")
    result = run("health", "dead", f"--server_address=127.0.0.1:{server.web_port}")
    assert result.returncode == 1
    assert result.stdout.splitlines()[-1].startswith(f"dead-1\t\t{address}\t\t")


def test_a_node_that_cannot_be_called_is_said_so_in_a_sentence(run, start_server):
    server = start_server()
    server.register("plain", "127.0.0.1:1", node="plain-1", protocol="http")
    result = run("health", "plain", f"--server_address=127.0.0.1:{server.web_port}")
    assert result.stdout.splitlines()[-1] == (
        "plain-1\t\t127.0.0.1:1\t\terror 501: plain speaks plain HTTP, which has no calls")
    assert result.returncode == 1


def test_one_node_can_be_asked_by_address(ask, demo):
    address = demo.services("go.micro.srv.greeter")[0]["nodes"][0]["address"]
    result = ask("health", f"--address={address}", "go.micro.srv.greeter")
    assert outcome(result) == (0, "ok\n", "")


# Changing the registry


def test_a_record_is_registered_shown_and_taken_out_again(run, start_server):
    server = start_server()
    where = f"--server_address=127.0.0.1:{server.web_port}"
    record = {
        "name": "foo", "version": "bar",
        "nodes": [{"id": "foo-1", "address": "127.0.0.1:8080", "metadata": {"c": "d", "a": "b"}}]}
    assert outcome(run("register", "service", json.dumps(record), where)) == (0, "ok\n", "")

    expected = "service  foo\n\nversion bar\n\nID\tAddress\tMetadata\nfoo-1\t127.0.0.1:8080\ta=b,c=d\n"
    assert outcome(run("get", "service", "foo", where)) == (0, expected, "")

    assert outcome(run("deregister", "service", json.dumps(record), where)) == (0, "ok\n", "")
    assert run("get", "service", "foo", where).returncode == 1


def test_a_registration_with_a_lifetime_ends_with_it(run, start_server):
    server = start_server()
    address = f"--server_address=127.0.0.1:{server.web_port}"
    nodes = [{"id": "1", "address": "127.0.0.1:9"}]
    for name, flags in (("brief", ["--register_ttl=1s"]), ("lasting", [])):
        record = json.dumps({"name": name, "version": "1", "nodes": nodes})
        assert outcome(run("register", "service", record, address, *flags)) == (0, "ok\n", "")
    # Nobody asks the registry meanwhile: requests are routed by the catalog.
    server.until_catalog(lambda: not server.services("brief"))
    assert server.services("lasting")


def test_the_port_of_an_old_record_is_joined_to_its_address(run, start_server):
    server = start_server()
    where = f"--server_address=127.0.0.1:{server.web_port}"
    record = '{"name":"foo","version":"1","nodes":[{"id":"foo-1","address":"127.0.0.1","port":8080}]}'
    assert outcome(run("register", "service", record, where)) == (0, "ok\n", "")
    assert "foo-1\t127.0.0.1:8080\t" in run("get", "service", "foo", where).stdout


# Flags, values, addresses


def test_the_version_is_one_line(run):
    for words in (["version"], ["--version"]):
        assert re.fullmatch(r"micro version \S+\n", run(*words).stdout)


@pytest.mark.parametrize(
    "words, code, sentence",
    [
        ([], USAGE, "no command given; try micro demo, or see micro --help"),
        (["dmeo"], USAGE, "unknown command dmeo"),
        (["demo", "--resolvr=path"], USAGE, "unknown flag --resolvr; did you mean --resolver?"),
        (["api", "--handler=rcp"], CONFIGURATION, "; did you mean rpc?"),
        (["api", "--resolver=hots"], CONFIGURATION, "did you mean host?"),
        (["api", "--registry=mnds"], CONFIGURATION, "did you mean mdns?"),
        (["api", "--registry=etcd"], CONFIGURATION, "--registry=etcd is not supported yet: use mdns or memory"),
        (["web", "--resolver=hots"], CONFIGURATION, "--resolver=hots is not path, domain or subdomain"),
        (["api", "--address=127.0.0.1:99999"], CONFIGURATION, "is not host:port"),
        (["api", "--client_request_timeout=soon"], CONFIGURATION, "--client_request_timeout=soon"),
        (["proxy"], USAGE, "micro proxy needs the server behind it"),
    ],
)
def test_a_wrong_command_line_ends_with_a_sentence_and_its_code(run, words, code, sentence):
    result = run(*words)
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith("micro: ") and sentence in result.stderr


def test_all_mistakes_are_told_at_once(run):
    result = run("api", "--handler=rcp", "--resolver=hots", "--nope")
    assert result.returncode == USAGE
    assert [word for word in ("rcp", "hots", "--nope") if word not in result.stderr] == []
    assert len(result.stderr.splitlines()) == 3


def test_a_wrong_value_of_a_variable_names_the_variable(run):
    result = run("api", env={"MICRO_API_HANDLER": "rcp"})
    assert result.returncode == CONFIGURATION
    assert "MICRO_API_HANDLER=rcp" in result.stderr


def test_a_directory_without_pages_is_refused(run, tmp_path):
    answer = outcome(run("web", "--registry=memory", "--web_address=127.0.0.1:0", f"--public_dir={tmp_path}"))
    sentence = f"micro: --public_dir={tmp_path} is no directory with an index.html to read\n"
    assert answer == (CONFIGURATION, "", sentence)


@pytest.mark.parametrize("flag", ["--api_address", "--web_address"])
def test_a_port_in_use_is_said_with_the_flag_that_changes_it(run, flag):
    with socket.create_server(("127.0.0.1", 0)) as used:
        addresses = {"--api_address": "127.0.0.1:0", "--web_address": "127.0.0.1:0"}
        addresses[flag] = f"127.0.0.1:{used.getsockname()[1]}"
        result = run("demo", *(f"{name}={value}" for name, value in addresses.items()))
    assert (result.returncode, result.stdout) == (UNAVAILABLE, "")
    assert result.stderr.startswith(f"micro: {addresses[flag]} is in use") and flag in result.stderr


def test_a_server_that_is_not_there_is_told_from_one_that_refuses(run):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    result = run("list", "services", f"--server_address={address}")
    assert (result.returncode, result.stdout) == (UNAVAILABLE, "")
    assert result.stderr == f"micro: {address} gives no answer (connection refused); is micro running there?\n"


def test_every_command_has_help(run):
    top = run("--help")
    assert (top.returncode, top.stderr) == (0, "")
    commands = re.findall(r"^  ([a-z]+) ", top.stdout, re.MULTILINE)
    for command in sorted(set(commands) - {"micro"}):
        result = run(command, "--help")
        assert (result.returncode, result.stderr) == (0, ""), command
        assert result.stdout.startswith(f"micro {command} - "), command


def test_a_reader_that_leaves_early_does_no_harm(micro, demo):
    process = subprocess.Popen(
        [micro, "help", "settings"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(20) in (0, -signal.SIGPIPE)
    assert process.stderr.read() == b""
    process.stderr.close()
