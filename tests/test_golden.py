"""Pages as they were approved: any change of the look is seen as a difference.

`python -m tests.test_golden` writes them anew. Drawings are left out here; they have tests of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.render import Output, html, markdown
from tests.render.sample_report import sample_report, speaker

FOLDER = Path(__file__).parent / "golden"
LANGUAGES = ("uk", "en")
PAGES = (
    "index",
    "summary",
    "architecture",
    "prediction",
    "filters",
    "activations",
    "script-alert-1-script-5c140d35",
)
_DRAWING = re.compile(r'(<svg (?![^>]*class="(?:icon|colour-bar|tile-numbers))[^>]*>).*?(</svg>)', re.DOTALL)
_SIZE = re.compile(r' (?:width|height|viewBox|font-size|font-family|style)="[^"]*"')


def approved() -> Iterator[tuple[str, str]]:
    """What the files in `golden/` should hold, by their path in it."""
    for language in LANGUAGES:
        output = Output(Path(), language, "html", LANGUAGES, ("html", "pdf", "figures", "markdown", "json"))
        for path, text in html.pages(sample_report(), output, speaker(language)):
            if path in [f"{language}/{page}.html" for page in PAGES]:
                yield path, _DRAWING.sub(lambda found: _SIZE.sub("", found[1]) + found[2], text)
        yield f"summary.{language}.md", markdown.summary(sample_report(), output, speaker(language))


@pytest.fixture(scope="module")
def now() -> dict[str, str]:
    return dict(approved())


@pytest.mark.parametrize(
    "path",
    [*(f"{language}/{page}.html" for language in LANGUAGES for page in PAGES), "summary.uk.md", "summary.en.md"],
)
def test_the_page_is_as_it_was_approved(path: str, now: dict[str, str]) -> None:
    assert now[path] == (FOLDER / path).read_text(encoding="utf-8"), "if the change is wanted: make golden"


def test_no_approved_page_is_left_over(now: dict[str, str]) -> None:
    kept = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert kept == set(now)


def main() -> None:
    """Write the approved pages anew."""
    for path in sorted(FOLDER.rglob("*"), reverse=True):
        if path.is_file():
            path.unlink()
    for path, text in approved():
        target = FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
