"""Mutated reports through the reader and the renderers: `python -m tests.hostile.run FIRST LAST [EACH_PAGES EACH_PDF]`.

Of every so many that are accepted one is rendered as pages and as a PDF with figures. What went wrong is printed as
JSON: errors that are no sentence, what took long or much memory.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from reportgen import checking
from reportgen.errors import InputError
from reportgen.render import Output, downloads, figures, html, markdown, pdf, single
from reportgen.render.language import Speaker
from reportgen.report import codec
from reportgen.report.document import Report
from tests.hostile.mutations import mutated
from tests.hostile.small_report import small_report

SECONDS = 10.0
"""Of processor time for one report."""


def as_pages(report: Report, language: str) -> None:
    """The site, the summary and the tables."""
    speaker = Speaker(language)
    output = Output(Path(), language, "html", ("uk", "en"), ("html", "figures"))
    for _path, text in html.pages(report, output, speaker):
        assert text
    markdown.summary(report, output, speaker)
    list(downloads.tables(report, speaker))
    downloads.bibliography(report)


def as_documents(report: Report, language: str, folder: Path) -> None:
    """The PDF, the figures, the single file, and what `check` says."""
    speaker = Speaker(language)
    pdf.document(report, speaker)
    for _name, blocks in figures.grouped(report):
        for block in blocks:
            figures.draw(block, speaker)
    single.page(report, speaker)
    checking.check(folder, submission=True, language=language)


def run(first: int, last: int, each_pages: int = 1, each_pdf: int = 1) -> dict[str, Any]:
    """What became of these seeds."""
    logging.disable(logging.ERROR)
    outcome: dict[str, Any] = {"refused": 0, "accepted": 0, "wrong": [], "slowest": 0.0}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        codec.save(small_report(), folder)
        document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        for seed in range(first, last):
            text = mutated(document, seed)
            (folder / "report.json").write_text(text, encoding="utf-8", errors="surrogatepass")
            began = time.process_time()
            try:
                report = codec.load(folder)
                outcome["accepted"] += 1
                language = ("uk", "en")[seed % 2]
                if outcome["accepted"] % each_pages == 0:
                    as_pages(report, language)
                if outcome["accepted"] % each_pdf == 0:
                    as_documents(report, language, folder)
            except InputError as problem:
                outcome["refused"] += 1
                if "\n" in problem.message or len(problem.message) > 1000:
                    outcome["wrong"].append([seed, "not a sentence", problem.message[:200]])
            except Exception as problem:
                last_steps = [f"{Path(step.filename).name}:{step.lineno}" for step in traceback.extract_tb(problem.__traceback__)]
                outcome["wrong"].append([seed, type(problem).__name__, str(problem)[:200], last_steps[-4:]])
            took = time.process_time() - began
            outcome["slowest"] = max(outcome["slowest"], took)
            if took > SECONDS:
                outcome["wrong"].append([seed, "slow", took])
    outcome["megabytes"] = largest()
    return outcome


def largest() -> float:
    """The most memory this process held; what the system counts for a child begins with what its parent holds."""
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(told.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(*map(int, sys.argv[1:]))) + "\n")
