"""`reportgen serve`: the finished site on this machine alone, made anew when what it is made from changes.

Pages reload by themselves: their script asks once a second, by way of a script file, for the version that is served.
Nothing of this is in the files on disk.
"""

from __future__ import annotations

import http.server
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from reportgen.errors import UsageError
from reportgen.files import leads_out
from reportgen.manifest import NAME

log = logging.getLogger(__name__)
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away, for instance: the server goes on."""
        log.debug("a request of %s came to no end", client_address, exc_info=True)

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
        path = self._asked()
        if path is None:
            return
        if path == LIVE:
            self._send(f"reportgenVersion({json.dumps(self.server.version)});", "text/javascript")
        elif path.endswith("/static/site.js"):
            script = self.server.folder / "static" / "site.js"
            shown = script.is_file() and not leads_out(script, self.server.folder)
            self._send((script.read_text(encoding="utf-8") if shown else "") + SNIPPET, "text/javascript")
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        """As for a file."""
        if self._asked() is not None:
            super().do_HEAD()

    def send_head(self) -> Any:
        """The head of a file that is one and lies in the folder, wherever links in it may lead."""
        file = Path(self.translate_path(self.path))
        file = file / "index.html" if os.path.isdir(file) else file  # noqa: PTH112 - Path's raises for long names
        if os.path.exists(file) and (leads_out(file, self.server.folder) or not file.is_file()):  # noqa: PTH110
            self.send_error(404)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        """No listing: a folder without an index is no page."""
        self.send_error(404)

    def end_headers(self) -> None:
        """Nothing is to be kept: the next build changes it."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, *_args: Any) -> None:
        """Requests are not told."""

    def _asked(self) -> str | None:
        """The path that is asked for; nothing where the request was answered already, being none for us."""
        if (self.headers.get("Host") or "").rpartition(":")[0] not in HOSTS:
            self.send_error(403)
            return None
        try:
            path = urlsplit(self.path).path
            os.fsencode(unquote(path, errors="surrogatepass"))
        except ValueError:
            path = "\0"
        if "\0" in unquote(path):
            self.send_error(400)
            return None
        return path

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
