"""Who may do what: tokens, rules, and the answers to those who may not."""

import http.server
import json
import os
import subprocess
import threading
from concurrent import futures

import grpc
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect as connect_websocket

import grpc_messages
import peers
import wire
from conformance.services import Accounts
from tokens import Issuer

GREETER = "go.micro.api.greeter"
FILES = "go.micro.api.files"
GRPC = "helloworld"
RULES = [
    {"id": "operators", "scope": "operator", "resource": "*:*:*"},
    {"id": "users", "scope": "user", "resource": f"service:{GREETER}:Say.Hello"},
    {"id": "callers", "scope": "user", "resource": f"service:{GRPC}:Greeter.SayHello"},
    {"id": "files", "scope": "<public>", "resource": f"service:{FILES}:/files/*"},
    {"id": "secrets", "scope": "<public>", "resource": f"service:{FILES}:/files/secret/*", "access": "denied",
     "priority": 1},
]


class Files(http.server.BaseHTTPRequestHandler):
    """Answers with the path, and the token that it was sent."""

    def do_GET(self):
        text = json.dumps({"path": self.path, "token": self.headers["Authorization"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def tokens(issuer):
    """A token of a user, and of an operator."""
    return {"user": issuer.token("joe"), "operator": issuer.token("root", ["operator"])}


@pytest.fixture(scope="module")
def nodes():
    """A service of each kind: called, passed on to, and called by gRPC. Returns records of them."""
    chat = peers.stream(lambda conversation: conversation.receive())
    service = peers.MicroService(
        GREETER, {"Say.Hello": peers.hello, "Say.Bye": peers.hello, "Say.Chat": chat}).start()
    files = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=files.serve_forever, args=(0.05,), daemon=True).start()
    with futures.ThreadPoolExecutor(4) as pool:
        greeter = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        grpc_messages.add_to(greeter, True)
        port = greeter.add_insecure_port("127.0.0.1:0")
        greeter.start()
        yield [
            record(GREETER, service.address, "mucp", endpoints=[
                {"name": "Say.Hello"}, {"name": "Say.Chat", "metadata": {"stream": "true"}}]),
            record(FILES, f"127.0.0.1:{files.server_address[1]}", "http"),
            record(GRPC, f"127.0.0.1:{port}", "grpc")]
        greeter.stop(0).wait(10)
    files.shutdown()
    files.server_close()
    service.close()


def record(name, address, protocol, **members):
    metadata = {"protocol": protocol, "server": protocol, "transport": "grpc" if protocol == "grpc" else "http"}
    return {
        "name": name, "version": "latest", "nodes": [{"id": f"{name}-1", "address": address, "metadata": metadata}],
        **members}


@pytest.fixture(scope="module")
def guarded(start_for_module, issuer, tokens, nodes, tmp_path_factory):
    """A gateway and a dashboard with rules from a file."""
    path = tmp_path_factory.mktemp("access") / "micro.yaml"
    # JSON is YAML too.
    path.write_text(json.dumps({
        "registry": "memory", "loops": 1, "learn_routes": False, "enable_rpc": True, "enable_stats": True,
        "auth": "jwt", "auth_public_key": issuer.pem, "auth_login_url": "/account/login", "rules": RULES,
        "routes": [
            {"path": "/files/{path=**}", "service": FILES, "handler": "http"},
            {"path": "/assets/**", "service": FILES, "handler": "http", "strip_prefix": "/assets"},
            {"path": "/asked", "service": GREETER, "endpoint": "Say.Hello", "methods": ["OPTIONS"]}]}))
    server = start_for_module(
        "server", f"--config={path}", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    for each in nodes:
        server.register_record(each, token=tokens["operator"])
    return server


def ask(port, line, *fields, token=None, body=""):
    lines = [f"{line} HTTP/1.1", "Host: localhost", *fields]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    with wire.connect(port) as connection:
        connection.send("\r\n".join([*lines, "", body]).encode())
        return connection.response(line.partition(" ")[0])


def detail(answer):
    return json.loads(answer.body)["detail"]


# Tokens


def test_without_a_token_one_is_told_how_to_send_one(guarded):
    answer = ask(guarded.api_port, "GET /greeter/say/hello?name=John")
    assert answer.status == 401
    assert answer.value("WWW-Authenticate") == 'Bearer realm="micro"'
    assert answer.value("Cache-Control") == "no-store"
    assert detail(answer).startswith("unauthorized request: send a token as Authorization: Bearer")


def test_a_good_token_leads_to_the_service(guarded, tokens):
    answer = ask(guarded.api_port, "GET /greeter/say/hello?name=John", token=tokens["user"])
    assert (answer.status, json.loads(answer.body)) == (200, {"msg": "Hello John"})


@pytest.mark.parametrize("options, reason", [
    ({"lasts": -1}, "has expired"),
    ({"nbf": 4_000_000_000}, "is not good yet"),
    ({"issuer": "evil"}, "is for another namespace"),
    ({"algorithm": "RS512"}, "is not signed with RS256"),
    ({"algorithm": "none"}, "is not signed with RS256"),
    ({"account": ""}, "names no account (sub)"),
])
def test_a_token_that_is_not_good_is_refused_with_the_reason(guarded, issuer, options, reason):
    answer = ask(guarded.api_port, "GET /greeter/say/hello", token=issuer.token(**options))
    assert answer.status == 401
    assert detail(answer) == f"unauthorized request: the token {reason}"
    assert f'error="invalid_token", error_description="the token {reason}"' in answer.value("WWW-Authenticate")


def test_a_token_of_somebody_elses_key_is_refused(guarded, tmp_path):
    answer = ask(guarded.api_port, "GET /greeter/say/hello", token=Issuer(tmp_path).token())
    assert (answer.status, detail(answer)) == (401, "unauthorized request: the token has a signature of somebody else")


def test_a_token_in_a_cookie_reaches_the_service_as_a_field(guarded, tokens):
    answer = ask(guarded.api_port, "GET /files/a", f"Cookie: micro-token={tokens['user']}")
    assert json.loads(answer.body) == {"path": "/files/a", "token": f"Bearer {tokens['user']}"}


def test_a_cookie_that_another_site_has_sent_counts_for_nothing(guarded, tokens):
    cookie = f"Cookie: micro-token={tokens['user']}"
    line = "POST /greeter/say/hello"
    assert ask(guarded.api_port, line, cookie, body="{}").status == 200
    assert ask(guarded.api_port, line, cookie, "Origin: https://evil.example", body="{}").status == 401
    assert ask(guarded.api_port, line, cookie, "Sec-Fetch-Site: cross-site", body="{}").status == 401


# Rules


def test_an_account_gets_what_its_scopes_are_granted_and_no_more(guarded, tokens):
    answer = ask(guarded.api_port, "GET /greeter/say/bye", token=tokens["user"])
    assert (answer.status, detail(answer)) == (403, "forbidden request: the account joe may not do this")
    assert ask(guarded.api_port, "GET /greeter/say/bye?name=x", token=tokens["operator"]).status == 200


def test_rpc_is_as_closed_as_the_services_that_it_calls(guarded, tokens):
    def call(endpoint, token=None):
        body = json.dumps({"service": GREETER, "endpoint": endpoint, "request": {"name": "J"}})
        return ask(guarded.api_port, "POST /rpc", token=token, body=body).status

    assert [call("Say.Hello"), call("Say.Hello", tokens["user"]), call("Say.Bye", tokens["user"])] == [401, 200, 403]


def test_what_does_not_exist_is_told_to_those_only_who_may_know(guarded, tokens):
    answers = [
        ask(guarded.api_port, "GET /nothing/here/at/all", token=token).status
        for token in (None, tokens["user"], tokens["operator"])]
    assert answers == [401, 403, 404]


@pytest.mark.parametrize("path", [
    "/files/secret/a", "/files/secret%2Fa", "/files/SECRET/a", "/files/%73ecret/a", "/files/secret;x/a",
    "/files/secret%5Ca", "/files/secret", "/assets/files/secret/a", "/%61ssets/files/%73ecret/a"])
def test_no_spelling_of_a_path_leads_around_its_rule(guarded, path):
    assert ask(guarded.api_port, "GET /files/a/b").status == 200
    assert ask(guarded.api_port, f"GET {path}").status == 401


def test_calls_in_grpc_are_refused_in_grpc(guarded, tokens):
    def call(token):
        with grpc.insecure_channel(f"127.0.0.1:{guarded.api_port}") as channel:
            method = channel.unary_unary(
                "/helloworld.Greeter/SayHello", grpc_messages.Request.SerializeToString,
                grpc_messages.Reply.FromString)
            metadata = [("authorization", f"Bearer {token}")] if token else []
            return method(grpc_messages.Request(person={"name": "John"}), metadata=metadata, timeout=10)

    with pytest.raises(grpc.RpcError) as refused:
        call(None)
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert "John" in str(call(tokens["user"]))


def test_a_stranger_opens_no_websocket(guarded, tokens):
    url = f"ws://127.0.0.1:{guarded.api_port}/greeter/say/chat"
    with pytest.raises(InvalidStatus) as refused:
        connect_websocket(url)
    assert refused.value.response.status_code == 401
    cookie = f"micro-token={tokens['operator']}"
    with pytest.raises(InvalidStatus) as foreign:
        connect_websocket(url, additional_headers={"Cookie": cookie}, origin="https://evil.example")
    assert foreign.value.response.status_code == 401
    with connect_websocket(url, additional_headers={"Cookie": cookie}) as socket:
        socket.send("{}")


def test_the_numbers_are_for_those_who_may_see_them(guarded, tokens):
    assert ask(guarded.api_port, "GET /stats", token=tokens["user"]).status == 403
    assert ask(guarded.api_port, "GET /stats", token=tokens["operator"]).status == 200
    assert ask(guarded.web_port, "GET /stats", token=tokens["user"]).status == 403
    assert ask(guarded.web_port, "GET /stats", token=tokens["operator"]).status == 200


def test_preflights_need_no_token(start_server, issuer):
    server = start_server("--auth=jwt", f"--auth_public_key={issuer.public_key}", "--allowed_origins=https://a.example")
    answer = ask(
        server.api_port, "OPTIONS /greeter/say/hello", "Origin: https://a.example",
        "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: Authorization")
    assert answer.status == 200
    assert answer.value("Access-Control-Allow-Headers") == "Authorization"
    refused = ask(server.api_port, "POST /greeter/say/hello", "Origin: https://a.example", body="{}")
    # The page must be able to read why.
    assert (refused.status, refused.value("Access-Control-Allow-Origin")) == (401, "https://a.example")


def test_a_call_that_a_route_makes_with_options_needs_a_token(guarded, tokens):
    assert ask(guarded.api_port, "OPTIONS /asked").status == 401
    answer = ask(guarded.api_port, "OPTIONS /asked?name=John", token=tokens["user"])
    assert (answer.status, json.loads(answer.body)) == (200, {"msg": "Hello John"})
    # Where no route says so, everyone is told the methods.
    assert ask(guarded.api_port, "OPTIONS /greeter/say/hello").status == 200


# The dashboard


def test_people_are_sent_to_log_in_and_programs_are_not(guarded):
    page = ask(guarded.web_port, "GET /services?a=b", "Accept: text/html,*/*;q=0.8")
    assert (page.status, page.value("Location")) == (307, "/account/login?redirect_to=%2Fservices%3Fa%3Db")
    for line in ("GET /api/services", "POST /services"):
        answer = ask(guarded.web_port, line)
        assert answer.status == 401
        assert answer.value("WWW-Authenticate") == 'Bearer realm="micro"'


def test_the_dashboard_tells_who_is_logged_in(guarded, tokens):
    status = ask(guarded.web_port, "GET /api/status", token=tokens["operator"])
    data = json.loads(status.body)["data"]
    assert (data["account"], data["login"]) == ("root", "/account/login")
    assert ask(guarded.web_port, "GET /services", token=tokens["user"]).status == 403


def test_health_is_everyones(guarded):
    assert [ask(guarded.web_port, f"GET {path}").status for path in ("/healthz", "/readyz")] == [200, 200]


def test_calls_from_the_dashboard_are_as_closed_as_others(guarded, tokens):
    body = json.dumps({"service": GREETER, "endpoint": "Say.Hello", "request": {"name": "J"}})
    statuses = [ask(guarded.web_port, "POST /rpc", token=token, body=body).status for token in (None, tokens["user"])]
    assert statuses == [401, 200]


def test_the_document_says_that_a_token_may_be_needed(guarded, tokens):
    document = json.loads(ask(guarded.web_port, "GET /api/openapi.json", token=tokens["operator"]).body)
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    assert document["security"] == [{"token": []}, {}]


# The command line


@pytest.fixture
def run(micro, guarded):
    """Runs a command against the program, with a token or without."""

    def run(*arguments, token=None):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        environment["MICRO_WEB_ADDRESS"] = f"127.0.0.1:{guarded.web_port}"
        if token:
            environment["MICRO_AUTH_TOKEN"] = token
        return subprocess.run([micro, *arguments], capture_output=True, text=True, timeout=20, env=environment)

    return run


def test_a_command_shows_its_token(run, tokens):
    assert run("list", "services", token=tokens["operator"]).stdout.split() == [FILES, GREETER, GRPC]
    called = run("call", GREETER, "Say.Hello", '{"name": "John"}', token=tokens["user"])
    assert json.loads(called.stdout) == {"msg": "Hello John"}


def test_a_command_without_a_token_is_told_how_to_give_one(run):
    result = run("list", "services")
    assert result.returncode != 0 and result.stdout == ""
    assert "give micro a token by the variable MICRO_AUTH_TOKEN" in result.stderr


@pytest.mark.parametrize("fields, words", [
    ([], f"somebody unknown may not use service:{GREETER}:Say.Hello: no rule grants it"),
    (["user"], f"the account joe may use service:{GREETER}:Say.Hello: the rule users, which grants accounts with the"
               f" scope user service:{GREETER}:Say.Hello"),
])
def test_an_explanation_says_who_may(run, tokens, fields, words):
    headers = [f"--header=Authorization: Bearer {tokens[scope]}" for scope in fields]
    result = run("explain", "GET", "/greeter/say/hello", *headers, token=tokens["operator"])
    assert f"access: {words}" in result.stdout.splitlines(), result.stdout + result.stderr


# Other ways to be set up


def test_a_proxy_asks_for_tokens_too(start_proxy, nodes, issuer, tokens):
    address = next(each for each in nodes if each["name"] == FILES)["nodes"][0]["address"]
    proxy = start_proxy(f"http://{address}", "--auth=jwt", f"--auth_public_key={issuer.public_key}")
    statuses = [ask(proxy.proxy_port, "GET /x", token=token).status for token in (None, tokens["user"])]
    assert statuses == [401, 200]


def test_without_rules_every_account_may_do_everything(start_server, issuer, tokens):
    server = start_server("--auth=jwt", f"--auth_public_key={issuer.public_key}")
    answers = [ask(server.api_port, "GET /no/such/thing", token=token).status for token in (None, tokens["user"])]
    assert answers == [401, 404]


def test_while_the_service_of_accounts_is_gone_nobody_may_do_anything(start_server):
    with futures.ThreadPoolExecutor(2) as pool:
        accounts = Accounts(pool, ["@*@*"])
        server = start_server("--auth=service", f"--static_node={accounts.name}={accounts.address},protocol=grpc")
        gone = start_server("--auth=service")
        token = "go.micro:joe:user"
        assert ask(server.api_port, "GET /no/such/thing").status == 404
        assert ask(server.api_port, "GET /no/such/thing", token=token).status == 404
        accounts.close()
    answer = ask(gone.api_port, "GET /no/such/thing", token=token)
    assert (answer.status, answer.value("Retry-After")) == (503, "1")
    assert detail(answer) == "who may do this cannot be found out at the moment; ask again"
    # What was found out is believed for a while, and whoever comes anew is not.
    assert ask(server.api_port, "GET /no/such/thing").status == 404
    assert ask(server.api_port, "GET /no/such/thing", token="go.micro:new:user").status == 503


@pytest.mark.parametrize("arguments, complaint", [
    (["--auth=jwt"], "auth=jwt needs auth_public_key"),
    (["--auth=jwt", "--auth_public_key=YWJj"], "auth_public_key (from --auth_public_key) is no public key in PEM"),
    (["--auth=jtw"], "--auth=jtw is not none, jwt or service; did you mean jwt?"),
    (["--auth=service", "--auth_login_url=//evil.example"], "auth_login_url=//evil.example is no path"),
    (["--auth=service", "--auth_login_url=javascript:x"], "auth_login_url=javascript:x is no path"),
    (["--auth_secret=x"], "--auth_secret is not supported yet"),
])
def test_settings_that_make_no_sense_are_refused_at_the_start(micro, arguments, complaint):
    result = subprocess.run(
        [micro, "server", "--registry=memory", *arguments], capture_output=True, text=True, timeout=20)
    assert result.returncode == 78
    assert complaint in result.stderr
