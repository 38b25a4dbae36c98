#!/usr/bin/env python3
"""Compares the gateway with nginx, HAProxy, nghttpx and Envoy: CPU time for each request, on the same machine.

The gateway under test runs alone on one processor, the load generator and the backend share another. Rounds are
interleaved (A B C A B C ...), so that a machine that changes its speed changes it for all; what is printed are medians
of the ratios within each round. All traffic stays on the loopback interface, and everything is bounded in time.

    make bench                              the whole of it, about 12 minutes
    Tests/Benchmarks/run.py --rounds 2 --seconds 2 --only plain,tls
"""

import argparse
import os
import pathlib
import shutil
import sys
import tempfile
import time

import memory
import rows
from measuring import measure, table
from programs import Programs

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--rounds", type=int, default=7)
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--program", default=str(ROOT / ".build/release/micro"))
    names = [*rows.ALL, "memory"]
    options.add_argument("--only", default=",".join(names), help="which tables, with commas: " + ", ".join(names))
    chosen = options.parse_args()
    os.environ["PATH"] += ":/usr/sbin"
    for tool in ("nginx", "haproxy", "nghttpx", "h2load", "wrk", "taskset", "openssl"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing; make bench installs it")
    print(time.strftime("%Y-%m-%d"), end=", ")
    print(f"{chosen.rounds} interleaved rounds of {chosen.seconds:g} s, medians (quartiles)")
    for name in chosen.only.split(","):
        if name not in names:
            sys.exit(f"there is no table {name}; there are {', '.join(names)}")
        with tempfile.TemporaryDirectory(prefix="micro-bench-") as directory:
            os.chmod(directory, 0o755)
            programs = Programs(chosen.program, directory)
            try:
                if name == "memory":
                    print(f"\n{memory.table(programs)}", flush=True)
                    continue
                title, contenders = rows.ALL[name](programs)
                print(title, file=sys.stderr)
                measure(contenders, chosen.rounds, chosen.seconds)
                print(f"\n{table(title, contenders)}", flush=True)
            finally:
                programs.stop()


if __name__ == "__main__":
    main()
