"""Certificates from an ACME server, from nothing to a renewal. The server is Pebble."""

import base64
import fcntl
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import stat
import subprocess
import threading
import time

import pytest

import ca
import pki
import wire
from program import until

CONFIGURATION = 78

pytestmark = pytest.mark.skipif(not shutil.which("pebble"), reason="pebble is not installed (make test-packages)")


@pytest.fixture
def make_pebble(tmp_path):
    servers = []

    def make(**options):
        directory = tmp_path / f"pebble{len(servers)}"
        directory.mkdir()
        servers.append(ca.Pebble(directory, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def flags(url, authority, state, hosts="shop.example", challenges="tls-alpn-01"):
    flags = [
        "--registry=memory", "--loops=1", "--api_address=127.0.0.1:0", "--enable_acme", f"--acme_hosts={hosts}",
        f"--acme_directory={url}", f"--acme_ca_file={authority}", f"--acme_state_dir={state}",
        f"--acme_challenges={challenges}"]
    return flags + (["--acme_http_address=127.0.0.1:0"] if "http-01" in challenges else [])


@pytest.fixture
def start_gateway(start, tmp_path):
    """Starts a gateway that gets its certificates from a Pebble, and lets that find it."""

    def begin(pebble, *more, **options):
        running = start("api", *flags(pebble.url, pebble.authority, tmp_path / "state", **options), *more)
        pebble.look_at(running)
        return running

    return begin


def folder(tmp_path):
    """The one folder of the one server."""
    [path] = (tmp_path / "state").iterdir()
    return path


def served(port, name, root):
    """The certificate that is shown for a name, checked by a client. None while there is none."""
    context = ssl.create_default_context(cadata=root)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname=name) as sock:
                sock.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                assert sock.recv(100).startswith(b"HTTP/1.1 200 OK")
                return sock.getpeercert()
    except (ssl.SSLError, ConnectionError):
        return None


def messages(running, level=None):
    return [line["message"] for line in running.lines if level in (None, line["level"])]


def wait_for(running, words, limit=45):
    return running.message(words, limit)


def obtained(running, host, root):
    """The certificate that the program shows once it tells that the authority has given it."""
    wait_for(running, f"{re.escape(host)}: new certificate until ")
    certificate = served(running.api_port, host, root)
    assert certificate
    return certificate


def test_from_nothing_to_certificates_for_each_host_and_for_no_other(make_pebble, start_gateway, tmp_path):
    pebble = make_pebble()
    running = start_gateway(pebble, hosts="shop.example,API.example")
    for name in ("shop.example", "api.example"):
        certificate = obtained(running, name, pebble.root)
        assert certificate["subjectAltName"] == (("DNS", name),)
    assert served(running.api_port, "other.example", pebble.root) is None
    assert not pebble.http.count
    # What the operator reads.
    assert "certificates by ACME for shop.example, api.example" in running.facts["gateway"]["note"]
    assert wait_for(running, "shop.example: asking https://localhost.* by tls-alpn-01; .* port 443 of shop.example")
    assert wait_for(running, "the terms of service at .* are agreed to")
    assert wait_for(running, "shop.example: new certificate until .*, to be renewed ")
    assert wait_for(running, "no certificate for the name that the client asks for")
    # What is kept, and for whom.
    path = folder(tmp_path)
    names = sorted(entry.name for entry in path.iterdir())
    assert names == ["account.key", "api.example.pem", "lock", "shop.example.pem"]
    assert {stat.S_IMODE(entry.stat().st_mode) for entry in path.iterdir()} == {0o600}
    assert {stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent)} == {0o700}
    keys = [line for entry in path.iterdir() for line in re.findall(
        "BEGIN PRIVATE KEY-----\n(.*)\n", entry.read_text())]
    assert len(keys) == 3 and not any(key in text for key in keys for text in messages(running))


def test_the_command_of_the_readme_gets_a_certificate(make_pebble, start, tmp_path, root):
    """As it is printed; variables lead it to our authority, as they would to any other."""
    command = re.search("^micro (api --enable_acme .*)$", (root / "README.md").read_text(), re.MULTILINE)[1]
    [host] = re.findall("--acme_hosts=(\\S+)", command)
    pebble = make_pebble()
    running = start(*command.split(), env={
        "MICRO_ACME_DIRECTORY": pebble.url, "MICRO_ACME_CA_FILE": pebble.authority, "HOME": str(tmp_path),
        "XDG_STATE_HOME": "", "STATE_DIRECTORY": "", "MICRO_API_ADDRESS": "127.0.0.1:0", "MICRO_REGISTRY": "memory",
        "MICRO_ACME_HTTP_ADDRESS": "127.0.0.1:0"})
    pebble.look_at(running)
    assert obtained(running, host, pebble.root)
    assert list((tmp_path / ".local/state/micro/acme").glob(f"*/{host}.pem"))


def test_the_dashboard_has_the_certificate_too_and_tells_when_it_ends(make_pebble, start, tmp_path):
    pebble = make_pebble()
    running = start(
        "server", "--web_address=127.0.0.1:0", *flags(pebble.url, pebble.authority, tmp_path / "state"))
    pebble.look_at(running)
    assert running.facts["open"]["url"] == f"https://shop.example:{running.web_port}"
    obtained(running, "shop.example", pebble.root)
    root = tmp_path / "root.pem"
    root.write_text(pebble.root)
    place = f"shop.example:{running.web_port}"
    result = subprocess.run(
        ["curl", "-sS", "--cacert", root, "--resolve", f"{place}:127.0.0.1", f"https://{place}/api/status"],
        capture_output=True, text=True, timeout=20)
    [certificate] = json.loads(result.stdout)["data"]["certificates"]
    assert certificate["names"] == ["shop.example"]
    assert certificate["expires"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 80 * 86400))


def test_a_host_is_proved_by_http_where_that_is_wanted_and_clients_are_sent_to_tls(make_pebble, start_gateway):
    pebble = make_pebble()
    running = start_gateway(pebble, challenges="http-01")
    obtained(running, "shop.example", pebble.root)
    assert not pebble.tls.count
    answer = wire.ask(running.port("challenges"), wire.request("GET", "/a?b=c", host="shop.example"))
    assert answer.status == 308
    assert answer.value("location") == f"https://shop.example:{running.api_port}/a?b=c"
    assert wire.ask(running.port("challenges"), wire.get("/.well-known/acme-challenge/x")).status == 404


def test_when_tls_does_not_get_through_the_host_is_proved_by_http(make_pebble, start, tmp_path):
    pebble = make_pebble()
    state = tmp_path / "state"
    running = start("api", *flags(pebble.url, pebble.authority, state, challenges="tls-alpn-01,http-01"))
    pebble.tls.lead_to(None)
    pebble.http.lead_to(running.port("challenges"))
    obtained(running, "shop.example", pebble.root)
    assert pebble.tls.count
    assert wait_for(running, "shop.example: tls-alpn-01: .* port 443 of shop.example.*; trying http-01")


def test_a_certificate_is_renewed_while_the_gateway_serves(make_pebble, start_gateway):
    pebble = make_pebble(validity=20)
    running = start_gateway(pebble, "--acme_renew_before=1h")
    first = obtained(running, "shop.example", pebble.root)
    context = ssl.create_default_context(cadata=pebble.root)
    with socket.create_connection(("127.0.0.1", running.api_port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname="shop.example") as sock:
            second = until(
                lambda: (now := served(running.api_port, "shop.example", pebble.root))
                and now["serialNumber"] != first["serialNumber"] and now, 60)
            # A connection of before the renewal goes on.
            sock.sendall(b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n")
            assert sock.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert ssl.cert_time_to_seconds(second["notAfter"]) > ssl.cert_time_to_seconds(first["notAfter"])


def test_what_was_got_is_served_after_a_restart_without_the_server(make_pebble, start, start_gateway, tmp_path):
    pebble = make_pebble()
    running = start_gateway(pebble)
    first = obtained(running, "shop.example", pebble.root)
    running.kill()
    pebble.close = lambda: None
    ca.Pebble.close(pebble)
    again = start("api", *flags(pebble.url, pebble.authority, tmp_path / "state"))
    assert served(again.api_port, "shop.example", pebble.root)["serialNumber"] == first["serialNumber"]
    assert wait_for(again, "shop.example: certificate until .*, to be renewed ")
    assert not messages(again, "error")


def test_a_proof_that_fails_is_told_and_remembered(make_pebble, start, tmp_path):
    pebble = make_pebble()
    pebble.tls.lead_to(None)
    arguments = flags(pebble.url, pebble.authority, tmp_path / "state")
    running = start("api", *arguments)
    told = wait_for(running, "shop.example: no certificate: ")
    assert "tls-alpn-01: the authority finds nobody on port 443 of shop.example" in told
    assert re.search("next try 20..-..-..T..:..:..Z$", told)
    assert served(running.api_port, "shop.example", pebble.root) is None
    memory = until(lambda: (path := folder(tmp_path) / "shop.example.json").exists() and json.loads(path.read_text()))
    assert memory["failures"] == 1 and "port 443 of shop.example" in memory["reason"]
    count = pebble.tls.count
    running.stop()
    # Whoever starts it again and again does not ask again and again.
    again = start("api", *arguments)
    assert wait_for(again, "the last try failed .1 in a row.; next try .*shop.example.json")
    assert pebble.tls.count == count


def test_a_server_that_is_not_there_is_told(start, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"https://localhost:{closed.getsockname()[1]}/dir"
        authority = pki.Authority(tmp_path)
        running = start("api", *flags(url, authority.pem, tmp_path / "state"))
        assert "connection refused" in wait_for(running, "shop.example: no certificate: the ACME server at localhost:")


def test_a_server_with_the_certificate_of_a_stranger_is_not_believed(make_pebble, start, tmp_path):
    pebble = make_pebble()
    stranger = pki.Authority(tmp_path, "stranger")
    running = start("api", *flags(pebble.url, stranger.pem, tmp_path / "state"))
    assert "--acme_ca_file" in wait_for(running, "shop.example: no certificate: ")


def test_an_account_from_elsewhere_vouches_for_ours(make_pebble, start_gateway):
    key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    pebble = make_pebble(external={"kid-1": key}, bad_nonces=0)
    running = start_gateway(pebble, "--acme_eab_kid=kid-1", f"--acme_eab_key={key}")
    obtained(running, "shop.example", pebble.root)


def test_terms_that_are_not_agreed_to_end_it(make_pebble, start_gateway):
    pebble = make_pebble()
    running = start_gateway(pebble, "--acme_agree_terms=false")
    assert "terms of service at" in wait_for(running, "shop.example: no certificate: ")
    assert not pebble.lines("new-order")


def test_of_two_processes_with_one_folder_only_one_asks(make_pebble, start, tmp_path):
    pebble = make_pebble()
    arguments = flags(pebble.url, pebble.authority, tmp_path / "state")
    name = re.sub("[^a-z0-9.-]", "_", pebble.url.removeprefix("https://"))
    path = tmp_path / "state" / name
    path.mkdir(parents=True, mode=0o700)
    authority = pki.Authority(tmp_path)
    pair = authority.issue("DNS:shop.example")
    with open(path / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = start("api", *arguments)
        wait_for(running, "shop.example: another process asks for certificates")
        new = path / "new"
        new.write_text(open(pair.chain, encoding="ascii").read() + open(pair.key, encoding="ascii").read())
        os.rename(new, path / "shop.example.pem")
        until(lambda: served(running.api_port, "shop.example", authority.pem.read_text()))
    wait_for(running, "shop.example: another process has got a certificate")
    assert not pebble.lines("new-order")


class Suggestions(http.server.ThreadingHTTPServer):
    """An ACME server that says when to renew, and has nothing else to say."""

    daemon_threads = True

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            base = f"https://localhost:{self.server.server_port}"
            self.server.asked.append(self.path)
            if self.path == "/dir":
                answer = {name: f"{base}/{name}" for name in ("newNonce", "newAccount", "newOrder", "renewalInfo")}
            else:
                answer = {
                    "suggestedWindow": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"},
                    "explanationURL": "https://ca.example/why"}
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self):
            self.send_error(503)

        def log_message(self, *_):
            pass

    def __init__(self, pair):
        super().__init__(("127.0.0.1", 0), self.Answer)
        self.asked = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.chain, pair.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def test_the_authority_may_say_when_to_renew(start, tmp_path):
    authority = pki.Authority(tmp_path)
    server = Suggestions(authority.issue("DNS:localhost"))
    try:
        url = f"https://localhost:{server.server_port}/dir"
        path = tmp_path / "state" / f"localhost_{server.server_port}_dir"
        path.mkdir(parents=True, mode=0o700)
        # It began a week ago: what is newer than a day is not renewed, whatever anybody says.
        pair = authority.issue_earlier("shop.example", days_ago=7, days_left=83)
        with open(path / "shop.example.pem", "w", encoding="ascii") as file:
            file.write(pathlib.Path(pair.key).read_text() + pathlib.Path(pair.chain).read_text())
        running = start("api", *flags(url, authority.pem, tmp_path / "state"))
        wait_for(running, r"to be renewed 2020-01-0.*, as the authority suggests \(https://ca.example/why\)")
        # It tries, and meanwhile the old one is shown.
        failure = wait_for(running, "shop.example: no new certificate: ")
        assert "503" in failure and "the one in use ends 20" in failure
        assert served(running.api_port, "shop.example", authority.pem.read_text())
        key, serial = server.asked[1].removeprefix("/renewalInfo/").split(".")
        text = pki.openssl("x509", "-in", pair.chain, "-noout", "-ext", "authorityKeyIdentifier", "-serial")
        assert decoded(key) in text.replace(":", "") and decoded(serial) in text
        assert server.asked.count(server.asked[1]) == 1
    finally:
        server.shutdown()
        server.server_close()


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex().upper()


@pytest.mark.parametrize("arguments, words", [
    (["--enable_acme"], "enable_acme needs acme_hosts"),
    (["--enable_acme", "--acme_hosts=*.example.com"], "wildcard"),
    (["--enable_acme", "--acme_hosts=a.example", "--acme_provider=certmagic"], "certmagic is not supported yet"),
    (["--enable_acme", "--acme_hosts=a.example", "--acme_directory=http://ca.example"], "is not https://host/path"),
    (["--enable_acme", "--acme_hosts=a.example", "--acme_challenges=dns-01"], "dns-01 is not supported yet"),
    (["--enable_acme", "--acme_hosts=a.example", "--acme_eab_kid=x"], "must be given together"),
])
def test_what_cannot_be_asked_for_ends_the_program_with_a_sentence(micro, arguments, words):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
    result = subprocess.run(
        [micro, "api", "--registry=memory", *arguments], env=environment, capture_output=True, text=True, timeout=20)
    assert (result.returncode, words in result.stderr) == (CONFIGURATION, True), result.stderr
