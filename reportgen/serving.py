"""`reportgen serve`: the finished site on this machine alone, made anew when what it is made from changes.

Pages reload by themselves: their script asks once a second, by way of a script file, for the version that is served.
Nothing of this is in the files on disk.
"""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reportgen.errors import UsageError
from reportgen.manifest import NAME

LIVE = "/__live.js"
HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""Names by which this machine may be asked; any other may be a stranger's page that points here."""
SNIPPET = """
(function () {
  var seen = null;
  window.reportgenVersion = function (version) {
    if (seen !== null && seen !== version) location.reload();
    seen = version;
  };
  setInterval(function () {
    var script = document.createElement("script");
    script.src = "/__live.js?" + Date.now();
    script.onload = script.onerror = function () { script.remove(); };
    document.head.appendChild(script);
  }, 1000);
})();
"""


class Server(http.server.ThreadingHTTPServer):
    """Serves one folder to this machine."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.absolute()
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as problem:
            raise UsageError(
                f"Port {port} cannot be used ({problem.strerror}).", slug="port-taken",
                hint="Name another one with --port, or 0 for any that is free.",
            ) from problem

    @property
    def address(self) -> str:
        """Where the site is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    @property
    def version(self) -> str:
        """What changes with every build."""
        try:
            return str((self.folder / NAME).stat().st_mtime_ns)
        except OSError:
            return "0"


class _Handler(http.server.SimpleHTTPRequestHandler):
    server: Server

    def __init__(self, request: Any, client: Any, server: Server) -> None:
        super().__init__(request, client, server, directory=str(server.folder))

    def do_GET(self) -> None:
        """A file; the script of the pages with a line more; the version."""
        path = urlsplit(self.path).path
        if not self._is_for_us():
            self.send_error(403)
        elif path == LIVE:
            self._send(f"reportgenVersion({json.dumps(self.server.version)});", "text/javascript")
        elif path.endswith("/static/site.js"):
            script = self.server.folder / "static" / "site.js"
            text = script.read_text(encoding="utf-8") if script.is_file() else ""
            self._send(text + SNIPPET, "text/javascript")
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        """As for a file."""
        if self._is_for_us():
            super().do_HEAD()
        else:
            self.send_error(403)

    def list_directory(self, path: Any) -> None:
        """No listing: a folder without an index is no page."""
        self.send_error(404)

    def end_headers(self) -> None:
        """Nothing is to be kept: the next build changes it."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_args: Any) -> None:
        """Requests are not told."""

    def _is_for_us(self) -> bool:
        return (self.headers.get("Host") or "").rpartition(":")[0] in HOSTS

    def _send(self, text: str, kind: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def serve(
    server: Server, watched: Callable[[], Iterable[Path]], rebuild: Callable[[], None], stop: threading.Event,
    every: float = 0.5,
) -> None:
    """Serve until stopped; call `rebuild` whenever a watched file has changed."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    seen = state(watched())
    try:
        while not stop.wait(every):
            now = state(watched())
            if now != seen:
                seen = now
                rebuild()
    finally:
        server.shutdown()
        server.server_close()


def state(paths: Iterable[Path]) -> frozenset[tuple[str, int]]:
    """What the files (and all files of the folders) look like from outside."""
    found = set()
    for path in paths:
        for file in (path, *path.rglob("*")) if path.is_dir() else (path,):
            try:
                found.add((str(file), file.stat().st_mtime_ns))
            except OSError:
                found.add((str(file), 0))
    return frozenset(found)
