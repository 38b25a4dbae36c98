"""WebSocket servers of the package `websockets`, for tests."""

import logging
import threading

from websockets.sync.server import serve


def echo(connection):
    for message in connection:
        connection.send(message)


class Node:
    """A WebSocket server of the package `websockets`, and how its connections ended."""

    def __init__(self, handler, **options):
        self.closes = []

        def handle(connection):
            try:
                handler(connection)
            finally:
                connection.close()
                self.closes.append((connection.protocol.close_code, connection.protocol.close_reason))

        log = logging.Logger("node", logging.CRITICAL)
        self._server = serve(handle, "127.0.0.1", 0, max_size=None, logger=log, **options)
        self.port = self._server.socket.getsockname()[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http://{self.address}"

    def close(self):
        self._server.shutdown()


def nodes():
    """Gives a function that makes servers, and closes them in the end: the body of a fixture."""
    made = []

    def make(handler=echo, **options):
        made.append(Node(handler, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()
