"""What a machine can do to a build: kills at any moment, full disks, places that cannot be written.

    python -m tests.torture [--seed 0] [--kills 50] [--disks 10]

After each of them the old report is whole or the new one is, no process is left, the next build works and nothing lies
about. Every trial is named by its seed, so that one that fails can be run again alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 60
"""Seconds after which a process that should have ended is taken for one that never will."""
MODEL = ("--model", "lab:cifar10-cnn", "--image", "lab:shape-1.png", "--artifacts", "summary,prediction,filter_statistics")
KINDS = ("everybody", "parent", "child", "term", "term everybody", "interrupt everybody")
"""Who is hit, and by what: killed unless it says otherwise."""
ANSWERS: dict[str, set[int]] = {
    "everybody": {-signal.SIGKILL}, "parent": {-signal.SIGKILL}, "child": {4}, "term": {130, -signal.SIGTERM},
    "term everybody": {130, -signal.SIGTERM}, "interrupt everybody": {130, -signal.SIGINT},
}
"""How the build may end, besides well; by the bare signal while Python is still starting."""
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


class TortureError(Exception):
    """What must not be."""


def demand(good: bool, what: object) -> None:
    if not good:
        raise TortureError(what)


def state(folder: Path) -> dict[str, str]:
    """Every file of a folder and its digest."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*")) if path.is_file()
    }


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a trial happens: a folder with `site`, `cache` and `tmp`."""

    folder: Path

    def command(self, title: str, *more: str) -> list[str]:
        """Build the report under a title."""
        return [sys.executable, "-m", "reportgen", "build", *MODEL, "--title", title, "--cache", "cache", *more]

    def start(self, title: str, *more: str) -> subprocess.Popen[str]:
        """Begin a build in a session of its own."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            self.command(title, *more), cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, env=environment, stdin=subprocess.DEVNULL,
        )

    def build(self, title: str, *more: str, codes: Iterable[int] = (0,)) -> str:
        """A build that nobody disturbs; what it said."""
        build = self.start(title, *more)
        _out, said = build.communicate()
        demand(build.returncode in codes, f"exit code {build.returncode}: {said}")
        demand("Traceback" not in said and "unforeseen" not in said, said)
        return said

    @property
    def site(self) -> dict[str, str]:
        """The report as it stands."""
        return state(self.folder / "site")

    def litter(self) -> list[str]:
        """What nobody should find."""
        known = {"site", "cache", "tmp"}
        found = [path for path in self.folder.iterdir() if path.name not in known]
        own = self.folder / "tmp" / f"reportgen-{os.getuid()}"
        found += [path for path in (*(self.folder / "tmp").glob("*"), *own.glob("*")) if path not in (own, own / "fonts")]
        found += [*(self.folder / "cache" / "unfinished").glob("*"), *(self.folder / "site").glob(".*building*")]
        return [str(path.relative_to(self.folder)) for path in found]


class Bench:
    """An older report, what the new one must be, and the caches before and after."""

    def __init__(self, folder: Path) -> None:
        place = Place(folder / "model")
        place.folder.mkdir(parents=True)
        start = time.monotonic()
        place.build("Old")
        self.seconds = {"look": time.monotonic() - start}
        self.folder, self.old = folder, place.site
        shutil.copytree(place.folder, folder / "older")
        start = time.monotonic()
        place.build("New")
        self.seconds["render"] = time.monotonic() - start
        self.new = place.site
        demand(self.new != self.old, "the two reports cannot be told apart")
        demand(not place.litter(), place.litter())

    def place(self, name: str, phase: str) -> Place:
        """A fresh folder with the older report in it; before a `look`, the cache is empty."""
        folder = self.folder / name
        shutil.copytree(self.folder / "older", folder)
        if phase == "look":
            shutil.rmtree(folder / "cache")
        return Place(folder)

    def afterwards(self, place: Place, *more: str) -> None:
        """The next build works, and nothing lies about."""
        place.build("New", *more)
        demand(place.site == self.new, "the next report is another one")
        demand(not place.litter(), f"left over: {place.litter()}")
        shutil.rmtree(place.folder)


def members(session: int) -> dict[int, str]:
    """The living processes of a session, and their commands."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] not in "ZX":
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return found


def hit(kind: str, parent: int, chosen: random.Random) -> bool:
    """Do it; false where there is nobody to be hit."""
    if kind in ("parent", "term"):
        os.kill(parent, signal.SIGKILL if kind == "parent" else signal.SIGTERM)
        return True
    if kind == "child":
        children = [
            pid for pid, command in members(parent).items()
            if pid != parent and ("reportgen.worker" in command or "spawn_main" in command)
        ]
        if children:
            os.kill(chosen.choice(sorted(children)), signal.SIGKILL)
        return bool(children)
    number = {"everybody": signal.SIGKILL, "term everybody": signal.SIGTERM, "interrupt everybody": signal.SIGINT}[kind]
    os.killpg(parent, number)
    return True


def kill(bench: Bench, seed: int) -> str:
    """A build is hit at some moment; what happened, in words. One that was over before is followed by one hit earlier."""
    chosen = random.Random(seed)
    kind, phase = KINDS[seed % len(KINDS)], ("look", "render")[seed // len(KINDS) % 2]
    for attempt in range(12):
        moment = chosen.uniform(0.02, 0.9) * 0.9**attempt * bench.seconds[phase]
        told = _hit_at(bench, seed, kind, phase, moment)
        if told:
            return f"{seed}: {kind} while it should {phase}: {told}"
    raise TortureError(f"{seed}: it was never there to be hit")


def _hit_at(bench: Bench, seed: int, kind: str, phase: str, moment: float) -> str:
    """Empty where the build was over before, or had nobody to be hit."""
    place = bench.place(f"kill-{seed}", phase)
    build = place.start("New")
    end = time.monotonic() + moment
    while time.monotonic() < end and build.poll() is None:
        time.sleep(0.005)
    struck = build.poll() is None and hit(kind, build.pid, random.Random(seed))
    start = time.monotonic()
    _out, said = build.communicate()
    took = time.monotonic() - start
    while members(build.pid):
        demand(time.monotonic() - start < PATIENCE, f"still alive: {members(build.pid)}")
        time.sleep(0.01)
    gone = time.monotonic() - start
    told = f"{build.returncode} after {took:.1f} s, all gone after {gone:.1f} s"
    demand(build.returncode in ANSWERS[kind] | {0}, f"{told}: {said}")
    demand("Traceback" not in said and "unforeseen" not in said, said)
    finished = place.site == bench.new
    demand(finished or place.site == bench.old, "neither the old report nor the new one")
    demand(finished or build.returncode != 0, "it ended well and made nothing")
    bench.afterwards(place)
    return told if struck else ""


def full_disk(bench: Bench, room: int) -> str:
    """A build on a disk with so many bytes free beside the older report. Must be called in a namespace of its own."""
    place = Place(bench.folder / "disk")
    place.folder.mkdir(exist_ok=True)
    held = sum(path.stat().st_blocks * 512 for path in (bench.folder / "older" / "site").rglob("*"))
    mount(place.folder, f"-t tmpfs -o size={held + room + (1 << 16)} none")
    shutil.copytree(bench.folder / "older" / "site", place.folder / "site")
    said = place.build("New", codes=(0, 4))
    finished = place.site == bench.new
    demand(finished or place.site == bench.old, "neither the old report nor the new one")
    demand(finished or "No space left" in said, said)
    mount(place.folder, "-o remount,size=1G")
    place.build("New")
    demand(place.site == bench.new, "the next report is another one")
    demand(not place.litter(), f"left over: {place.litter()}")
    return f"{room >> 10} KiB free: {'enough' if finished else said.strip()}"


def mount(folder: Path, how: str) -> None:
    subprocess.run(["mount", *shlex.split(how), str(folder)], check=True)


def read_only(folder: Path) -> None:
    """Nobody can write there any more."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)


def read_only_cache(bench: Bench) -> str:
    """Everything is in a cache that cannot be written."""
    place = bench.place("cache-read-only", "render")
    read_only(place.folder / "cache")
    said = place.build("New")
    demand(place.site == bench.new, "another report")
    demand("cache" not in said, said)
    return "a read-only cache in which all is serves"


def empty_read_only_cache(bench: Bench) -> str:
    """Nothing is in a cache that cannot be written."""
    place = bench.place("empty-cache", "look")
    (place.folder / "cache").mkdir()
    read_only(place.folder / "cache")
    said = place.build("New")
    demand(place.site == bench.new, "another report")
    demand(said.count("Not everything could be kept in the cache") == 1, said)
    return "an empty read-only cache is told of once"


def read_only_site(bench: Bench) -> str:
    """The output folder cannot be written."""
    place = bench.place("site-read-only", "render")
    read_only(place.folder / "site")
    said = place.build("New", codes=(2,))
    demand("cannot be written there (Read-only file system)" in said, said)
    demand(place.site == bench.old, "the old report was touched")
    return "a read-only output folder is refused in a sentence"


def mounted_site(bench: Bench) -> str:
    """The output folder is a volume, in a folder that cannot be written; it is built into, killed, built into."""
    place = bench.place("volume", "render")
    outer = place.folder / "outer"
    (outer / "site").mkdir(parents=True)
    read_only(outer)
    mount(outer / "site", "-t tmpfs none")
    place.build("Old", "-o", "outer/site")
    demand(state(outer / "site") == bench.old, "another report")
    build = place.start("New", "-o", "outer/site")
    while build.poll() is None and not list((outer / "site").glob(".building/new-*/report.json")):
        time.sleep(0.005)
    os.killpg(build.pid, signal.SIGKILL)
    build.communicate()
    demand({name: digest for name, digest in state(outer / "site").items() if ".building" not in name} == bench.old,
           "the old report was touched")
    place.build("New", "-o", "outer/site")
    demand(state(outer / "site") == bench.new, "another report")
    demand(not list((outer / "site").glob(".*building")), "left over: .building")
    return "a volume is filled, and filled again after a kill"


PLACES: tuple[Callable[[Bench], str], ...] = (read_only_cache, empty_read_only_cache, read_only_site, mounted_site)


def sizes(bench: Bench, count: int) -> list[int]:
    """Bytes of room from none to nearly enough."""
    need = sum(path.stat().st_size for path in (bench.folder / "model").rglob("*") if path.is_file())
    return [need * number // count for number in range(count)]


def in_namespace(bench: Bench, what: str) -> str:
    """A trial that mounts something, in a process that alone sees it."""
    command = [*NAMESPACE, sys.executable, "-m", "tests.torture", "--bench", str(bench.folder), "--trial", what]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    demand(done.returncode == 0, done.stderr)
    return done.stdout.strip()


def can_mount() -> bool:
    """True where this system lets us make a namespace with mounts of its own."""
    try:
        return subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def trials(bench: Bench, seed: int, kills: int, disks: int) -> Iterator[tuple[str, Callable[[], str]]]:
    """Every trial by its name."""
    for number in range(seed, seed + kills):
        yield f"kill {number}", lambda number=number: kill(bench, number)  # type: ignore[misc]
    if can_mount():
        for room in sizes(bench, disks) if disks else ():
            yield f"disk {room}", lambda room=room: in_namespace(bench, f"disk {room}")  # type: ignore[misc]
        for place in PLACES:
            yield place.__name__, lambda place=place: in_namespace(bench, place.__name__)  # type: ignore[misc]
    else:
        print("No mounts here: full disks and read-only places are left out.", flush=True)


def main() -> None:
    """Run all trials and tell."""
    parser = argparse.ArgumentParser(description="Kills, full disks, read-only places.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--disks", type=int, default=10)
    parser.add_argument("--bench", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--trial", help=argparse.SUPPRESS)
    wishes = parser.parse_args()
    if wishes.trial:
        print(trial_in_namespace(wishes.bench, wishes.trial))
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what runs in the background ignore it
    failed = 0
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        bench = Bench(Path(folder))
        for name, trial in trials(bench, wishes.seed, wishes.kills, wishes.disks):
            try:
                print(trial(), flush=True)
            except TortureError as problem:
                failed += 1
                print(f"FAILED {name}: {problem}", flush=True)
    print(f"Failed: {failed}.")
    sys.exit(bool(failed))


def trial_in_namespace(folder: Path, name: str) -> str:
    """Take up a bench that another process has made."""
    bench = object.__new__(Bench)
    bench.folder, bench.old, bench.new = folder, state(folder / "older" / "site"), state(folder / "model" / "site")
    if name.startswith("disk "):
        return full_disk(bench, int(name.removeprefix("disk ")))
    return {place.__name__: place for place in PLACES}[name](bench)


if __name__ == "__main__":
    main()
