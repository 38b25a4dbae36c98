#!/usr/bin/env python3
"""Compares the gateway with nginx and HAProxy: CPU time for each request, in the same minutes, on the same machine.

The gateway under test runs alone on one processor, the load generator and the backend share another. Rounds are
interleaved (A B C A B C ...), so that a machine that changes its speed changes it for all; what is printed are medians
of the ratios within each round. All traffic stays on the loopback interface, and everything is bounded in time.

    make bench                              the whole of it, about 5 minutes
    Tests/Benchmarks/run.py --rounds 2 --seconds 2
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
GATEWAY_CPU, LOAD_CPU = "0", "1"
BODY = json.dumps({"msg": "Hello John", "padding": "x" * 100}).encode()
TICKS = os.sysconf("SC_CLK_TCK")

NGINX_COMMON = """
worker_processes 1; daemon off; pid {dir}/{name}.pid; error_log {dir}/{name}.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 3600s;
  client_body_temp_path {dir}/{name}1; proxy_temp_path {dir}/{name}2; fastcgi_temp_path {dir}/{name}3;
  uwsgi_temp_path {dir}/{name}4; scgi_temp_path {dir}/{name}5;
  {http}
}}
"""

NGINX_BACKEND = """
  server {{ listen 127.0.0.1:{port}; default_type application/json;
    location / {{ return 200 '{body}'; }} }}
"""

NGINX_PROXY = """
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 256; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host;
      proxy_set_header Forwarded "for=$remote_addr;host=$host;proto=$scheme"; proxy_set_header Via "1.1 nginx"; }} }}
"""

HAPROXY = """
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout client 3600s
  timeout server 3600s
  timeout connect 5s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header Forwarded "for=%[src];host=%[req.hdr(host)];proto=http"
  http-request set-header Via "1.1 haproxy"
  server s 127.0.0.1:{backend} pool-max-conn 256
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """Starts the programs, and ends those that it started."""

    def __init__(self, program: str, directory: str):
        self.program, self.directory = program, directory
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

    def nginx(self, name: str, cpu: str, http: str) -> subprocess.Popen:
        path = f"{self.directory}/{name}.conf"
        pathlib.Path(path).write_text(NGINX_COMMON.format(dir=self.directory, name=name, http=http))
        return self.start(cpu, "nginx", "-c", path)

    def haproxy(self, port: int, backend: int) -> subprocess.Popen:
        path = f"{self.directory}/haproxy.cfg"
        pathlib.Path(path).write_text(HAPROXY.format(port=port, backend=backend))
        return self.start(GATEWAY_CPU, "haproxy", "-db", "-f", path)

    def micro(self, *arguments: str) -> subprocess.Popen:
        return self.start(GATEWAY_CPU, self.program, *arguments, "--loops=1", "--access_log=false")


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    sys.exit(f"nothing listens on port {port}")


def family(pid: int) -> list[int]:
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [each for child in children for each in family(int(child))]


def cpu_seconds(pid: int) -> float:
    ticks = 0
    for each in family(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def load(port: int, path: str, seconds: float, script: str | None) -> tuple[int, float]:
    """Returns how many requests were answered, and how many in each second. Any failed request ends the run."""
    command = ["taskset", "-c", LOAD_CPU, "wrk", "-t1", "-c32", f"-d{seconds:g}s"]
    if script:
        command += ["-s", script]
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True,
        timeout=seconds + 30).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"requests failed, so nothing was measured:\n{output}")
    count = int(re.search(r"(\d+) requests in", output).group(1))
    return count, float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def measure(contenders: list[dict], rounds: int, seconds: float) -> list[dict]:
    """Adds to each contender a list of (CPU microseconds, requests per second), one for each round."""
    for contender in contenders:
        load(contender["port"], contender["path"], 1, contender.get("script"))
        contender["samples"] = []
    for number in range(rounds):
        for contender in contenders:
            before = cpu_seconds(contender["pid"])
            count, rate = load(contender["port"], contender["path"], seconds, contender.get("script"))
            used = cpu_seconds(contender["pid"]) - before
            contender["samples"].append((used * 1e6 / count, rate))
            print(f"  round {number + 1}: {contender['name']:<24} {used * 1e6 / count:6.2f} us", file=sys.stderr)
    return contenders


def spread(values: list[float]) -> str:
    middle = statistics.median(values)
    if len(values) < 3:
        return f"{middle:.2f}"
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def table(title: str, contenders: list[dict]) -> str:
    base = contenders[0]["samples"]
    lines = [
        f"| {title} | CPU microseconds per request | CPU, as a ratio to {contenders[0]['name']} "
        f"| requests per second, as a ratio |",
        "| --- | --- | --- | --- |",
    ]
    for contender in contenders:
        own = contender["samples"]
        lines.append(
            f"| {contender['name']} | {statistics.median(cpu for cpu, _ in own):.1f} "
            f"| {spread([a[0] / b[0] for a, b in zip(own, base)])} "
            f"| {spread([a[1] / b[1] for a, b in zip(own, base)])} |")
    return "\n".join(lines)


def register(web_port: int, backend: int) -> None:
    record = {
        "name": "go.micro.api.greeter", "version": "latest",
        "nodes": [{"id": "greeter-1", "address": f"127.0.0.1:{backend}",
                   "metadata": {"protocol": "mucp", "server": "mucp", "transport": "http"}}],
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{web_port}/api/services", json.dumps(record).encode(),
        {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).read()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--program", default=str(ROOT / ".build/release/micro"))
    chosen = options.parse_args()
    for tool in ("nginx", "haproxy", "wrk", "taskset"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            sys.exit(f"{tool} is missing; make bench installs it")
    os.environ["PATH"] += ":/usr/sbin"
    with tempfile.TemporaryDirectory(prefix="micro-bench-") as directory:
        os.chmod(directory, 0o755)
        bench = Bench(chosen.program, directory)
        try:
            run(bench, chosen.rounds, chosen.seconds)
        finally:
            bench.stop()


def run(bench: Bench, rounds: int, seconds: float) -> None:
    backend, nginx, haproxy, proxy, api, web = (free_port() for _ in range(6))
    bench.nginx("backend", LOAD_CPU, NGINX_BACKEND.format(port=backend, body=BODY.decode()))
    wait_for(backend)
    processes = {
        "nginx": bench.nginx("nginx", GATEWAY_CPU, NGINX_PROXY.format(port=nginx, backend=backend)),
        "haproxy": bench.haproxy(haproxy, backend),
        "proxy": bench.micro("proxy", f"http://127.0.0.1:{backend}", f"--address=127.0.0.1:{proxy}"),
        "server": bench.micro(
            "server", "--registry=memory", f"--api_address=127.0.0.1:{api}", f"--web_address=127.0.0.1:{web}"),
    }
    for port in (nginx, haproxy, proxy, api, web):
        wait_for(port)
    register(web, backend)
    post = f"{bench.directory}/post.lua"
    pathlib.Path(post).write_text(
        'wrk.method = "POST"\nwrk.body = \'{"name":"John"}\'\nwrk.headers["Content-Type"] = "application/json"\n')

    plain = [
        {"name": "nginx", "port": nginx, "pid": processes["nginx"].pid, "path": "/greeter/say/hello"},
        {"name": "HAProxy", "port": haproxy, "pid": processes["haproxy"].pid, "path": "/greeter/say/hello"},
        {"name": "micro proxy", "port": proxy, "pid": processes["proxy"].pid, "path": "/greeter/say/hello"},
    ]
    calls = [
        {"name": "nginx", "port": nginx, "pid": processes["nginx"].pid, "path": "/greeter/say/hello", "script": post},
        {"name": "micro api, rpc over mucp", "port": api, "pid": processes["server"].pid,
         "path": "/greeter/say/hello", "script": post},
    ]
    print("plain proxying: HTTP/1.1 keep-alive, 32 connections, 128 bytes of JSON", file=sys.stderr)
    measure(plain, rounds, seconds)
    print("JSON calls: nginx passes the POST on, micro makes a call of it", file=sys.stderr)
    measure(calls, rounds, seconds)
    print(f"{time.strftime('%Y-%m-%d')}, {rounds} interleaved rounds of {seconds:g} s, medians (quartiles)\n")
    print(table("plain proxying", plain), "\n")
    print(table("JSON calls", calls))


if __name__ == "__main__":
    main()
