"""Serving to this machine alone, and making anew what has changed."""

from __future__ import annotations

import os
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportgen.cli import main
from reportgen.errors import UsageError
from reportgen.render import render
from reportgen.serving import Server, serve, state
from tests.render.sample_report import sample_report


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    render(sample_report(), tmp_path / "site", languages=("en",), formats=("html",))
    made = Server(tmp_path / "site", 0)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def get(server: Server, path: str, host: str = "") -> tuple[int, str]:
    request = urllib.request.Request(server.address + path, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as problem:
        return problem.code, ""


def test_pages_are_served_and_their_script_asks_for_the_version(server: Server) -> None:
    assert get(server, "en/index.html")[0] == 200
    assert "__live.js" in get(server, "static/site.js")[1]
    assert "__live.js" not in (server.folder / "static" / "site.js").read_text()
    assert get(server, "__live.js")[1] == f'reportgenVersion("{server.version}");'


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "assets/", "nothing.html"])
def test_nothing_else_is(server: Server, path: str) -> None:
    (server.folder.parent / "secret").write_text("secret")
    assert get(server, path)[0] == 404


@pytest.mark.parametrize("path", ["/%00", "/en/%00index.html", "/a%00b/static/site.js", "/x?%00", "http://[x"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_no_path_is_answered(server: Server, path: str, method: str, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_connection(server.server_address[:2], timeout=10) as line:
        line.sendall(f"{method} {path} HTTP/1.0\r\nHost: localhost:1\r\n\r\n".encode())
        answer = line.recv(100).decode()
    assert answer.split()[1] == ("404" if "?" in path else "400"), answer
    assert "Traceback" not in capfd.readouterr().err


def test_links_out_of_the_folder_are_not_followed(server: Server) -> None:
    secret = server.folder.parent / "secret.html"
    secret.write_text("secret")
    (server.folder / "link.html").symlink_to(secret)
    (server.folder / "out").symlink_to(server.folder.parent)
    (server.folder / "again.html").symlink_to(server.folder / "index.html")
    os.mkfifo(server.folder / "pipe.html")
    for path in ("link.html", "out/secret.html", "pipe.html", "x" * 300):
        assert get(server, path)[0] == 404, path
    assert get(server, "again.html")[0] == 200
    script = server.folder / "static" / "site.js"
    script.unlink()
    script.symlink_to(secret)
    assert "secret" not in get(server, "static/site.js")[1]


def test_a_stranger_s_name_for_this_machine_is_refused(server: Server) -> None:
    assert get(server, "", "evil.example:80")[0] == 403


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    with pytest.raises(UsageError, match="cannot be used"):
        Server(server.folder, server.server_address[1])


def test_a_change_makes_the_site_anew(tmp_path: Path) -> None:
    watched, stop, seen, made = tmp_path / "lab.toml", threading.Event(), threading.Event(), []
    watched.write_text("a")

    def rebuild() -> None:
        made.append(watched.read_text())
        stop.set()

    def files() -> Iterator[Path]:
        if seen.is_set():
            watched.write_text("b")
        yield watched
        seen.set()

    serve(Server(tmp_path, 0), files, rebuild, stop, 0.01)
    assert made == ["b"]


def test_what_files_look_like_changes_with_them(tmp_path: Path) -> None:
    before = state([tmp_path, tmp_path / "absent"])
    (tmp_path / "new").write_text("x")
    assert state([tmp_path, tmp_path / "absent"]) != before


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["serve", str(tmp_path)])
    assert done.exit_code == 3
