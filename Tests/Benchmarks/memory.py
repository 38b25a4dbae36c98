"""What an idle connection costs in the gateway's own memory: the slope over many, in a fresh process."""

import os
import pathlib
import resource
import socket
import ssl
import time

from programs import Programs, free_port, wait_for

COUNTS = (500, 1000, 2000, 4000)


def private_bytes(pid: int) -> int:
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty:"):
            return int(line.split()[1]) * 1024
    raise ValueError("the kernel does not tell")


def slope(points: list[tuple[int, int]]) -> float:
    """By least squares."""
    middle = sum(x for x, _ in points) / len(points)
    height = sum(y for _, y in points) / len(points)
    return sum((x - middle) * (y - height) for x, y in points) / sum((x - middle) ** 2 for x, _ in points)


def connect(port: int, context: ssl.SSLContext | None) -> socket.socket:
    """One connection that has had an answer, and is idle now."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    if context:
        connection = context.wrap_socket(connection, server_hostname="localhost")
    connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    return connection


def per_connection(programs: Programs, is_secure: bool) -> float:
    api, web = free_port(), free_port()
    arguments = []
    context = None
    if is_secure:
        certificate, key = programs.certificate()
        arguments = ["--enable_tls", f"--tls_cert_file={certificate}", f"--tls_key_file={key}"]
        context = ssl.create_default_context(cafile=certificate)
    process = programs.micro(
        "server", "--registry=memory", f"--api_address=127.0.0.1:{api}", f"--web_address=127.0.0.1:{web}", *arguments)
    wait_for(api, web)
    points = []
    kept: list[socket.socket] = []
    try:
        for count in COUNTS:
            while len(kept) < count:
                kept.append(connect(api, context))
            # What is given back is given back a while after the last answer, and nobody is told when.
            time.sleep(1.5)
            points.append((count, private_bytes(process.pid)))
    finally:
        for each in kept:
            each.close()
        programs.stop()
    return slope(points[1:])


def table(programs: Programs) -> str:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    os.sync()  # Pages of a program that was just built count as dirty until they are on the disk.
    lines = ["| an idle connection | bytes of the gateway's own memory |", "| --- | --- |"]
    for name, is_secure in (("HTTP/1.1", False), ("HTTP/1.1 over TLS", True)):
        lines.append(f"| {name} | {per_connection(programs, is_secure):,.0f} |")
    return "\n".join(lines)
