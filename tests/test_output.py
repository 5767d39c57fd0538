"""The output folder is replaced whole or left alone."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen import output, swapping
from reportgen.errors import Interrupted, ReportgenError, UsageError
from reportgen.manifest import NAME, write_manifest
from reportgen.output import is_intact, refuse_foreign, replaced
from reportgen.render import render
from tests.render.sample_report import sample_report


def make(target: Path, text: str, inputs: str = "1") -> None:
    with replaced(target) as folder:
        (folder / "index.html").write_text(text)
        write_manifest(folder, inputs)


def test_the_second_build_takes_the_place_of_the_first(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    make(tmp_path / "site", "new")
    assert (tmp_path / "site" / "index.html").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_error_leaves_the_old_folder_and_no_litter(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    with pytest.raises(RuntimeError), replaced(tmp_path / "site") as folder:
        (folder / "index.html").write_text("half")
        raise RuntimeError
    assert (tmp_path / "site" / "index.html").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_folder_that_is_not_ours_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(UsageError, match="was not made by reportgen"):
        make(tmp_path / "thesis", "new")
    (tmp_path / "thesis" / "manifest.json").write_text(json.dumps({"name": "an app"}))
    with pytest.raises(UsageError):
        make(tmp_path / "thesis", "new")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_an_empty_folder_with_a_gitignore_may_be_filled_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / ".gitignore").write_text("*\n")
    make(tmp_path / "site", "new")
    assert (tmp_path / "site" / ".gitignore").read_text() == "*\n"


def test_files_of_others_move_along(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    (tmp_path / "site" / "CNAME").write_text("example.org")
    make(tmp_path / "site", "new")
    assert (tmp_path / "site" / "CNAME").read_text() == "example.org"


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")
    with pytest.raises(UsageError, match="a file, not a folder"):
        refuse_foreign(tmp_path / "site")


def test_intact_means_same_inputs_and_no_changed_byte(tmp_path: Path) -> None:
    make(tmp_path / "site", "page", inputs="42")
    assert is_intact(tmp_path / "site", "42")
    assert not is_intact(tmp_path / "site", "43")
    (tmp_path / "site" / "index.html").write_text("pagE")
    assert not is_intact(tmp_path / "site", "42")


HALF = (
    "import sys, time; from pathlib import Path; from reportgen.output import replaced\n"
    "with replaced(Path(sys.argv[1])) as folder:\n"
    "    (folder / 'index.html').write_text('half'); print('ready', flush=True); time.sleep(float(sys.argv[2]))\n"
    "    from reportgen.manifest import write_manifest; write_manifest(folder, 'half')"
)


def half_way(target: Path, seconds: float = 600) -> subprocess.Popen[str]:
    """A build in the middle of its work."""
    process = subprocess.Popen(
        [sys.executable, "-c", HALF, str(target), str(seconds)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    return process


def killed_half_way(target: Path) -> None:
    process = half_way(target)
    process.kill()
    process.communicate()


def test_kill_9_leaves_the_old_folder_whole_and_the_next_build_sweeps(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    killed_half_way(tmp_path / "site")
    assert (tmp_path / "site" / "index.html").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    make(tmp_path / "site", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_the_dead_left_is_swept_though_nothing_is_to_be_built(tmp_path: Path) -> None:
    make(tmp_path / "site", "old")
    killed_half_way(tmp_path / "site")
    output.prepare(tmp_path / "site")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
    output.prepare(tmp_path / "absent")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_dead_do_not_look_alive_for_the_number_of_their_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "site", "old")
    killed_half_way(tmp_path / "site")
    monkeypatch.setattr(os, "getpid", lambda: 1)  # as in every container
    monkeypatch.setattr(os, "kill", lambda *_: None)
    make(tmp_path / "site", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_second_build_waits_for_the_first_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = half_way(tmp_path / "site", 1)
    output.prepare(tmp_path / "site")  # does not disturb it
    make(tmp_path / "site", "second")
    _out, said = first.communicate()
    assert (first.returncode, said) == (0, "")
    assert f"Another build is writing into {tmp_path / 'site'}" in caplog.text
    assert (tmp_path / "site" / "index.html").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_many_builds_at_once_leave_one_whole_site(tmp_path: Path) -> None:
    builds = [
        subprocess.Popen([sys.executable, "-c", HALF, str(tmp_path / "site"), "0"], stdout=subprocess.DEVNULL)
        for _number in range(6)
    ]
    assert [build.wait() for build in builds] == [0] * 6
    assert is_intact(tmp_path / "site", "half")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_what_others_put_into_a_site_is_kept(tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    make(site, "old")
    elsewhere.mkdir()
    (site / "CNAME").write_text("example.org")
    (site / "uk" / "notes").mkdir(parents=True)
    (site / "uk" / "notes" / "mine.txt").write_text("words")
    (site / "empty" / "inner").mkdir(parents=True)
    (site / "latest").symlink_to("index.html")
    (site / "data").symlink_to(elsewhere)
    (site / "dangling").symlink_to("nowhere")
    (elsewhere / "big.bin").write_bytes(b"data")
    site.chmod(0o775)
    for stays in (False, True):
        with staying(site) if stays else contextlib.nullcontext():
            make(site, "new")
        assert (site / "index.html").read_text() == "new"
        assert (site / "CNAME").read_text() == "example.org"
        assert (site / "uk" / "notes" / "mine.txt").read_text() == "words"
        assert (site / "empty" / "inner").is_dir()
        assert (site / "latest").readlink() == Path("index.html")
        assert (site / "data").readlink() == elsewhere
        assert (site / "dangling").readlink() == Path("nowhere")
        assert (elsewhere / "big.bin").read_bytes() == b"data"
        assert site.stat().st_mode & 0o777 == 0o775
        assert {path.name for path in tmp_path.iterdir()} == {"site", "elsewhere"}


@contextlib.contextmanager
def staying(folder: Path) -> Iterator[None]:
    """For a while the folder is one that cannot be renamed, as a mount point is."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (output, swapping):
            patch.setattr(module, "is_mount", lambda path: path == folder)
        rename = os.rename

        def checked(one: str, other: str) -> None:
            if folder in (Path(one), Path(other)):
                raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
            rename(one, other)

        patch.setattr(os, "rename", checked)
        patch.setattr(swapping, "_exchange", lambda *_: False)
        yield


def test_a_mount_point_is_filled_and_stays(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "lost+found").mkdir(parents=True)
    same = site.stat().st_ino
    with staying(site):
        killed_half_way(site)
        make(site, "old")
        (site / "own.txt").write_text("mine")
        with replaced(site) as folder:
            (folder / "uk").mkdir()
            (folder / "uk" / "index.html").write_text("new")
            write_manifest(folder, "2")
    assert site.stat().st_ino == same
    assert {path.relative_to(site).as_posix() for path in site.rglob("*")} == {
        "lost+found", "own.txt", "uk", "uk/index.html", "manifest.json",
    }
    assert is_intact(site, "2")


@pytest.mark.parametrize("moment", range(7))
def test_stopped_while_files_change_places_the_next_build_goes_on(
    tmp_path: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    old, new = {"a": "old", "b/c": "old", "d/e": "old"}, {"a": "new", "b/f": "new", "g": "new"}

    def fill(files: dict[str, str], inputs: str) -> None:
        with replaced(site) as folder:
            for name, text in files.items():
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text)
            write_manifest(folder, inputs)

    with staying(site):
        fill(old, "old")
        (site / "own.txt").write_text("mine")
        steps = 0
        replace, unlink = Path.replace, Path.unlink

        def step() -> None:
            nonlocal steps
            steps += 1
            if steps == moment + 1:
                raise SystemExit  # as if it were killed: nothing may be put right afterwards

        def stopping_replace(self: Path, place: Path) -> Path:
            step()
            return replace(self, place)

        def stopping_unlink(self: Path, missing_ok: bool = False) -> None:
            if self.name != "lock":
                step()
            unlink(self, missing_ok)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", stopping_replace)
            patch.setattr(Path, "unlink", stopping_unlink)
            with contextlib.suppress(SystemExit):
                fill(new, "new")
        output.prepare(site)
        assert is_intact(site, "new")
        assert {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()} == {
            *new, "own.txt", "manifest.json",
        }
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_the_shell_that_stands_in_the_folder_stays_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    make(site, "old")
    (site / "sub").mkdir()
    same = site.stat().st_ino
    monkeypatch.chdir(site)
    make(Path(), "new")
    assert Path("index.html").read_text() == "new"
    monkeypatch.chdir("sub")
    make(site, "newer")
    assert Path("../index.html").read_text() == "newer"
    assert site.stat().st_ino == same
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "releases" / "7").mkdir(parents=True)
    (tmp_path / "site").symlink_to("releases/7")
    make(tmp_path / "site", "first")
    make(tmp_path / "site", "second")
    assert (tmp_path / "site").readlink() == Path("releases/7")
    assert (tmp_path / "releases" / "7" / "index.html").read_text() == "second"
    assert {path.name for path in tmp_path.iterdir()} == {"releases", "site"}
    assert [path.name for path in (tmp_path / "releases").iterdir()] == ["7"]
    (tmp_path / "next").symlink_to("releases/8")
    make(tmp_path / "next", "third")
    assert (tmp_path / "releases" / "8" / "index.html").read_text() == "third"


def test_a_folder_whose_parent_cannot_be_written_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    site.mkdir()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and access(path, mode))
    output.prepare(site)
    make(site, "old")
    make(site, "new")
    assert (site / "index.html").read_text() == "new"
    assert {path.name for path in site.iterdir()} == {"index.html", "manifest.json"}
    with pytest.raises(UsageError, match="cannot be written there"):
        output.prepare(tmp_path / "other")


def test_a_folder_of_somebody_else_is_told_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "site", "old")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path / "site" and access(path, mode))
    with pytest.raises(UsageError, match=r"site: the report cannot be written there \(Permission denied\)"):
        output.prepare(tmp_path / "site")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")
def test_a_place_where_no_folder_can_be_made_is_told() -> None:
    with pytest.raises(UsageError, match="/proc: the report cannot be written there"):
        make(Path("/proc/site"), "new")


def test_a_manifest_that_names_files_elsewhere_reaches_none_of_them(tmp_path: Path) -> None:
    site, precious = tmp_path / "site", tmp_path / "precious.txt"
    make(site, "old")
    precious.write_text("years of work")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "other.txt").write_text("more of it")
    (site / "way").symlink_to(tmp_path / "out")
    told = json.loads((site / "manifest.json").read_text())
    told["files"] += ["no entry", *({"path": path} for path in ("../precious.txt", str(precious), "way/other.txt"))]
    (site / "manifest.json").write_text(json.dumps(told))
    with staying(site):
        make(site, "new")
    make(site, "newer")
    assert precious.read_text() == "years of work"
    assert (tmp_path / "out" / "other.txt").read_text() == "more of it"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])
def test_no_room_is_one_sentence_and_the_old_folder_stays(tmp_path: Path, number: int) -> None:
    make(tmp_path / "site", "old")
    with pytest.raises(ReportgenError, match="the previous one is untouched") as told, replaced(tmp_path / "site"):
        raise OSError(number, os.strerror(number))
    assert told.value.slug == "disk-full"
    assert is_intact(tmp_path / "site", "1")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_no_room_for_style_sheets_is_no_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copy2", refuse)
    with pytest.raises(ReportgenError) as told, replaced(tmp_path / "site") as folder:
        render(sample_report(), folder, languages=("en",), formats=("html",))
    assert told.value.slug == "disk-full"


def test_stopped_when_all_is_done_the_truth_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swapped_and_stopped(*places: Path) -> None:
        swap(*places)
        signal.raise_signal(signal.SIGINT)

    swap = output.swap
    monkeypatch.setattr(output, "swap", swapped_and_stopped)
    with pytest.raises(Interrupted, match="had just been finished"):
        make(tmp_path / "site", "new")
    assert is_intact(tmp_path / "site", "1")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    ("languages", "formats"),
    [(("uk", "en"), ("html", "figures", "markdown")), (("en", "uk"), ("html",)), (("uk",), ("markdown", "single")), (("en",), ("json",))],
)
def test_a_folder_tells_what_it_was_made_as(tmp_path: Path, languages: tuple[str, ...], formats: tuple[str, ...]) -> None:
    render(sample_report(), tmp_path / "site", languages=languages, formats=formats)
    told = output.made_of(tmp_path / "site")
    assert set(told["outputs"]) == {*formats, "json"}
    assert set(told.get("language", languages)) == set(languages)
    if "html" in formats:
        assert told["language"] == languages, "the one that it opens with is the first"
    assert output.made_of(tmp_path) == {"outputs": ("json",)}


def test_what_a_stranger_writes_of_formats_is_believed_within_bounds(tmp_path: Path) -> None:
    write_manifest(tmp_path, brought=["x" * 10_000, *map(str, range(100_000))])
    told = output.made_of(tmp_path)["outputs"]
    assert len(told) < 100
    assert max(map(len, told)) <= 100
    (tmp_path / NAME).write_text('{"generator": "reportgen", "files": [], "formats": {"html": 1}}')
    assert output.made_of(tmp_path) == {"outputs": ("json",)}
    write_manifest(tmp_path, brought=["text"])
    assert output.made_of(tmp_path) == {"outputs": ("json", "text")}
