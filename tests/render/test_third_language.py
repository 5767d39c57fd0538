"""A language is a folder: its manners and its translations, and nothing in the code knows which there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import write_po
from pypdf import PdfReader

from reportgen.report import codec
from tests.messages import ROOT, extract, in_code
from tests.render.sample_report import sample_report

MANNERS = """
name = "Deutsch"
profile = "plain-a4"
decimal = ","
group = "."
group_from = 5
percent = "\u00a0%"
times = "·"
yes = "ja"
no = "nein"
letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
quotes = ["„", "“", "‚", "‘"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report rendered by a copy of the program to which someone has added a language, every sentence marked."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "reportgen", place / "reportgen", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("templates", "configs"):
        (place / name).symlink_to(ROOT / name)
    german = place / "reportgen" / "locale" / "de"
    (german / "LC_MESSAGES").mkdir(parents=True)
    (german / "manners.toml").write_text(MANNERS, encoding="utf-8")
    catalogue = extract("de")
    for _line, key, context in in_code(ROOT / "tests" / "render" / "sample_report.py"):
        catalogue.add(key, context=context)
    for message in catalogue:
        if message.id:
            words = message.id if isinstance(message.id, tuple) else (message.id,)
            message.string = tuple(f"⟦{word}⟧" for word in words) if len(words) > 1 else f"⟦{words[0]}⟧"
    with (german / "LC_MESSAGES" / "reportgen.po").open("wb") as file:
        write_po(file, catalogue)
    codec.save(sample_report(), place / "report")
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "render", "report", "-o", "site", "--language", "de", "--language", "uk",
         "--format", "html", "--format", "pdf", "--format", "markdown"],
        cwd=place, env={**os.environ, "PYTHONPATH": str(place)}, capture_output=True, text=True, check=False,
    )
    assert done.returncode == 1, done.stderr  # one section of the sample failed
    assert "translation" not in done.stderr.replace("no uk translation", "")
    return place / "site"


def test_its_pages_are_there_and_lead_to_each_other(site: Path) -> None:
    german = (site / "de" / "index.html").read_text(encoding="utf-8")
    assert '<html lang="de"' in german
    assert "Українська" in german
    assert "Deutsch" in (site / "uk" / "index.html").read_text(encoding="utf-8")


def test_its_numbers_are_written_in_its_manners(site: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (site / "de").glob("*.html"))
    assert re.search(r"\d,\d+\u00a0%", text)
    assert re.search(r"\d{2}\.\d{3}", text)


def test_its_lab_report_speaks_it(site: Path) -> None:
    reader = PdfReader(site / "report.de.pdf")
    assert reader.trailer["/Root"]["/Lang"] == "de"
    assert "⟦" in reader.pages[1].extract_text()


def test_every_word_of_a_page_goes_through_the_catalogue(site: Path) -> None:
    """What stands outside of the marks is data: names of files, layers, classes, libraries."""
    data = {"alert", "script", "texture", "unet", "keras", "reportgen", "nbsp", "bottleneck", "tabby", "tiger", "boxer", "zebra"}
    for page in sorted((site / "de").rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        bare = re.sub(r"<(script|style|svg|code|pre|math)\b.*?</\1>", " ", text[text.index("<body") :], flags=re.S)
        bare = re.sub(r"<[^>]+>", "\n", bare)
        before = ""
        while bare != before:
            before, bare = bare, re.sub(r"⟦[^⟦⟧]*⟧", " ", bare)
        bare = re.sub(r"⟦[^\n]*", " ", bare)  # the first sentence alone, where a summary shows no more
        assert set(re.findall(r"\b[a-z]{4,}\b", bare)) <= data, page.name
