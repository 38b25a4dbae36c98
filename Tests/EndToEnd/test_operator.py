"""Routes and limits that operators declare while the program runs."""

import json
import os
import stat
import subprocess
import urllib.error
import urllib.request

import pytest

import wire


@pytest.fixture
def start_kept(start_server, tmp_path):
    """Starts a server that keeps what is declared in the test's own folder."""
    return lambda *flags: start_server(f"--state_dir={tmp_path}/deep/state", *flags)


@pytest.fixture
def admin(micro):
    """Runs `micro api` with further words against a program."""

    def admin(program, *words, code=0):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        result = subprocess.run(
            [micro, "api", *words, f"--server_address=127.0.0.1:{program.web_port}"],
            capture_output=True, text=True, timeout=30, env=environment)
        assert result.returncode == code, result.stderr
        return result.stderr if code else result.stdout

    return admin


def ask(program, path, data=None):
    """Status, header fields and content of an answer."""
    request = urllib.request.Request(program.api_url + path, data=data)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.loads(error.read())


def test_everything_is_there_after_a_restart(start_kept, micro_service, admin, tmp_path):
    service = micro_service("user", User_Call=lambda _: {"from": "user"})
    first = start_kept()
    admin(first, "add", "route", "--path=/people/{id}", "--service=user", "--endpoint=User.Call")
    admin(first, "set", "limit", "--path=/people/*", "--requests=2", "--window=1h")
    first.stop()
    kept = tmp_path / "deep/state/gateway/operator.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    second = start_kept()
    second.register("go.micro.api.user", service.address)
    line = "any /people/{id} -> rpc user User.Call (or go.micro.api.user)"
    assert admin(second, "list", "routes") == f"{line} # micro api add route\n"
    assert admin(second, "list", "limits") == "/people/* 2 requests in 1h\n"
    assert [ask(second, f"/people/{number}")[0] for number in range(3)] == [200, 200, 429]
    admin(second, "delete", "limit", "--path=/people/*")
    assert ask(second, "/people/7")[0] == 200
    admin(second, "delete", "route", "--path=/people/{id}")
    assert ask(second, "/people/7")[0] == 404
    assert (admin(second, "list", "routes"), admin(second, "list", "limits")) == ("", "")


def test_a_route_whose_service_is_gone_leads_to_no_other(start_kept, micro_service, admin):
    program = start_kept()
    other = micro_service("go.micro.api.people", People_Call=lambda _: {"from": "another"})
    program.register("go.micro.api.people", other.address, endpoints=[{"name": "People.Call"}])
    assert ask(program, "/people")[2] == {"from": "another"}
    admin(program, "add", "route", "--path=/people", "--service=user", "--endpoint=User.Call")
    near = micro_service("go.micro.api.usr")
    program.register("go.micro.api.usr", near.address)
    status, fields, report = ask(program, "/people")
    assert (status, fields["Retry-After"]) == (503, "1")
    assert report["detail"] == (
        "this path belongs to service user, which is not registered; the nearest registered name is go.micro.api.usr")
    assert len(other.calls) == 1
    service = micro_service("user", User_Call=lambda _: {"from": "user"})
    program.register("user", service.address)
    assert ask(program, "/people")[2] == {"from": "user"}


def test_a_refused_request_is_told_when_to_come_again(start_kept, admin):
    server = start_kept()
    admin(server, "set", "limit", "--path=/none", "--requests=1", "--window=30m")
    assert ask(server, "/none")[0] == 404
    status, fields, content = ask(server, "/none")
    assert (status, content["code"], content["error"]) == (429, 429, "too many requests")
    wait = int(fields["Retry-After"])
    assert 0 < wait <= 1800
    assert fields["RateLimit-Policy"] == '"default";q=1;w=1800'
    assert fields["RateLimit"] == f'"default";r=0;t={wait}'
    with urllib.request.urlopen(f"{server.web_url}/api/explain?path=/none", timeout=20) as answer:
        explained = json.loads(answer.read())["data"]
    assert explained["limit"] == "1 requests in 1800 s for /none, 0 of them left"
    assert explained["problem"]["status"] == 429


def test_every_answer_that_a_limit_concerns_tells_what_is_left(start_kept, admin, raw_server):
    def script(_, connection):
        while connection.request() is not None:
            connection.send(wire.reply("200 OK", 'RateLimit: "own";r=7;t=1', body=b"x"))

    node = raw_server(script)
    server = start_kept("--handler=http", "--allowed_origins=https://app.example")
    server.register("go.micro.api.site", node.address, protocol="http")
    for path in ("/site", "/none"):
        admin(server, "set", "limit", f"--path={path}", "--requests=3", "--window=1h")
    answers = [ask(server, "/none") for _ in range(2)]
    assert [status for status, _, _ in answers] == [404, 404]
    assert [fields["RateLimit"] for _, fields, _ in answers] == [f'"default";r={left};t=3600' for left in (2, 1)]
    assert answers[0][1]["RateLimit-Policy"] == '"default";q=3;w=3600'
    assert "Retry-After" not in answers[0][1]
    # What a node says of limits of its own stays, and pages of others may read all of it.
    passed = wire.ask(server.api_port, wire.get("/site", "Origin: https://app.example"))
    assert passed.values("RateLimit") == ['"own";r=7;t=1', '"gateway";r=2;t=3600']
    assert passed.values("RateLimit-Policy") == ['"gateway";q=3;w=3600']
    assert "RateLimit" in passed.value("Access-Control-Expose-Headers")
    # Nothing is told where nothing is limited, on the same connection too.
    with wire.connect(server.api_port) as client:
        client.send(wire.get("/none"))
        assert client.response().values("RateLimit") == ['"default";r=0;t=3600']
        client.send(wire.get("/other"))
        assert client.response().values("RateLimit") == []


def test_all_routes_are_listed_with_who_declared_them(start_kept, micro_service, admin, tmp_path):
    service = micro_service("items", Items_Read=lambda _: {})
    config = tmp_path / "micro.yaml"
    route = "{path: '/v1/{id}', methods: GET, service: go.micro.api.items, endpoint: Items.Read}"
    config.write_text(f"routes:\n  - {route}\n")
    server = start_kept(f"--config={config}")
    server.register("go.micro.api.items", service.address, endpoints=[
        {"name": "Items.Read", "metadata": {"method": "GET", "path": "/items,/v1/{name}", "host": "a.example"}}])
    admin(server, "add", "route", "--path=/v2", "--service=items", "--endpoint=Items.Read", "--host=b.example")
    mine = "any b.example/v2 -> rpc items Items.Read (or go.micro.api.items) # micro api add route"
    file = f"GET /v1/{{id}} -> rpc go.micro.api.items Items.Read # configuration file {config}:2"
    origin = "service go.micro.api.items, endpoint Items.Read"
    theirs = [
        f"GET a.example{path} -> rpc go.micro.api.items Items.Read # {origin}" for path in ("/items", "/v1/{name}")]
    assert admin(server, "list", "routes").splitlines() == [mine, file, *theirs]
    assert admin(server, "list", "routes", "--origin=registry").splitlines() == theirs
    assert admin(server, "list", "routes", "--origin=file", "--path=/v1").splitlines() == [file]
    assert admin(server, "list", "routes", "--path=/nothing") == ""
    assert "did you mean file?" in admin(server, "list", "routes", "--origin=fil", code=78)
    with urllib.request.urlopen(f"{server.web_url}/api/routes", timeout=20) as answer:
        told = json.loads(answer.read())
    assert [route["path"] for route in told["data"]] == ["/v2"]
    assert (len(told["routes"]), told["total"], told["omitted"]) == (4, 4, 0)


def test_a_route_of_somebody_else_is_not_deleted(start_kept, micro_service, admin, tmp_path):
    service = micro_service("items", Items_Read=lambda _: {})
    config = tmp_path / "micro.yaml"
    config.write_text("routes:\n  - {path: /v1, service: go.micro.api.items, endpoint: Items.Read}\n")
    server = start_kept(f"--config={config}")
    server.register("go.micro.api.items", service.address, endpoints=[
        {"name": "Items.Read", "metadata": {"path": "/items"}}])
    refusal = admin(server, "delete", "route", "--path=/v1", code=1)
    assert f"but by configuration file {config}:2: change it there" in refusal
    refusal = admin(server, "delete", "route", "--path=/items", code=1)
    assert "but by service go.micro.api.items, endpoint Items.Read" in refusal
    assert ask(server, "/v1")[0] == ask(server, "/items")[0] == 200


def test_one_of_several_routes_of_a_path_can_be_deleted(start_kept, micro_service, admin):
    endpoints = {f"User_{name}": lambda _, name=name: {"from": name} for name in ("A", "B", "C")}
    service = micro_service("user", **endpoints)
    server = start_kept()
    server.register("go.micro.api.user", service.address)
    for endpoint, flags in {"A": ["--host=a.example"], "B": ["--host=b.example", "--method=GET"], "C": []}.items():
        admin(server, "add", "route", "--path=/u", "--service=user", f"--endpoint=User.{endpoint}", *flags)

    def served():
        hosts = ("a.example", "b.example", "c.example")
        answers = [wire.ask(server.api_port, wire.request("GET", "/u", host=host)) for host in hosts]
        return [json.loads(answer.body).get("from", answer.status) for answer in answers]

    assert served() == ["A", "B", "C"]
    admin(server, "delete", "route", "--path=/u", "--host=a.example")
    assert served() == ["C", "B", "C"]
    refusal = admin(server, "delete", "route", "--path=/u", "--host=a.example", code=1)
    assert "there is GET b.example/u; any /u" in refusal
    admin(server, "delete", "route", "--path=/u", "--method=any", "--host=any")
    assert served() == [404, "B", 404]


def test_a_limit_may_be_for_some_methods_and_hosts_and_stays_so(start_kept, admin):
    first = start_kept()
    admin(first, "set", "limit", "--path=/u", "--requests=3", "--window=1h")
    admin(first, "set", "limit", "--path=/u", "--method=POST", "--requests=1", "--window=1h")
    admin(first, "set", "limit", "--path=/**", "--host=a.example", "--requests=2", "--window=1h")
    first.stop()
    server = start_kept()
    assert admin(server, "list", "limits").splitlines() == [
        "/u 3 requests in 1h", "POST /u 1 requests in 1h", "any a.example/** 2 requests in 1h"]

    def ask(method, path, host):
        return wire.ask(server.api_port, wire.request(method, path, host=host), method).status

    # The most special one counts alone: a host before a path, a path before a method.
    assert [ask("POST", "/u", "b.example") for _ in range(2)] == [404, 429]
    assert [ask("GET", "/u", "b.example") for _ in range(4)] == [404, 404, 404, 429]
    assert [ask(*words, "a.example") for words in [("POST", "/u"), ("GET", "/v"), ("GET", "/u")]] == [404, 404, 429]
    assert ask("GET", "/v", "b.example") == 404
    with urllib.request.urlopen(f"{server.web_url}/api/explain?path=/u&method=POST", timeout=20) as answer:
        assert json.loads(answer.read())["data"]["limit"] == "1 requests in 3600 s for POST /u, 0 of them left"
    refusal = admin(server, "set", "limit", "--path=/u", "--method=GET,POST", "--requests=9", code=1)
    assert "already have a limit: POST /u" in refusal
    refusal = admin(server, "delete", "limit", "--path=/u", "--host=b.example", code=1)
    assert "no limit of this path is for such a method and host; there is any /u; POST /u" in refusal
    admin(server, "delete", "limit", "--path=/u", "--method=POST")
    admin(server, "delete", "limit", "--path=/**", "--host=a.example")
    assert admin(server, "list", "limits") == "/u 3 requests in 1h\n"


def test_rpc_can_be_limited_too(start_kept, admin):
    server = start_kept()
    admin(server, "set", "limit", "--path=/rpc", "--requests=1", "--window=1h")
    assert [ask(server, "/rpc", b"{}")[0] == 429 for _ in range(2)] == [False, True]


def test_what_cannot_be_is_told(start_kept, admin):
    server = start_kept()
    assert "no route was declared here for the path /none" in admin(server, "delete", "route", "--path=/none", code=1)
    assert "is no template" in admin(server, "set", "limit", "--path=/{", "--requests=1", code=1)
    assert "needs a service" in admin(server, "add", "route", "--path=/user", code=1)
    assert "did you mean rpc?" in admin(server, "add", "route", "--path=/u", "--service=u", "--handler=rcp", code=78)
    assert admin(server, "list", "routes") == ""


def test_a_file_that_cannot_be_read_stops_the_start(micro, tmp_path):
    (tmp_path / "gateway").mkdir()
    (tmp_path / "gateway/operator.json").write_text("{")
    result = subprocess.run(
        [micro, "server", "--registry=memory", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0",
         f"--state_dir={tmp_path}"], capture_output=True, text=True, timeout=20)
    assert result.returncode == 78
    assert "operator.json is not what" in result.stderr and "remove it to start without" in result.stderr


def test_where_nothing_can_be_kept_the_command_fails_and_the_start_does_not(start_server, admin):
    server = start_server("--state_dir=/proc/nowhere")
    refusal = admin(server, "set", "limit", "--path=/user", "--requests=1", code=1)
    assert "it cannot be kept: the folder /proc/nowhere/gateway (--state_dir)" in refusal
    assert admin(server, "list", "limits") == ""


def test_a_demonstration_finds_nothing_and_leaves_nothing(start, admin, tmp_path):
    home = {"HOME": str(tmp_path), "XDG_STATE_HOME": "", "STATE_DIRECTORY": ""}
    words = ("demo", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    kept = tmp_path / ".local/state/micro/gateway/operator.json"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"version":1,"routes":[],"limits":[{"path":"/","requests":1,"window":60}]}')
    before = kept.read_bytes()
    demo = start(*words, env=home)
    assert admin(demo, "list", "limits") == ""
    admin(demo, "set", "limit", "--path=/user", "--requests=2")
    assert admin(demo, "list", "limits") == "/user 2 requests in 1m\n"
    demo.stop()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]
    assert kept.read_bytes() == before
