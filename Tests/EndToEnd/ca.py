"""An ACME server to get certificates from: Pebble, with a DNS server by which every name is this machine.

Pebble must know where to look before the gateway has told its ports, so it looks at forwarders, which are told later.
"""

import json
import os
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import urllib.request

import pki
from program import until


class NameServer(socketserver.ThreadingUDPServer):
    """Says 127.0.0.1 for every name, and nothing to every other question."""

    daemon_threads = True

    class Answer(socketserver.BaseRequestHandler):
        def handle(self):
            query, sock = self.request
            end = query.index(b"\0", 12) + 5
            is_address = query[end - 4:end - 2] == b"\0\x01"
            record = b"\xc0\x0c\0\x01\0\x01\0\0\0\0\0\x04" + socket.inet_aton("127.0.0.1") if is_address else b""
            head = struct.pack(">2s5H", query[:2], 0x8580, 1, 1 if is_address else 0, 0, 0)
            sock.sendto(head + query[12:end] + record, self.client_address)

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Forwarder(socketserver.ThreadingTCPServer):
    """Passes connections on to a port of this machine, as soon as it is known: the authority may be faster than we."""

    daemon_threads = True

    class Connection(socketserver.BaseRequestHandler):
        def handle(self):
            self.server.count += 1
            if not self.server.is_known.wait(30) or not self.server.target:
                return
            with socket.create_connection(("127.0.0.1", self.server.target)) as other:
                back = threading.Thread(target=self.copy, args=(other, self.request), daemon=True)
                back.start()
                self.copy(self.request, other)
                back.join()

        @staticmethod
        def copy(source, sink):
            try:
                while piece := source.recv(65536):
                    sink.sendall(piece)
                sink.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Connection)
        self.count, self.target, self.is_known = 0, None, threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def lead_to(self, port):
        """Passes on to this port from now on; nowhere when there is none."""
        self.target = port
        self.is_known.set()


class Pebble:
    """A running Pebble, with the ports that it looks at."""

    def __init__(self, directory, validity=90 * 86400, external=None, bad_nonces=30):
        self.names, self.tls, self.http = NameServer(), Forwarder(), Forwarder()
        authority = pki.Authority(directory, "pebble")
        pair = authority.issue("DNS:localhost")
        self.authority = str(authority.pem)
        configuration = {
            "listenAddress": "127.0.0.1:0", "managementListenAddress": "127.0.0.1:0", "certificate": pair.chain,
            "privateKey": pair.key, "httpPort": self.http.port, "tlsPort": self.tls.port, "ocspResponderURL": "",
            "certificateValidityPeriod": validity, "externalAccountBindingRequired": bool(external),
            "externalAccountMACKeys": external or {},
        }
        path = directory / "pebble.json"
        path.write_text(json.dumps({"pebble": configuration}))
        self.log = directory / "pebble.log"
        environment = {
            **os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_VA_ALWAYS_VALID": "0", "PEBBLE_AUTHZREUSE": "0",
            "PEBBLE_WFE_NONCEREJECT": str(bad_nonces)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["pebble", "-config", path, "-dnsserver", f"127.0.0.1:{self.names.server_address[1]}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        ports = until(lambda: len(found := listening_ports(self.process)) == 2 and found)
        self._roots = {port: self._root(port) for port in ports}
        self.port = next(port for port in ports if not self._roots[port])
        self.root = next(root for root in self._roots.values() if root)
        self.url = f"https://localhost:{self.port}/dir"

    def _root(self, port):
        context = ssl.create_default_context(cafile=self.authority)
        try:
            with urllib.request.urlopen(f"https://localhost:{port}/roots/0", context=context, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError:
            return None

    def look_at(self, running):
        """Lets the authority find a gateway."""
        self.tls.lead_to(running.api_port)
        self.http.lead_to(running.port("challenges") if "challenges" in running.facts else None)

    def lines(self, word):
        return [line for line in self.log.read_text().splitlines() if word in line]

    def close(self):
        self.process.kill()
        self.process.wait(20)
        for server in (self.names, self.tls, self.http):
            server.shutdown()
            server.server_close()


def listening_ports(process):
    """The TCP ports at which a process listens."""
    assert process.poll() is None, "pebble has ended"
    descriptors = f"/proc/{process.pid}/fd"
    sockets = set()
    for name in os.listdir(descriptors):
        try:
            sockets.add(os.readlink(f"{descriptors}/{name}"))
        except FileNotFoundError:
            pass
    ports = []
    with open(f"/proc/{process.pid}/net/tcp", encoding="ascii") as table:
        for line in list(table)[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                ports.append(int(fields[1].split(":")[1], 16))
    return ports
