"""The process that owns the network.

TensorFlow lives here and nowhere else: when its native code dies, the command line is still there
to say so and the old report stands. The job comes as a line of JSON on standard input, which stays open as long as the
command line lives; sections go back as JSON lines on standard output, each with the bytes of its pictures behind it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from reportgen import memory
from reportgen.config import Config
from reportgen.errors import InputError, ReportgenError, UsageError
from reportgen.processes import end_with
from reportgen.report import codec
from reportgen.report.document import Section
from reportgen.run import Look
from reportgen.store import Store

_ERRORS: dict[int, type[ReportgenError]] = {2: UsageError, 3: InputError}


def look_apart(
    config: Config, plans: Sequence[Look], store: Store, on_section: Callable[[Look, Section], None],
    on_progress: Callable[[float, str], None], on_notice: Callable[[str], None],
) -> None:
    """Make the sections in a process of their own."""
    job = {
        "config": config.model_dump(mode="json"), "store": str(store.folder) if store.folder else None,
        "keys": [plan.key for plan in plans], "originals": store.originals.told(),
    }
    with tempfile.TemporaryFile() as noise:
        process = subprocess.Popen(
            [sys.executable, "-m", "reportgen.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=noise,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3")},
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError):  # it is dead already; how it died is told below
                process.stdin.write(json.dumps(job).encode() + b"\n")
                process.stdin.flush()
            made = _receive(process.stdout, plans, on_section, on_progress, on_notice)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        if code or made < len(plans):
            noise.seek(0)
            raise _death(code, noise.read().decode(errors="replace"))


def _receive(
    answers: IO[bytes], plans: Sequence[Look], on_section: Callable[[Look, Section], None],
    on_progress: Callable[[float, str], None], on_notice: Callable[[str], None],
) -> int:
    """How many sections came before the answers ended; a last one that is cut short is none."""
    made = 0
    while (line := answers.readline()).endswith(b"\n"):
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise _ERRORS.get(message["code"], ReportgenError)(
                message["error"], slug=message["slug"], hint=message["hint"]
            )
        if "notice" in message:
            on_notice(message["notice"])
        elif "progress" in message:
            on_progress(message["progress"], message["doing"])
        else:
            assets = {name: answers.read(size) for name, size in message["assets"]}
            if any(len(assets[name]) < size for name, size in message["assets"]):
                break
            on_section(plans[made], codec.loads(message["section"], Section, assets.__getitem__))
            made += 1
    return made


def _death(code: int, noise: str) -> ReportgenError:
    """What to tell of a worker that ended before its work was done."""
    last = [line for line in noise.splitlines() if line.strip()][-12:]
    number = -code if code < 0 else code - 128
    broke = number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
    if number == signal.SIGKILL or (broke and ("bad_alloc" in noise or memory.ran_short())):
        return ReportgenError(
            "The computation ended, most likely because memory ran short; the previous report is untouched.",
            slug="out-of-memory", hint="Give a smaller image or size, or fewer layers with --layers.",
        )
    if broke:
        return ReportgenError(
            f"TensorFlow's native code broke down ({signal.Signals(number).name}) on this network;"
            " the previous report is untouched.",
            slug="native-crash", hint="Setting TF_ENABLE_ONEDNN_OPTS=0 avoids the known cause, at the price of speed.",
        )
    if code < 0:
        return ReportgenError(
            f"Something outside ended the computation ({signal.strsignal(number) or number}); the previous report is"
            " untouched.", slug="worker-ended", hint="Run the same command again.",
        )
    return ReportgenError(
        f"The computation ended unexpectedly (exit code {code}): {last[-1] if last else 'it said nothing'}",
        slug="internal", hint="Please report it together with what `reportgen doctor` prints.",
    )


def main() -> None:
    """Do the job on standard input."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what native code prints must not mix with the answers
    job = json.loads(sys.stdin.buffer.readline())
    end_with(0)
    memory.limit()

    def answer(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message, ensure_ascii=False).encode() + b"\n")

    def send(_plan: Look, section: Section) -> None:
        assets = {codec.asset_name(asset): asset.data for asset in codec.assets_of(section)}
        answer({"section": codec.dumps(section), "assets": [(name, len(data)) for name, data in assets.items()]})
        for data in assets.values():
            answers.write(data)
        answers.flush()

    def tell(share: float, what: str) -> None:
        answer({"progress": share, "doing": what})
        answers.flush()

    def note(words: str) -> None:
        answer({"notice": words})
        answers.flush()

    try:
        from reportgen.build import confirm_files, look_here, plan_of

        store = Store(Path(job["store"]) if job["store"] else None)
        store.originals.learn(job["originals"])
        config = Config.model_validate(job["config"])
        plans = [plan for plan in plan_of(config, store) if plan.key in set(job["keys"])]
        if len(plans) < len(job["keys"]):  # what they depend on is not what it was
            confirm_files(config.studies, store)
        look_here(config, plans, store, send, tell, note)
    except ReportgenError as error:
        answer({"error": error.message, "slug": error.slug, "hint": error.hint, "code": error.exit_code})
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)
    answers.close()
    os._exit(0)  # TensorFlow's own farewell takes a second and says nothing


if __name__ == "__main__":
    main()
