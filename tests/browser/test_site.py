"""The site in a real browser, from `file://`, with no network."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from reportgen.render import render
from reportgen.render.names import page_names
from tests.render.sample_report import CYRILLIC, sample_report, speaker

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parent.parent.parent
BROUGHT = next((str(path) for path in (ROOT / ".venv" / "browsers").glob("chromium*/*/chrome")), None)
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or BROUGHT


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    node = shutil.which("node")
    if not (node and CHROMIUM and (ROOT / "node_modules" / "playwright-core").is_dir()):
        missing = "Chromium, Node.js and `npm ci` are needed: run `make test`"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    assert CHROMIUM is not None
    folder = tmp_path_factory.mktemp("with space") / "мій сайт" / "a#b"
    render(sample_report(), folder, languages=("uk", "en"), formats=("html", "markdown", "single"))
    pages = [
        "index.html",
        "uk/index.html",
        "en/activations.html",
        "uk/activations.html",
        "en/architecture.html",
        f"uk/{page_names(sample_report())[CYRILLIC]}.html",
        "en/filters.html",
        "en/prediction.html",
        "en/layers/enc_conv1.html",
        "uk/layers/enc_conv1.html",
        "en/layers/index.html",
        "report.uk.html",
    ]
    handler = functools.partial(_Quiet, directory=str(folder.parent))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/a%23b/"
    done = subprocess.run(
        [node, str(Path(__file__).parent / "visit.mjs"), CHROMIUM, str(folder), address, *pages],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=600,
        check=False,
    )
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_nothing_complains(seen) -> None:
    assert seen["complaints"] == []


def test_no_request_leaves_the_folder(seen) -> None:
    assert len(seen["requests"]) > 100
    assert [url for url in seen["requests"] if not url.startswith(("file:///", "data:"))] == []


def test_no_accessibility_rule_is_broken_in_light_and_dark_wide_and_narrow(seen) -> None:
    assert len(seen["looks"]) == 48
    assert [look for look in seen["looks"] if look["violations"]] == []


def test_no_page_is_wider_than_a_small_phone(seen) -> None:
    assert [page for page in seen["overflow"] if page["beyond"] > 0] == []


def test_without_javascript_everything_is_there(seen) -> None:
    says = speaker("en")
    plain = {page["page"]: page for page in seen["plain"]}
    assert all(page["contents"] and page["policy"] == 1 and len(page["text"]) > 200 for page in plain.values())
    text = " ".join(plain["en/activations.html"]["text"].split())
    section = next(one for one in sample_report().sections if one.name == "activations")
    for piece in (
        section.title,
        section.about,
        *(getattr(block, "caption", None) or block.text for block in section.blocks),
    ):
        assert " ".join(says.say(piece).split()) in text


def test_every_picture_loads_and_the_styles_apply(seen) -> None:
    assert [page for page in seen["pictures"] if page["broken"] or not page["styled"]] == []


def test_pictures_are_enlarged_and_turned_with_the_keyboard_and_focus_comes_back(seen) -> None:
    told = dict(seen["keyboard"])
    assert told.pop("caption").startswith("Figure 1. Every channel of enc_conv1.")
    assert told == {
        "first": "skip",
        "skipped": "content",
        "opened": 1,
        "turned": True,
        "around": True,
        "closed": 0,
        "back": True,
    }


def test_the_theme_is_chosen_and_remembered(seen) -> None:
    told = seen["theme"]
    assert told["light"] != told["dark"] == told["remembered"]
    assert told["label"] == "Colours: dark"


def test_the_language_switch_keeps_the_page_and_the_place(seen) -> None:
    assert seen["language"] == {"address": "uk/activations.html#heat", "lang": "uk"}


def test_channels_are_walked_with_keys_pointed_at_and_linked_to(seen) -> None:
    told = dict(seen["channels"])
    assert told.pop("numbers")[0] == "0.05"
    assert told == {
        "first": "15", "right": "1", "address": "#ch-1", "down": 4, "pointed": "0", "drawn": [True, True],
        "compared": "inset(0px 60% 0px 0px)", "linked": "7",
    }


def test_the_search_finds_layers_and_findings_from_any_page(seen) -> None:
    told = seen["search"]
    assert told["focus"] == "search"
    assert told["found"][0].startswith("enc_conv1")
    assert (told["active"], told["address"], told["nothing"], told["closed"]) == (
        "found-0", "uk/layers/enc_conv1.html", "Нічого не знайдено", True
    )
    deep = seen["searchDeep"]
    assert deep["found"][0].startswith("Sparsity grows from 15.2% to 35.1% with depth.")
    assert deep["address"].endswith("en/activations.html")


def test_tables_are_sorted_and_the_list_of_layers_narrowed(seen) -> None:
    told = seen["tables"]
    assert told["up"] == sorted(told["before"])
    assert told["down"] == sorted(told["before"], reverse=True)
    assert told["said"] == "descending"
    assert told["left"] == ["enc_conv1"]


def test_numbers_are_sorted_as_the_language_writes_them(seen) -> None:
    assert seen["numerals"]["uk"] == ["–", "−2,5", "0", "1,5·10⁻⁴", "63,4 %", "12 345", "1,2·10¹²", "∞"]
    assert seen["numerals"]["en"][2:] == ["−2.5", "1.5×10⁻⁴", "63.4%", "999.5", "12,345", "1.2×10¹²"]
    assert set(seen["numerals"]["en"][:2]) == {"−∞", "–"}


def test_an_enlarged_picture_has_an_address_and_can_be_drawn_aside(seen) -> None:
    told = seen["deepLink"]
    assert CYRILLIC in told["open"]
    assert (told["hash"], told["closed"]) == ("#view:mask.1", "#mask")
    assert told["compares"]
    assert told["clip"] == "inset(0px 70% 0px 0px)"


def test_the_single_file_works_alone(seen) -> None:
    assert seen["single"] == {"opened": 1, "back": "zoom", "styled": True, "hash": True}


def test_the_site_works_under_a_path(seen) -> None:
    assert seen["underPath"] == {"layer": True, "found": True, "problems": []}
