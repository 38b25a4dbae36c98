"""Starts the program under test, learns from its own report where it listens, and ends it."""

import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
import urllib.request

START_LIMIT = 20
"""Seconds until a program must have told that it serves."""

STOP_LIMIT = 20
"""Seconds until a program must have ended after SIGTERM."""

LISTENERS = {
    "api": {"gateway"},
    "web": {"dashboard"},
    "proxy": {"proxy"},
    "server": {"gateway", "dashboard"},
    "demo": {"gateway", "dashboard"},
}
"""What each command that serves reports as listening."""


class Program:
    """A running `micro`. Its address attributes are `None` for what it does not serve."""

    def __init__(self, micro, arguments, env=None, cwd=None):
        self.arguments = list(arguments)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MICRO")}
        environment.update(env or {})
        self.process = subprocess.Popen(
            [micro, *self.arguments, "--log_format=json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=cwd)
        self.lines = []
        self._told = threading.Condition()
        self.facts = {}
        self.was_killed = False
        self._arrived = queue.Queue()
        self._errors = []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._take), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self._errors.append), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self):
        return self.process.pid

    @property
    def stderr(self):
        return b"".join(self._errors).decode()

    def _read(self, stream, take):
        for line in stream:
            take(line)
        stream.close()
        self._arrived.put(None)

    def _take(self, line):
        record = json.loads(line)
        with self._told:
            self.lines.append(record)
            self._told.notify_all()
        if "fact" in record:
            self.facts.setdefault(record["fact"], record)
            self._arrived.put(record)

    def wait_until_serving(self):
        """Returns when everything that the command serves has been reported."""
        command = next(word for word in self.arguments if word in LISTENERS)
        deadline = time.monotonic() + START_LIMIT
        while not LISTENERS[command] <= self.facts.keys():
            try:
                record = self._arrived.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                self.kill()
                raise AssertionError(f"{self.arguments} did not report {LISTENERS[command]} in time") from None
            if record is None and self._has_ended():
                raise AssertionError(f"{self.arguments} ended with {self.process.returncode}: {self.stderr}")
        return self

    def line(self, is_wanted, limit=10):
        """The first line that is wanted, of those that the program has told or tells in time."""
        with self._told:
            found = self._told.wait_for(lambda: next((line for line in self.lines if is_wanted(line)), None), limit)
        assert found, f"{self.arguments} did not tell what was waited for, but {self.lines[-10:]}"
        return found

    def message(self, pattern, limit=10):
        """The first message in which the regular expression is found, of those that are told in time."""
        return self.line(lambda line: re.search(pattern, line.get("message", "")), limit)["message"]

    def _has_ended(self):
        """Whether the process ends, as one does that has closed its output."""
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            return False
        for reader in self._readers:
            reader.join(1)
        return True

    def port(self, fact):
        return int(self.facts[fact]["address"].rsplit(":", 1)[1])

    @property
    def api_port(self):
        return self.port("gateway")

    @property
    def web_port(self):
        return self.port("dashboard")

    @property
    def proxy_port(self):
        return self.port("proxy")

    @property
    def api_url(self):
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def web_url(self):
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def proxy_url(self):
        return f"http://127.0.0.1:{self.proxy_port}"

    # What the kernel knows

    def resident_bytes(self):
        """The resident memory of the process."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("the process has no memory")

    def cpu_seconds(self):
        """What the process has used of processors, in its own code and in the kernel."""
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def settled_descriptor_count(self):
        """The count when it has stayed the same for a while: the last are opened after the report that it serves.

        The kernel tells nobody when a process opens one, so it is asked again and again.
        """
        count, since = self.descriptor_count(), time.monotonic()
        while time.monotonic() - since < 0.3:
            time.sleep(0.02)
            if (now := self.descriptor_count()) != count:
                count, since = now, time.monotonic()
        return count

    # The registry behind the dashboard

    def services(self, name):
        """The records of one service, as the dashboard tells them."""
        try:
            with urllib.request.urlopen(f"{self.web_url}/api/services/{name}", timeout=5) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            assert error.code == 404, error.read()
            return []

    def until_catalog(self, condition, limit=10):
        """Waits for a catalog by which the condition holds. For programs with one loop: the others may be later."""
        return until_catalog(self.web_url, condition, limit)

    def register(self, name, address, node=None, protocol="mucp", metadata=None, **members):
        """Registers a node, and returns when requests are routed to it.

        `protocol` is `mucp` for Go Micro's RPC, `grpc`, or `http` for a plain server. `metadata` replaces what follows
        from it.
        """
        node = node or f"{name}-{address.rsplit(':', 1)[1]}"
        transport = "grpc" if protocol == "grpc" else "http"
        metadata = metadata or {"protocol": protocol, "server": protocol, "transport": transport}
        nodes = [{"id": node, "address": address, "metadata": metadata}]
        self.register_record({"name": name, "version": "latest", "nodes": nodes, **members})
        assert any(node == known["id"] for entry in self.services(name) for known in entry["nodes"])

    def register_record(self, record, token=None):
        """Registers a service as its record says, and returns when requests are routed to it."""
        fields = {"Content-Type": "application/json"}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.web_url}/api/services", json.dumps(record).encode(), fields)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 200

    # The end

    def kill(self):
        """Ends the process at once. The fixture then expects no orderly end."""
        self.was_killed = True
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_LIMIT)

    def stop(self):
        """Ends the process as an operator does, and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.arguments} did not end within {STOP_LIMIT} s of SIGTERM") from None


def until_catalog(web_url, condition, limit=10):
    """Waits for a catalog by which the condition holds: the dashboard tells each new one."""
    deadline = time.monotonic() + limit
    try:
        with urllib.request.urlopen(f"{web_url}/api/events", timeout=limit) as events:
            while time.monotonic() < deadline and (line := events.readline()):
                if line.startswith(b"data:") and (result := condition()):
                    return result
    except TimeoutError:
        pass
    raise AssertionError("no catalog came that was waited for")


def until(condition, limit=10):
    """Waits for something that another process does. Fails when it has not come about in time.

    It asks again and again, and is for what nobody tells: sockets that are closed, descriptors, certificates and routes
    in use. What the program logs is waited for by `Program.message`, and catalogs by `Program.until_catalog`.
    """
    deadline = time.monotonic() + limit
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, "what was waited for did not come about"
        time.sleep(0.01)
