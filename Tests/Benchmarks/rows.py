"""The tables: who is compared with whom, doing what. Each function starts its programs and returns a title and them."""

import json

import peers
from measuring import Contender
from programs import GATEWAY_CPU, LOAD_CPU, Programs, free_port, register, wait_for

BODY = json.dumps({"msg": "Hello John", "padding": "x" * 100})
PATH = "/greeter/say/hello"
#: 32 connections that are kept.
KEPT = ("-c32",)


def backend(programs: Programs) -> int:
    port = free_port()
    programs.nginx("backend", LOAD_CPU, peers.NGINX_BACKEND.format(port=port, body=BODY))
    wait_for(port)
    return port


def post(programs: Programs, body: str = '{"name":"John"}') -> tuple[str, ...]:
    script = f'wrk.method = "POST"\nwrk.body = \'{body}\'\nwrk.headers["Content-Type"] = "application/json"\n'
    return (*KEPT, "-s", programs.file("post.lua", script))


def plain(programs: Programs) -> tuple[str, list[Contender]]:
    """HTTP/1.1 on both sides, 128 bytes of JSON."""
    behind = backend(programs)
    nginx, haproxy, micro = (free_port() for _ in range(3))
    started = [
        ("nginx", programs.nginx("nginx", GATEWAY_CPU, peers.NGINX_PROXY.format(listen=nginx, backend=behind)), nginx),
        ("HAProxy", programs.haproxy(peers.HAPROXY.format(port=haproxy, backend=behind)), haproxy),
        ("micro proxy", programs.micro("proxy", f"http://127.0.0.1:{behind}", f"--address=127.0.0.1:{micro}"), micro),
    ]
    wait_for(nginx, haproxy, micro)
    return "plain proxying", [
        Contender(name, process.pid, f"http://127.0.0.1:{port}{PATH}", arguments=KEPT)
        for name, process, port in started
    ]


def calls(programs: Programs) -> tuple[str, list[Contender]]:
    """nginx passes a POST on; micro makes a call of Go Micro's RPC of it."""
    behind = backend(programs)
    nginx, api, web = (free_port() for _ in range(3))
    peer = programs.nginx("nginx", GATEWAY_CPU, peers.NGINX_PROXY.format(listen=nginx, backend=behind))
    server = programs.micro(
        "server", "--registry=memory", f"--api_address=127.0.0.1:{api}", f"--web_address=127.0.0.1:{web}")
    wait_for(nginx, api, web)
    register(web, peers.service("go.micro.api.greeter", behind, "mucp"))
    arguments = post(programs)
    return "JSON calls", [
        Contender("nginx", peer.pid, f"http://127.0.0.1:{nginx}{PATH}", arguments=arguments),
        Contender("micro api, rpc over mucp", server.pid, f"http://127.0.0.1:{api}{PATH}", arguments=arguments),
    ]


def h2c(programs: Programs) -> tuple[str, list[Contender]]:
    """HTTP/2 without TLS from clients, HTTP/1.1 to the backend: 16 connections with 10 streams each."""
    behind = backend(programs)
    nghttpx, micro = free_port(), free_port()
    peer = programs.start(
        GATEWAY_CPU, "nghttpx", f"-f127.0.0.1,{nghttpx};no-tls", f"-b127.0.0.1,{behind}", "-n1", "--no-ocsp",
        "--errorlog-file=/dev/null", "--conf=/dev/null", "--backend-connections-per-host=256")
    ours = programs.micro("proxy", f"http://127.0.0.1:{behind}", f"--address=127.0.0.1:{micro}")
    wait_for(nghttpx, micro)
    arguments = ("-c16", "-m10", "-t1")
    return "HTTP/2 to HTTP/1.1", [
        Contender("nghttpx", peer.pid, f"http://127.0.0.1:{nghttpx}{PATH}", "h2load", arguments),
        Contender("micro proxy", ours.pid, f"http://127.0.0.1:{micro}{PATH}", "h2load", arguments),
    ]


def secured(programs: Programs, title: str, *arguments: str) -> tuple[str, list[Contender]]:
    behind = backend(programs)
    nginx, micro = free_port(), free_port()
    certificate, key = programs.certificate()
    listen = f"{nginx} ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3"
    peer = programs.nginx("nginx", GATEWAY_CPU, peers.NGINX_PROXY.format(listen=listen, backend=behind))
    ours = programs.micro(
        "proxy", f"http://127.0.0.1:{behind}", f"--address=127.0.0.1:{micro}", "--enable_tls",
        f"--tls_cert_file={certificate}", f"--tls_key_file={key}")
    wait_for(nginx, micro)
    return title, [
        Contender("nginx", peer.pid, f"https://127.0.0.1:{nginx}{PATH}", arguments=arguments),
        Contender("micro proxy", ours.pid, f"https://127.0.0.1:{micro}{PATH}", arguments=arguments),
    ]


def tls(programs: Programs) -> tuple[str, list[Contender]]:
    """As plain proxying, with TLS 1.3 from the clients."""
    return secured(programs, "TLS, connections kept", *KEPT)


def handshakes(programs: Programs) -> tuple[str, list[Contender]]:
    """A full TLS 1.3 handshake with ECDSA P-256 for each request."""
    return secured(programs, "TLS, a handshake for each request", "-c16", "-H", "Connection: close")


def grpc(programs: Programs) -> tuple[str, list[Contender]]:
    """JSON from clients, gRPC to the backend: Envoy transcodes, micro transcodes and speaks Go Micro's JSON codec."""
    protobuf = peers.grpc_backend(programs, "proto")
    json_codec = peers.tolerant(programs, peers.grpc_backend(programs, "json"))
    envoy, api, web = (free_port() for _ in range(3))
    descriptors = peers.descriptors(programs)
    peer = programs.envoy(peers.ENVOY.format(port=envoy, backend=protobuf, descriptors=descriptors))
    server = programs.micro(
        "server", "--registry=memory", f"--api_address=127.0.0.1:{api}", f"--web_address=127.0.0.1:{web}",
        f"--descriptors={descriptors}")
    wait_for(envoy, api, web)
    register(web, peers.service("go.micro.api.greeter", json_codec, "grpc"))
    register(web, peers.service("go.micro.api.transcoded", protobuf, "grpc", server=None))
    arguments = post(programs)
    return "JSON to gRPC", [
        Contender(
            "Envoy, transcoding", peer.pid, f"http://127.0.0.1:{envoy}/transcoded/say/hello", arguments=arguments),
        Contender(
            "micro api, transcoding", server.pid, f"http://127.0.0.1:{api}/transcoded/say/hello", arguments=arguments),
        Contender("micro api, Go Micro's JSON codec", server.pid, f"http://127.0.0.1:{api}{PATH}", arguments=arguments),
    ]


def routes(programs: Programs) -> tuple[str, list[Contender]]:
    """Requests that are passed on by one of 10, 1,000 or 100,000 declared routes, each for a path that is new."""
    behind = backend(programs)
    contenders = []
    for count in (10, 1_000, 100_000):
        api, web = free_port(), free_port()
        server = programs.micro(
            "server", "--registry=memory", f"--api_address=127.0.0.1:{api}", f"--web_address=127.0.0.1:{web}")
        wait_for(api, web)
        for first in range(0, count, 20_000):
            register(web, peers.routed_service(behind, range(first, min(count, first + 20_000))))
        script = f"""
            request = function()
                local path = "/r" .. math.random(0, {count - 1}) .. "/items/" .. math.random(1000000000)
                return wrk.format("GET", path)
            end
        """
        arguments = (*KEPT, "-s", programs.file(f"routes-{count}.lua", script))
        contenders.append(
            Contender(f"micro api, {count:,} routes", server.pid, f"http://127.0.0.1:{api}/", arguments=arguments))
    return "declared routes", contenders


#: In the order in which they are measured.
ALL = {
    "plain": plain, "calls": calls, "h2c": h2c, "tls": tls, "handshakes": handshakes, "grpc": grpc, "routes": routes,
}
