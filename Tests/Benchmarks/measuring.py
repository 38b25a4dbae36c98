"""CPU time for each request: bounded loads, interleaved rounds, ratios within a round."""

import dataclasses
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from programs import LOAD_CPU

TICKS = os.sysconf("SC_CLK_TCK")


@dataclasses.dataclass
class Contender:
    """One program in one row of a table, and the load that is put on it."""

    name: str
    pid: int
    url: str
    #: What is run against it: `wrk`, or `h2load` for HTTP/2.
    tool: str = "wrk"
    #: More arguments of the tool.
    arguments: tuple[str, ...] = ()
    #: A round of its own length, for what is dear.
    samples: list[tuple[float, float]] = dataclasses.field(default_factory=list)


def family(pid: int) -> list[int]:
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [each for child in children for each in family(int(child))]


def cpu_seconds(pid: int) -> float:
    ticks = 0
    for each in family(pid):
        fields = pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


def load(contender: Contender, seconds: float) -> tuple[int, float]:
    """Returns how many requests were answered, and how many in each second. Any failed request ends the run."""
    pinned = ["taskset", "-c", LOAD_CPU, contender.tool, *contender.arguments]
    if contender.tool == "h2load":
        return h2load([*pinned, "-D", f"{seconds:g}", contender.url], seconds)
    return wrk([*pinned, "-t1", f"-d{seconds:g}s", contender.url], seconds)


def output(command: list[str], seconds: float) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + 30, cwd=tempfile.gettempdir()).stdout


def wrk(command: list[str], seconds: float) -> tuple[int, float]:
    text = output(command, seconds)
    if "Non-2xx" in text or re.search(r"Socket errors: connect [1-9]|write [1-9]", text):
        sys.exit(f"requests failed, so nothing was measured:\n{text}")
    count = int(re.search(r"(\d+) requests in", text).group(1))
    if count == 0:
        sys.exit(f"nothing was answered:\n{text}")
    return count, float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))


def h2load(command: list[str], seconds: float) -> tuple[int, float]:
    text = output(command, seconds)
    codes = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", text)
    if not codes or int(codes.group(1)) == 0 or any(int(codes.group(each)) for each in (2, 3, 4)):
        sys.exit(f"requests failed, so nothing was measured:\n{text}")
    return int(codes.group(1)), float(re.search(r"finished in .*?, ([\d.]+) req/s", text).group(1))


def measure(contenders: list[Contender], rounds: int, seconds: float) -> None:
    """Adds to each contender one sample a round: CPU microseconds, and requests per second."""
    for contender in contenders:
        load(contender, 1)
    for number in range(rounds):
        for contender in contenders:
            before = cpu_seconds(contender.pid)
            count, rate = load(contender, seconds)
            used = (cpu_seconds(contender.pid) - before) * 1e6 / count
            contender.samples.append((used, rate))
            print(f"  round {number + 1}: {contender.name:<32} {used:7.2f} us", file=sys.stderr)


def spread(values: list[float]) -> str:
    middle = statistics.median(values)
    if len(values) < 3:
        return f"{middle:.2f}"
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def table(title: str, contenders: list[Contender]) -> str:
    base = contenders[0]
    lines = [
        f"| {title} | CPU microseconds per request | CPU, as a ratio to {base.name} "
        f"| requests per second, as a ratio |",
        "| --- | --- | --- | --- |",
    ]
    for contender in contenders:
        pairs = list(zip(contender.samples, base.samples))
        middle = statistics.median(cpu for cpu, _ in contender.samples)
        cpu, rate = ("1.00", "1.00")
        if contender is not base:
            cpu = spread([own[0] / other[0] for own, other in pairs])
            rate = spread([own[1] / other[1] for own, other in pairs])
        lines.append(f"| {contender.name} | {middle:.1f} | {cpu} | {rate} |")
    return "\n".join(lines)
