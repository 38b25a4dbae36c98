"""A web service as Go Micro's library makes one of a folder `html`: Python's own server of static files, with ETags and
ranges, which that of the library has too."""

import functools
import hashlib
import http.server
import io
import pathlib
import re
import threading

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><title>Foo</title><link rel="stylesheet" href="css/style.css"><script src="app.js" defer></script></head>
<body><h1>Foo's index page</h1><a href="about.html">About</a></body>
</html>
"""

FILES = {
    "index.html": (PAGE.encode(), "text/html"),
    "about.html": (b"<!DOCTYPE html><title>About</title><h1>About foo</h1>", "text/html"),
    "css/style.css": (b"h1 { color: rgb(1, 2, 3) }\n", "text/css"),
    "app.js": (b"document.querySelector('h1').dataset.script = 'has run'\n", "text/javascript"),
    "logo.png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, "image/png"),
}
"""What the folder has: content and type by path."""


def make_folder(folder):
    """The folder of a service. It is there a second time as `foo`, for who asks with the whole path."""
    for name, (content, _) in FILES.items():
        path = pathlib.Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    pathlib.Path(folder, "foo").symlink_to(".")
    return folder


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_head(self):
        self.server.targets.append(self.path)
        path = pathlib.Path(self.translate_path(self.path))
        if not path.is_file():
            return super().send_head()  # It adds the slash, finds the index, or says that there is nothing.
        content = path.read_bytes()
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == self.etag:
            return self.answer(304)
        span = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if span is None:
            return super().send_head()
        first, last = int(span[1]), int(span[2] or len(content) - 1)
        if first >= len(content):
            return self.answer(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
        part = content[first:last + 1]
        self.answer(206, {
            "Content-Type": self.guess_type(str(path)), "Content-Length": str(len(part)),
            "Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"})
        return io.BytesIO(part)

    def answer(self, status, fields=None):
        self.send_response(status)
        for name, value in (fields or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def end_headers(self):
        if etag := self.__dict__.pop("etag", None):
            self.send_header("ETag", etag)
        super().end_headers()

    def log_message(self, *_):
        """Tests say themselves what went wrong."""


class StaticFiles:
    """Such a service. `targets` has what it was asked for, in order."""

    def __init__(self, folder):
        handler = functools.partial(Handler, directory=str(make_folder(folder)))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.targets = self.targets = []
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
