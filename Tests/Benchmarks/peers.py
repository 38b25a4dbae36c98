"""What the peers and the servers behind them are told."""

import importlib.util
import json
import pathlib
import struct
import subprocess
import sys

from programs import LOAD_CPU, Programs, free_port, wait_for

NGINX_BACKEND = """
  server {{ listen 127.0.0.1:{port}; default_type application/json;
    location / {{ return 200 '{body}'; }} }}
"""

NGINX_PROXY = """
  upstream backend {{ server 127.0.0.1:{backend}; keepalive 256; keepalive_requests 1000000000; }}
  server {{ listen 127.0.0.1:{listen};
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

ENVOY = """
static_resources:
  listeners:
  - address: {{ socket_address: {{ address: 127.0.0.1, port_value: {port} }} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: bench
          route_config:
            virtual_hosts:
            - name: all
              domains: ["*"]
              routes:
              - match: {{ prefix: / }}
                route: {{ cluster: backend, timeout: 5s }}
          http_filters:
          - name: envoy.filters.http.grpc_json_transcoder
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.grpc_json_transcoder.v3.GrpcJsonTranscoder
              proto_descriptor: {descriptors}
              services: [go.micro.api.transcoded.Say]
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
  - name: backend
    type: STATIC
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{ http2_protocol_options: {{}} }}
    load_assignment:
      cluster_name: backend
      endpoints:
      - lb_endpoints:
        - endpoint: {{ address: {{ socket_address: {{ address: 127.0.0.1, port_value: {backend} }} }} }}
"""

#: One static file answers every call: nginx gives no file to a POST, but an error page may be one.
NGINX_GRPC = """
  http2_max_concurrent_streams 1024;
  server {{ listen 127.0.0.1:{port} http2; root {root};
    location / {{ error_page 404 =200 /answer; log_not_found off; return 404; }}
    location = /answer {{ default_type application/grpc+{codec}; add_trailer grpc-status 0; }} }}
"""

ANSWER = {"msg": "Hello John", "padding": "x" * 100}


def grpc_backend(programs: Programs, codec: str) -> int:
    """A server that answers every call with the same message, as protobuf (`proto`) or as JSON (`json`)."""
    if codec == "json":
        message = json.dumps(ANSWER).encode()
    else:
        message = b"".join(
            bytes([number << 3 | 2, len(text)]) + text.encode() for number, text in enumerate(ANSWER.values(), 1))
    programs.file(f"{codec}/answer", b"\0" + struct.pack(">I", len(message)) + message)
    port = free_port()
    http = NGINX_GRPC.format(port=port, root=f"{programs.directory}/{codec}", codec=codec)
    programs.nginx(f"grpc-{codec}", LOAD_CPU, http)
    wait_for(port)
    return port


def tolerant(programs: Programs, port: int) -> int:
    """The same server for clients that send `host` as metadata: nginx refuses it, nghttpx drops it."""
    front = free_port()
    programs.start(
        LOAD_CPU, "nghttpx", f"-f127.0.0.1,{front};no-tls", f"-b127.0.0.1,{port};;proto=h2", "-n1", "--no-ocsp",
        "--accesslog-file=/dev/null", "--errorlog-file=/dev/null", "--conf=/dev/null",
        "--frontend-http2-max-concurrent-streams=1024")
    wait_for(front)
    return front


def descriptors(programs: Programs) -> str:
    """The descriptor set of the benchmark's service."""
    path = f"{programs.directory}/greeter.pb"
    includes = [str(pathlib.Path(__file__).parent)]
    for package in ("grpc_tools", "google.api"):
        found = importlib.util.find_spec(package)
        if found is None:
            sys.exit(f"the Python package with {package} is missing; make bench installs it")
        folder = pathlib.Path(next(iter(found.submodule_search_locations)))
        includes.append(str(folder / "_proto" if package == "grpc_tools" else folder.parents[1]))
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{each}" for each in includes), "--include_imports",
         f"--descriptor_set_out={path}", "greeter.proto"], check=True)
    return path


def service(name: str, port: int, protocol: str, server: str | None = "grpc") -> bytes:
    """The record of a service with one node, as the registry's API takes it."""
    metadata = {"protocol": protocol}
    if protocol == "mucp":
        metadata |= {"server": "mucp", "transport": "http"}
    elif server:
        metadata |= {"server": server, "transport": "grpc"}
    node = {"id": f"{name}-1", "address": f"127.0.0.1:{port}", "metadata": metadata}
    return json.dumps({"name": name, "version": "latest", "nodes": [node]}).encode()


def routed_service(port: int, numbers: range) -> bytes:
    """The record of a plain HTTP service whose endpoints declare a route for each number: `/r7/items/{id}`."""
    name = f"go.micro.api.site{numbers[0]}"
    endpoints = [
        {"name": f"Items.From{first}", "metadata": {
            "handler": "http", "method": "GET",
            "path": ",".join(f"/r{each}/items/{{id}}" for each in numbers if first <= each < first + 100)}}
        for first in range(numbers[0], numbers[-1] + 1, 100)]
    node = {"id": f"{name}-1", "address": f"127.0.0.1:{port}", "metadata": {"protocol": "http"}}
    return json.dumps({"name": name, "version": "latest", "endpoints": endpoints, "nodes": [node]}).encode()
