"""TLS with clients and with nodes, seen by OpenSSL's own tools, curl and Python."""

import hashlib
import http.client
import http.server
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

import pki
import wire
from program import until

CONFIGURATION = 78
GREETING = '{"msg":"Hello John"}'


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return pki.Authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def pair(authority):
    return authority.issue("DNS:localhost", "IP:127.0.0.1")


def tls(pair, *more):
    return ("--enable_tls", f"--tls_cert_file={pair.chain}", f"--tls_key_file={pair.key}", *more)


DEMO = ("demo", "--loops=2", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")


@pytest.fixture(scope="module")
def secure(start_for_module, authority, pair):
    """The demo over TLS, shared by the tests that change nothing."""
    response = authority.ocsp_response(pair)
    return start_for_module(*DEMO, *tls(pair, f"--tls_ocsp_file={response}", "--handshake_timeout=400ms"))


def client_context(authority, certificate=None, protocols=("http/1.1",)):
    context = ssl.create_default_context(cafile=str(authority.pem))
    context.set_alpn_protocols(list(protocols))
    if certificate:
        context.load_cert_chain(certificate.chain, certificate.key)
    return context


def connect(port, context, name="localhost"):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    return context.wrap_socket(sock, server_hostname=name)


def ask(port, authority, target="/", headers=None, body=None, method=None, certificate=None):
    """One request over a connection of its own. Returns the status and the body."""
    context = client_context(authority, certificate)
    connection = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
    connection.request(method or ("POST" if body else "GET"), target, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def s_client(port, *arguments, text=""):
    """What OpenSSL's client says about the connection."""
    result = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, arguments)], input=text,
        capture_output=True, text=True, timeout=20)
    return result.stdout + result.stderr


# With clients


def test_curl_gets_its_answer_over_tls(secure, authority):
    result = subprocess.run(
        ["curl", "-sS", "--cacert", authority.pem, "-H", "Content-Type: application/json", "-d", '{"name":"John"}',
         f"https://localhost:{secure.api_port}/greeter/say/hello"], capture_output=True, text=True, timeout=20)
    assert (result.stdout, result.stderr) == (GREETING, "")


@pytest.mark.parametrize("option, version", [("--http2", "2"), ("--http1.1", "1.1")])
def test_the_client_chooses_the_version_of_http(secure, authority, option, version):
    result = subprocess.run(
        ["curl", "-sS", option, "--cacert", authority.pem, "-w", " %{http_version}",
         f"https://localhost:{secure.api_port}/greeter/say/hello?name=John"],
        capture_output=True, text=True, timeout=20)
    assert (result.stdout, result.stderr) == (f"{GREETING} {version}", "")


def test_the_report_says_https_and_whose_certificate_it_is(secure):
    assert secure.facts["gateway"]["note"].startswith("https://")
    assert "certificate of localhost until 20" in secure.facts["gateway"]["note"]
    assert secure.facts["open"]["url"].startswith("https://localhost:")


def test_the_dashboard_speaks_tls_too(secure, authority):
    status, body = ask(secure.web_port, authority, "/api/status")
    assert status == 200
    assert json.loads(body)["data"]["product"] == "micro"


@pytest.mark.parametrize("version", ["tls1", "tls1_1"])
def test_old_versions_are_refused(secure, version):
    said = s_client(secure.api_port, f"-{version}", "-cipher", "DEFAULT:@SECLEVEL=0")
    assert "alert protocol version" in said


@pytest.mark.parametrize("version, name", [("tls1_2", "TLSv1.2"), ("tls1_3", "TLSv1.3")])
def test_new_versions_are_spoken_with_authenticated_ciphers(secure, authority, version, name):
    said = s_client(secure.api_port, f"-{version}", "-CAfile", authority.pem, "-alpn", "spdy/1,http/1.1")
    assert re.search(rf"New, {name}, Cipher is \S*(GCM|CHACHA20)", said), said
    assert "Verification: OK" in said
    assert "ALPN protocol: http/1.1" in said
    assert "Compression: NONE" in said


@pytest.mark.parametrize("cipher", ["AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256", "NULL-SHA256"])
def test_weak_ciphers_are_refused(secure, cipher):
    said = s_client(secure.api_port, "-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
    assert "handshake failure" in said


def test_a_protocol_that_is_not_spoken_is_refused(secure):
    assert "no application protocol" in s_client(secure.api_port, "-alpn", "spdy/1")


def test_renegotiation_is_refused(secure):
    said = s_client(secure.api_port, "-tls1_2", text="R\n")
    assert re.search("no renegotiation", said), said


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_a_client_comes_back_with_its_ticket_to_any_loop(secure, tmp_path, version):
    ticket = tmp_path / "ticket"
    request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    s_client(secure.api_port, f"-{version}", "-sess_out", ticket, "-ign_eof", text=request)
    results = [
        s_client(secure.api_port, f"-{version}", "-sess_in", ticket, "-ign_eof", text=request) for _ in range(6)]
    assert all("Reused, TLSv1" in said for said in results), results[0]


def test_what_the_authority_says_is_shown_with_the_certificate(secure):
    said = s_client(secure.api_port, "-status")
    assert "OCSP Response Status: successful" in said
    assert "Cert Status: good" in said


def test_a_response_about_a_revoked_certificate_is_not_shown(start, authority, pair):
    response = authority.ocsp_response(pair, "R")
    running = start(*DEMO, *tls(pair, f"--tls_ocsp_file={response}"))
    assert "no response sent" in s_client(running.api_port, "-status")
    assert "revoked" in running.facts["warning"]["message"]


def test_a_slow_handshake_is_ended_by_its_deadline(secure):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", secure.api_port), timeout=10) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00")
        assert sock.recv(100) == b""
    assert 0.3 < time.monotonic() - began < 5
    assert secure.message("--handshake_timeout")


def test_plain_http_on_a_tls_port_is_told_what_to_do(secure):
    answer = wire.ask(secure.api_port, wire.get("/"))
    assert answer.status == 400
    assert b"https://" in answer.body


def test_tls_on_a_plain_port_is_closed_and_logged(start):
    running = start(*DEMO)
    with pytest.raises(ssl.SSLError):
        connect(running.api_port, ssl.create_default_context())
    assert running.message("on a port that speaks plain HTTP")


def test_failed_handshakes_are_logged_once_per_reason(start, pair):
    running = start(*DEMO, *tls(pair, "--loops=1"))
    for _ in range(20):
        s_client(running.api_port, "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
    lines = [line for line in running.lines if "no version in common" in line["message"]]
    assert len(lines) == 1 and lines[0]["client"] == "127.0.0.1"


def test_the_commands_that_ask_speak_tls_too(micro, secure, authority, tmp_path):
    def run(*arguments):
        return subprocess.run([micro, "list", "services", *arguments], capture_output=True, text=True, timeout=20)

    address = f"--server_address=127.0.0.1:{secure.web_port}"
    result = run(address, "--enable_tls", f"--tls_ca_file={authority.pem}")
    assert result.stdout.splitlines()[0] == "go.micro.api.greeter", result.stderr
    assert run(address, "--enable_tls", "--tls_insecure").returncode == 0
    refused = run(address, "--enable_tls")
    assert refused.returncode == 69 and "no authority that is trusted here" in refused.stderr


# Names


def test_the_certificate_is_chosen_by_name(start, authority, pair):
    shop, wild = authority.issue("DNS:shop.example"), authority.issue("DNS:*.example.org", kind="rsa")
    files = [pair, shop, wild]
    running = start(
        *DEMO, "--enable_tls", f"--tls_cert_file={','.join(file.chain for file in files)}",
        f"--tls_key_file={','.join(file.key for file in files)}")
    for name in ["localhost", "shop.example", "SHOP.example", "a.example.org"]:
        with connect(running.api_port, client_context(authority), name) as sock:
            assert sock.version() == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(running.api_port, client_context(authority), "unknown.example")


# Certificates of clients


@pytest.fixture
def echo():
    """A server that answers with the head that it got. Returns its port."""

    class Echo(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    servers = []

    def make(pair=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
        server.daemon_threads = True
        server.handle_error = lambda *_: None
        if pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.chain, pair.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server.server_address[1]

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


FORGED = {"X-Forwarded-Client-Cert": "Hash=forged", "X-Forwarded-Proto": "gopher"}


@pytest.fixture
def start_secure_proxy(start, pair):
    return lambda url, *more: start("proxy", url, "--address=127.0.0.1:0", "--loops=1", *tls(pair, *more))


def test_the_backend_learns_of_tls_and_of_no_forged_certificate(start_secure_proxy, authority, echo):
    running = start_secure_proxy(f"http://127.0.0.1:{echo()}")
    status, body = ask(running.proxy_port, authority, headers=FORGED)
    seen = json.loads(body)
    assert (status, seen["x-forwarded-proto"]) == (200, "https")
    assert "x-forwarded-client-cert" not in seen


@pytest.mark.parametrize("mode", ["required", "optional"])
def test_a_client_with_a_certificate_is_named_to_the_backend(start_secure_proxy, authority, echo, mode):
    running = start_secure_proxy(
        f"http://127.0.0.1:{echo()}", f"--tls_client_ca_file={authority.pem}", f"--tls_client_auth={mode}")
    certificate = authority.issue(subject='/O=An "Example"/CN=client', usage="clientAuth")
    _, body = ask(running.proxy_port, authority, headers=FORGED, certificate=certificate)
    der = subprocess.run(
        ["openssl", "x509", "-in", certificate.chain, "-outform", "DER"], capture_output=True, timeout=20).stdout
    said = json.loads(body)["x-forwarded-client-cert"]
    assert said.startswith(f"Hash={hashlib.sha256(der).hexdigest()};Subject=\"CN=client,O=An")
    # Again with a ticket, which carries the certificate.
    context = client_context(authority, certificate)
    session = None
    for visit in range(2):
        sock = context.wrap_socket(
            socket.create_connection(("127.0.0.1", running.proxy_port), timeout=10), server_hostname="localhost",
            session=session)
        with wire.Connection(sock) as connection:
            connection.send(wire.get("/"))
            assert b"CN=client" in connection.response().body
            assert sock.session_reused == (visit == 1)
            session = sock.session


def test_a_client_without_a_certificate_is_refused_or_nobody(start_secure_proxy, authority, echo):
    port = echo()
    optional = start_secure_proxy(
        f"http://127.0.0.1:{port}", f"--tls_client_ca_file={authority.pem}", "--tls_client_auth=optional")
    _, body = ask(optional.proxy_port, authority, headers=FORGED)
    assert "x-forwarded-client-cert" not in json.loads(body)
    required = start_secure_proxy(f"http://127.0.0.1:{port}", f"--tls_client_ca_file={authority.pem}")
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        ask(required.proxy_port, authority)
    assert required.message("shows no certificate")


@pytest.mark.parametrize(("name", "host"), [("a.localhost", "b.localhost"), ("b.localhost", "a.localhost")])
def test_no_name_leads_around_the_certificate(start_secure_proxy, authority, echo, name, host):
    # B10: certificates are asked for by the port and not by the host, so that no host has weaker rules than another.
    running = start_secure_proxy(f"http://127.0.0.1:{echo()}", f"--tls_client_ca_file={authority.pem}")
    context = client_context(authority)
    context.check_hostname = False
    with pytest.raises((ssl.SSLError, ConnectionError)):
        with connect(running.proxy_port, context, name) as sock:
            sock.sendall(wire.request("GET", "/", host=host))
            assert not sock.recv(1)
            raise ConnectionError("closed without an answer")
    assert running.message("shows no certificate")


@pytest.mark.parametrize("fault", ["other authority", "for servers"])
def test_a_bad_certificate_of_a_client_is_refused(start_secure_proxy, authority, echo, tmp_path, fault):
    running = start_secure_proxy(
        f"http://127.0.0.1:{echo()}", f"--tls_client_ca_file={authority.pem}", "--tls_client_auth=optional")
    if fault == "for servers":
        certificate = authority.issue(usage="serverAuth")
    else:
        certificate = pki.Authority(tmp_path, "other").issue(usage="clientAuth")
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        ask(running.proxy_port, authority, certificate=certificate)
    assert running.message("client's certificate is not accepted")


def test_a_revoked_certificate_is_refused_and_others_are_not(start_secure_proxy, authority, echo, tmp_path):
    revoked, good = (authority.issue(usage="clientAuth") for _ in range(2))
    authorities = tmp_path / "authorities.pem"
    authorities.write_text(authority.pem.read_text() + authority.revocation_list(revoked))
    running = start_secure_proxy(f"http://127.0.0.1:{echo()}", f"--tls_client_ca_file={authorities}")
    assert ask(running.proxy_port, authority, certificate=good)[0] == 200
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        ask(running.proxy_port, authority, certificate=revoked)
    assert running.message("certificate revoked")


# Content


def test_large_content_passes_both_ways_unchanged(start_secure_proxy, authority, echo, pair):
    running = start_secure_proxy(f"https://127.0.0.1:{echo(pair)}", f"--tls_ca_file={authority.pem}")
    content = os.urandom(5_000_000)
    status, body = ask(running.proxy_port, authority, body=content)
    assert status == 200
    assert hashlib.sha256(body).digest() == hashlib.sha256(content).digest()


def test_many_requests_share_one_connection(secure, authority):
    with wire.Connection(connect(secure.api_port, client_context(authority))) as connection:
        for _ in range(200):
            connection.send(wire.get("/greeter/say/hello?name=John"))
            assert connection.response().body.decode() == GREETING


# With nodes


def test_a_node_is_called_by_tls_and_checked(start_proxy, authority, pair, echo):
    port = echo(pair)
    running = start_proxy(f"https://localhost:{port}", f"--tls_ca_file={authority.pem}")
    assert running.facts["proxy"]["note"].endswith(f"in front of https://localhost:{port}")
    for _ in range(3):
        assert wire.ask(running.proxy_port, wire.get("/")).status == 200


@pytest.mark.parametrize(
    "fault, words",
    [("wrong name", "its certificate is not for localhost but for other.example"),
     ("unknown authority", "no authority that is trusted here"), ("plain", "what it sends is no TLS")])
def test_a_node_that_is_not_who_it_should_be_is_not_asked(start_proxy, authority, pair, echo, raw_server, fault, words):
    arguments = [f"--tls_ca_file={authority.pem}"]
    if fault == "plain":
        port = echo()
    elif fault == "wrong name":
        port = echo(authority.issue("DNS:other.example"))
    else:
        port, arguments = echo(pair), []
    running = start_proxy(f"https://localhost:{port}", *arguments)
    answer = wire.ask(running.proxy_port, wire.get("/"))
    assert answer.status == 502
    assert b"certificate" not in answer.body
    assert running.message(re.escape(words))


def test_without_verification_any_node_is_asked_and_it_is_said_loudly(start_proxy, authority, echo):
    port = echo(authority.issue("DNS:other.example"))
    running = start_proxy(f"https://localhost:{port}", "--tls_insecure")
    assert wire.ask(running.proxy_port, wire.get("/")).status == 200
    assert "--tls_insecure" in running.facts["warning"]["message"]


def test_a_registered_node_may_want_tls(start_server, authority, pair, echo):
    server = start_server("--handler=http", f"--tls_ca_file={authority.pem}")
    name = "go.micro.api.shop"
    node = {"id": "shop-1", "address": f"localhost:{echo(pair)}", "metadata": {"protocol": "http", "secure": "true"}}
    record = {"name": name, "version": "latest", "nodes": [node]}
    body = json.dumps(record).encode()
    head = wire.request("POST", "/api/services", "Content-Type: application/json", body=body, host="localhost")
    assert wire.ask(server.web_port, head, "POST").status == 200
    assert until(lambda: wire.ask(server.api_port, wire.get("/shop")).status == 200)


# Files


def serial(port):
    said = ssl.get_server_certificate(("127.0.0.1", port), timeout=10)
    return pki.openssl("x509", "-noout", "-serial", text=said)


def test_certificates_are_exchanged_under_load_without_a_failure(start, authority, tmp_path):
    first, second = authority.issue("DNS:localhost"), authority.issue("DNS:localhost", kind="rsa")
    files = pki.Pair(str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))

    def put(pair):
        for source, target in zip(pair, files):
            shutil.copy(source, f"{target}.new")
            os.replace(f"{target}.new", target)

    put(first)
    running = start(*DEMO, *tls(files))
    before = serial(running.api_port)
    stopping, failures, count = threading.Event(), [], [0]

    def load():
        try:
            with wire.Connection(connect(running.api_port, client_context(authority))) as kept:
                while not stopping.is_set():
                    kept.send(wire.get("/"))
                    assert kept.response().status == 200
                    assert ask(running.api_port, authority)[0] == 200
                    count[0] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
            failures.append(error)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        put(second)
        until(lambda: serial(running.api_port) != before)
        put(first)
        until(lambda: serial(running.api_port) == before)
        # A key that does not belong to the certificate changes nothing.
        shutil.copy(second.key, files.key)
        running.message("those before stay in use")
        assert serial(running.api_port) == before
        put(second)
        until(lambda: serial(running.api_port) != before)
    finally:
        stopping.set()
        for thread in threads:
            thread.join(20)
    assert failures == []
    assert count[0] > 10


def bad_files(authority, tmp_path):
    """Settings that cannot be, each with words of what is said about them."""
    good, other = authority.issue("DNS:localhost"), authority.issue("DNS:localhost")
    empty = tmp_path / "empty"
    empty.write_text("")
    locked = tmp_path / "locked.key"
    pki.openssl("pkey", "-in", good.key, "-aes256", "-passout", "pass:x", "-out", locked)
    small = tmp_path / "small"
    pki.openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", f"{small}.key", "-out", f"{small}.pem",
                "-subj", "/CN=small", "-days", "2")
    return {
        "nothing": (["--enable_tls"], "enable_tls needs tls_cert_file and tls_key_file"),
        "no file": (tls(pki.Pair("/nowhere.pem", good.key)), "/nowhere.pem cannot be read: No such file or directory"),
        "empty": (tls(pki.Pair(str(empty), good.key)), f"{empty} holds no certificate"),
        "other key": (tls(pki.Pair(good.chain, other.key)), "does not belong to the first certificate"),
        "no key": (tls(pki.Pair(good.chain, good.chain)), "it holds no private key"),
        "locked": (tls(pki.Pair(good.chain, str(locked))), "protected by a passphrase"),
        "small key": (tls(pki.Pair(f"{small}.pem", f"{small}.key")), "cannot be used: ee key too small"),
        "two and one": (tls(pki.Pair(f"{good.chain},{other.chain}", good.key)), "must name as many files: 2 are not 1"),
        "client authority": (tls(good, f"--tls_client_ca_file={empty}"), "holds no certificate"),
        "client mode": (tls(good, "--tls_client_auth=optional"), "tls_client_auth needs tls_client_ca_file"),
        "node authority": ([f"--tls_ca_file={empty}"], f"--tls_ca_file: {empty} holds no certificate"),
    }


def test_settings_that_cannot_be_end_the_program_with_the_file_and_the_reason(micro, authority, tmp_path):
    for name, (arguments, words) in bad_files(authority, tmp_path).items():
        result = subprocess.run([micro, *DEMO, *arguments], capture_output=True, text=True, timeout=20)
        assert result.returncode == CONFIGURATION, (name, result.stderr)
        assert words in result.stderr, (name, result.stderr)
        assert result.stdout == "", name


def test_a_key_that_everybody_can_read_is_warned_of(start, authority):
    pair = authority.issue("DNS:localhost")
    os.chmod(pair.key, 0o644)
    running = start(*DEMO, *tls(pair))
    assert f"chmod o-r {pair.key}" in running.facts["warning"]["message"]


def test_files_without_the_switch_are_warned_of(start, pair):
    running = start(*DEMO, f"--tls_cert_file={pair.chain}")
    assert "connections are not encrypted" in running.facts["warning"]["message"]
