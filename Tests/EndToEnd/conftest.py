"""Fixtures for tests of the built program over real sockets. The program's path is in the variable MICRO."""

import os
import pathlib
import resource

import pytest

import peers
import program

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root():
    """The directory of the project."""
    return ROOT


@pytest.fixture(scope="session")
def micro():
    """The program under test."""
    path = pathlib.Path(os.environ.get("MICRO", ROOT / ".build/debug/micro")).absolute()
    assert os.access(path, os.X_OK), f"{path} is no program; build it, or set MICRO"
    return str(path)


@pytest.fixture(scope="session", autouse=True)
def own_state(tmp_path_factory):
    """What operators have declared on this machine is not what tests begin with, nor the other way round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("STATE_DIRECTORY", raising=False)
        yield


def _starting(micro):
    """A function that starts programs, and a check that every one of them ended as it should."""
    started = []

    def start(*arguments, env=None, cwd=None):
        running = program.Program(micro, arguments, env, cwd)
        started.append(running)
        try:
            return running.wait_until_serving()
        except AssertionError:
            running.kill()  # What did not start is told, and need not end well.
            raise

    yield start
    codes = [(running.arguments, running.stop()) for running in started if not running.was_killed]
    assert all(code == 0 for _, code in codes), f"not all programs ended with 0 on SIGTERM: {codes}"


@pytest.fixture
def start(micro):
    """Starts the program with the given words, for one test."""
    yield from _starting(micro)


@pytest.fixture(scope="module")
def start_for_module(micro):
    yield from _starting(micro)


@pytest.fixture(scope="session")
def demo(micro):
    """`micro demo`, shared by all tests: none of them may change what is registered for good."""
    starting = _starting(micro)
    start = next(starting)
    yield start("demo", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")
    next(starting, None)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright  # Most tests need none, and it takes long to load.

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, demo):
    """Makes visits of the demo's dashboard, or of the `server` that is named. No page may complain."""
    from visits import Visit

    visits = []

    def make(server=None, **options):
        visits.append(Visit(browser, server or demo, **options))
        return visits[-1]

    yield make
    complaints = [complaint for visit in visits for complaint in visit.complaints]
    for visit in visits:
        visit.context.close()
    assert complaints == []


SERVER = ("server", "--registry=memory", "--loops=1", "--api_address=127.0.0.1:0", "--web_address=127.0.0.1:0")


@pytest.fixture
def start_server(start):
    """Starts a gateway and a dashboard with an empty registry."""
    return lambda *arguments, env=None: start(*SERVER, *arguments, env=env)


@pytest.fixture
def start_proxy(start):
    """Starts `micro proxy` in front of a URL."""
    return lambda url, *arguments: start("proxy", url, "--address=127.0.0.1:0", "--loops=1", *arguments)


@pytest.fixture
def raw_server():
    """Makes scripted servers that end with the test."""
    servers = []

    def make(script=None, **options):
        servers.append(peers.RawServer(script, **options))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def micro_service():
    """Makes Go Micro services in Python that end with the test."""
    services = []

    def make(name, port=0, **endpoints):
        renamed = {key.replace("_", "."): value for key, value in endpoints.items()}
        services.append(peers.MicroService(name, {"Say.Hello": peers.hello, **renamed}, port).start())
        return services[-1]

    yield make
    for service in services:
        service.close()


@pytest.fixture
def many_descriptors():
    """Room for a few thousand sockets, here and in the programs that are started."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
