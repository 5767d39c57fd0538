"""The site: whole, safe, readable; every link leads somewhere."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse
from pathlib import Path

import numpy as np
import pytest

from reportgen import imaging, resources
from reportgen.errors import InputError, ReportgenError
from reportgen.render import Output, Wishes, downloads, html, pictures
from reportgen.render.environment import make_environment
from reportgen.render.layers import layer_pages
from reportgen.render.names import anchors, identifier, page_names
from reportgen.render.outline import main_findings, pictures_of
from reportgen.report import codec
from reportgen.report.blocks import Fact, Figure, Gallery, Note, Picture, Prose, Scale, Table
from reportgen.report.document import Report, Section
from reportgen.report.names import slug
from reportgen.text import _
from tests.render.pages import Element, pages, tree
from tests.render.sample_report import CYRILLIC, HOSTILE, LONG, SCRIPT, maps, sample_report, speaker

LANGUAGES = ("uk", "en")


@pytest.fixture(scope="module")
def site() -> dict[str, str]:
    return {path: text for language in LANGUAGES for path, text in pages(sample_report(), language).items()}


@pytest.fixture(scope="module")
def trees(site: dict[str, str]) -> dict[str, Element]:
    return {path: tree(text) for path, text in site.items()}


def page_of(trees: dict[str, Element], section: Section, language: str = "en") -> Element:
    return trees[f"{language}/{page_names(sample_report())[section.name]}.html"]


def all_pictures() -> list[Picture]:
    return [
        picture
        for section in sample_report().sections
        for block in section.blocks
        for picture in pictures_of(block)
    ]


def files() -> set[str]:
    names = {f"assets/{codec.asset_name(picture)}" for picture in all_pictures()}
    static = {f"static/{path.name}" for path in (resources.folder("templates") / "static").iterdir()}
    tables = {
        f"{language}/{path}" for language in LANGUAGES
        for path, _text in downloads.tables(sample_report(), speaker(language))
    }
    made = {"report.json", "summary.uk.md", "summary.en.md", downloads.BIBLIOGRAPHY, downloads.SETTINGS}
    return names | static | tables | made | {f"{language}/search.js" for language in LANGUAGES}


def test_both_languages_have_the_same_pages_and_the_top_page_is_the_first_languages(site) -> None:
    names = {language: {path[3:] for path in site if path.startswith(f"{language}/")} for language in LANGUAGES}
    assert names["uk"] == names["en"]
    assert len(names["en"]) == len(sample_report().sections) + len(layer_pages(sample_report())) + 2
    assert 'lang="uk"' in site["index.html"]


def test_every_address_leads_to_a_file_and_every_anchor_to_an_element(site, trees) -> None:
    known = files() | set(site)
    identifiers = {
        path: {element["id"] for element in page.all() if "id" in element.attributes}
        for path, page in trees.items()
    }
    checked = 0
    for path, page in trees.items():
        for element in page.all():
            for name in ("href", "src"):
                if name not in element.attributes:
                    continue
                address, _hash, anchor = element[name].partition("#")
                assert not urllib.parse.urlsplit(address).scheme, element[name]
                target = path
                if address:
                    joined = urllib.parse.urljoin(f"https://x/{path}", address)
                    target = urllib.parse.unquote(joined.removeprefix("https://x/"))
                assert target in known, (path, element[name])
                if anchor:
                    assert urllib.parse.unquote(anchor) in identifiers[target], (path, element[name])
                checked += 1
    assert checked > 500


def test_identifiers_are_unique_on_each_page(trees) -> None:
    for path, page in trees.items():
        found = [element["id"] for element in page.all() if "id" in element.attributes]
        assert len(found) == len(set(found)), path
        assert all(re.fullmatch(r"\S+", name) for name in found)


def test_the_policy_forbids_everything_inline_and_nothing_inline_is_there(site, trees) -> None:
    for path, page in trees.items():
        (policy,) = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert not list(page.all("style")), path
        for element in page.all():
            assert "style" not in element.attributes, (path, element.tag)
            assert not any(name.startswith("on") for name in element.attributes), (path, element.tag)
        assert [script["src"].rsplit("/", 1)[-1] for script in page.all("script")] == ["site.js"], path
        assert "https://" not in site[path]
        assert "http://" not in site[path].replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_a_hostile_name_is_text_and_nothing_else(site) -> None:
    for path, text in site.items():
        assert "<script>alert" not in text, path
        assert "<b>" not in re.sub(r"<b>[^<]*</b>", "", text), path
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in text for text in site.values())


def test_hostile_names_make_safe_file_names(site) -> None:
    for path in site:
        name = path.rsplit("/", 1)[-1]
        assert len(name.encode()) < 200
        assert re.fullmatch(r"[\w-]+\.html", name), name
    assert len({slug(name) for name in HOSTILE}) == len(HOSTILE)


@pytest.mark.parametrize("name", ["index", "INDEX", "con", "a b", "a/b", "..", "", ".", "-x", LONG, "e\u0301"])
def test_a_name_that_cannot_stay_gets_a_digest(name: str) -> None:
    assert re.fullmatch(r"[\w-]+-[0-9a-f]{8}", slug(name))


@pytest.mark.parametrize("name", ["activations-cat", "enc_conv1_1", "згортка", "Conv2D"])
def test_a_good_name_stays(name: str) -> None:
    assert slug(name) == name


def test_pages_do_not_collide_where_case_is_not_told_apart() -> None:
    section = sample_report().sections[0]
    report = Report("t", tuple(dataclasses.replace(section, name=name) for name in ("a", "A", "á", "index")))
    names = [name.casefold() for name in page_names(report).values()]
    assert len(set(names)) == 4
    assert page_names(report)["a"] == "a"


def test_equal_blocks_get_different_anchors() -> None:
    section = sample_report().sections[5]
    found = anchors(section)
    assert len(found) == 4
    assert len(set(found.values())) == 4
    assert identifier("activations/conv 1") == "activations-conv-1"
    assert identifier("3") == "at-3"


def test_everything_a_section_says_is_on_its_page(trees) -> None:
    for language in LANGUAGES:
        says = speaker(language)
        for section in sample_report().sections:
            page = page_of(trees, section, language)
            text = " ".join(page.text.split())
            wanted = [section.title, section.about, section.reading]
            for block in section.blocks:
                if isinstance(block, Note | Prose):
                    wanted.append(block.text)
                elif isinstance(block, Fact):
                    wanted += [block.label, says.number(block.value, block.format)]
                else:
                    wanted.append(block.caption)
                if isinstance(block, Table):
                    wanted += [
                        says.number(cell, column.format)
                        for row in block.rows
                        for cell, column in zip(row, block.columns, strict=True)
                    ]
                if isinstance(block, Gallery):
                    wanted += [*block.labels, *block.notes]
            for piece in wanted:
                assert " ".join(says.say(piece).split()) in text, (section.name, piece)


def test_numbers_are_written_as_the_language_writes_them(trees) -> None:
    english, ukrainian = (page_of(trees, sample_report().sections[0], language).text for language in ("en", "uk"))
    assert "467,905" in english
    assert "93.5%" in english
    assert "467\u00a0905" in ukrainian
    assert "93,5\u00a0%" in ukrainian


def test_every_picture_has_its_size_and_words_for_it(trees) -> None:
    by_name = {codec.asset_name(picture): picture for picture in all_pictures()}
    for path, page in trees.items():
        for image in page.all("img"):
            name = image["src"].rsplit("/", 1)[-1]
            assert image["width"], path
            assert image["height"], path
            if name in by_name:
                assert (int(image["width"]), int(image["height"])) == (by_name[name].width, by_name[name].height)
                assert image["loading"] == "lazy"
                assert image.get("class").split()[0] == by_name[name].kind
                if "card" not in path and not path.endswith("index.html"):
                    assert len(image["alt"]) >= 20
                    assert name not in image["alt"]


def test_the_language_switch_leads_to_the_same_page(trees) -> None:
    for path, page in trees.items():
        (switch,) = page.of_class("languages")
        (link,) = switch.all("a")
        (current,) = (element for element in switch.all("span") if "aria-current" in element.attributes)
        if path == "index.html":
            assert (current.text, link["href"]) == ("uk", "en/index.html")
        else:
            language, name = path.split("/", 1)
            other = "uk" if language == "en" else "en"
            assert current.text == language
            up = "../" * (name.count("/") + 1)
            assert urllib.parse.unquote(link["href"]) == f"{up}{other}/{name}"
            assert link["hreflang"] == other


def test_a_site_of_one_language_has_no_switch() -> None:
    from reportgen.render import Output, html

    output = Output(Path(), "en", "html", ("en",), ("html",))
    found = dict(html.pages(sample_report(), output, speaker("en")))
    assert 'class="languages"' not in found["en/index.html"]
    assert 'href="en/summary.html"' in found["index.html"]


def test_one_walks_through_all_sections_by_the_links_at_the_end(trees) -> None:
    walked, path = [], "en/summary.html"
    while True:
        walked.append(path)
        onward = [link["href"] for link in trees[path].all("a") if link.get("rel") == "next"]
        if not onward:
            break
        path = f"en/{urllib.parse.unquote(onward[0])}"
    assert len(walked) == len(sample_report().sections) == len(set(walked))


def test_every_page_tells_where_its_numbers_come_from(trees) -> None:
    for page in trees.values():
        (footer,) = page.all("footer")
        for piece in (
            "texture & unet.keras",
            "0123456789ab",
            "кіт.jpg",
            "keras\u00a03.15.0",
            "reportgen build --model",
        ):
            assert piece in footer.text


def test_the_index_gathers_findings_facts_caveats_and_all_sections(trees) -> None:
    page = trees["en/index.html"]
    linked = {urllib.parse.unquote(link.get("href")).split("#")[0] for link in page.all("a")}
    assert {f"{name}.html" for name in page_names(sample_report()).values()} <= linked
    says = speaker("en")
    for _chapter, found in main_findings(sample_report()):
        for section, note in found:
            assert says.say(note.text) in page.text, section.name
    assert "467,905" in page.text
    assert "DivisionByZero: 0 / 0" in page.of_class("caveats")[0].text
    assert page.of_class("diagram")


def test_a_level_is_told_by_a_word_and_a_sign(trees) -> None:
    levels = set()
    for page in trees.values():
        for note in page.of_class("note"):
            assert next(note.all("strong")).text.strip()
            assert any("icon" in drawing.get("class") for drawing in note.all("svg"))
            levels.add(note["class"].split()[1])
    assert levels == {"finding", "warning", "info", "skipped", "failed"}


def test_scales_say_what_they_hold_for(trees) -> None:
    figures = page_of(trees, sample_report().sections[4]).of_class("figure")
    shared, own = figures[0].text, figures[1].text
    assert "One scale for all maps" in shared
    assert "Values beyond the ends have the colour of the end." in shared
    assert "Each map over its own range" in own
    assert "0.975" in figures[2].text
    kernels = page_of(trees, sample_report().sections[3]).of_class("scale-ends")[0]
    assert [end.text for end in kernels.all("span")] == ["−1", "0", "1"]


def test_mosaics_are_numbered_and_the_numbering_is_said(trees) -> None:
    page = page_of(trees, sample_report().sections[4])
    numbers = page.of_class("tile-numbers")
    assert [text.text for text in numbers[0].all("text")] == [str(number) for number in range(16)]
    assert "Numbers 0 to 255, row by row from the top left corner." in page.text


def test_small_tiles_get_numbers_by_rows_only() -> None:
    picture = imaging.mosaic(np.zeros((7, 7, 2048)), Scale("viridis", 0, 1))
    section = dataclasses.replace(sample_report().sections[4], blocks=())
    overlay = tree(str(pictures.tile_numbers(picture, section)))
    assert picture.grid is not None
    shown = [int(text.text) for text in overlay.all("text")]
    assert shown == list(range(0, 2048, picture.grid.columns))


def test_a_number_lies_on_its_own_tile() -> None:
    picture, _scale = maps(64, 16)
    overlay = tree(str(pictures.tile_numbers(picture, sample_report().sections[4])))
    grid = picture.grid
    assert grid is not None
    for text in overlay.all("text"):
        column, row = int(text.text) % grid.columns, int(text.text) // grid.columns
        assert column * 65 <= float(text["x"]) < column * 65 + 64
        assert row * 65 < float(text["y"]) < row * 65 + 64


def test_a_page_with_every_channel_of_a_large_network_stays_small() -> None:
    scale = Scale("viridis", 0, 1, "tile")
    blocks = tuple(
        Figure(
            f"layer-{number}",
            imaging.mosaic(np.zeros((side, side, channels)), scale),
            _("Every channel."),
            _("Nothing but zeros in every map."),
            scale,
        )
        for number, (side, channels) in enumerate(
            [(56, 256)] * 12 + [(28, 512)] * 12 + [(14, 1024)] * 18 + [(7, 2048)] * 9
        )
    )
    section = dataclasses.replace(sample_report().sections[4], blocks=blocks)
    text = pages(Report("t", (section,)))["en/activations.html"]
    assert len(text.encode()) < 300_000


def test_the_sites_own_scripts_and_styles_are_small() -> None:
    folder = resources.folder("templates") / "static"
    own = [path for path in folder.iterdir() if path.suffix in (".css", ".js") and path.name != "lab.css"]
    assert sum(path.stat().st_size for path in own) <= 60_000
    assert {"theme.css", "content.css", "site.css", "custom.css", "site.js"} <= {path.name for path in own}


def test_headings_do_not_skip_a_level_and_there_is_one_first(trees) -> None:
    for path, page in trees.items():
        (main,) = page.all("main")
        levels = [int(heading.tag[1]) for heading in main.all("h1", "h2", "h3")]
        assert levels[0] == 1, path
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_numeric_columns_are_aligned_as_numbers(trees) -> None:
    page = page_of(trees, sample_report().sections[1])
    (table,) = page.of_class("table")
    assert [head["class"] for head in table.all("th")] == ["text", "text", "text", "number", "number"]
    (region,) = table.of_class("scroll")
    assert (region["tabindex"], region["role"]) == ("0", "group")


def test_charts_have_their_numbers_as_a_table(trees) -> None:
    page = page_of(trees, sample_report().sections[2])
    (details,) = (element for element in page.all("details") if "numbers" in element.get("class"))
    assert SCRIPT in details.text
    assert "71.2%" in details.text


def test_formulas_are_drawn_and_told(trees) -> None:
    page = page_of(trees, sample_report().sections[3])
    drawn = page.of_class("formula-drawn")
    assert [element["aria-label"] for element in drawn] == [f.tex for f in sample_report().sections[3].formulas]
    assert all(list(element.all("svg")) for element in drawn)


def test_the_users_templates_come_first(tmp_path: Path) -> None:
    special = tmp_path / "site" / "sections" / "filters.html.j2"
    special.parent.mkdir(parents=True)
    special.write_text(
        '{% extends "site/section.html.j2" %}'
        '{% block body %}<p id="mine">{{ section.name }}</p>{{ super() }}{% endblock %}'
    )
    found = pages(sample_report(), templates=(tmp_path,))
    assert '<p id="mine">filters</p>' in found["en/filters.html"]
    assert "mine" not in found["en/architecture.html"]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{{ sections }}", "'sections' is undefined"),
        ("{{ section.nothing }}", "nothing"),
        ("{{ report.__class__.__mro__ }}", "unsafe"),
        ("{{ ''.__class__ }}", "unsafe"),
        ("{% if %}", "line 1"),
        ("<p>\n{{ sections }}", "site/sections/../filters.html.j2, line 2: 'sections' is undefined"),
        ("\n\n{{ 1 / 0 }}", "filters.html.j2, line 3: ZeroDivisionError"),
        ("\n{{ 1.5|number('nonsense') }}", "filters.html.j2, line 2"),
        ("{{ section|nofilter }}", "filters.html.j2, line 1"),
        ("{{ cycler }}", "'cycler' is undefined"),
        ("{% include 'nowhere.html' %}", "nowhere.html"),
    ],
)
def test_a_template_gets_three_names_and_no_way_out(template: str, told: str, tmp_path: Path) -> None:
    special = tmp_path / "site" / "sections" / "filters.html.j2"
    special.parent.mkdir(parents=True)
    special.write_text(template)
    with pytest.raises(ReportgenError) as problem:
        pages(sample_report(), templates=(tmp_path,))
    assert problem.value.slug == "template-broken"
    assert told.replace("site/sections/../", "sections/") in problem.value.message


def test_words_of_a_users_template_have_translations_of_their_own(tmp_path: Path) -> None:
    special = tmp_path / "site" / "sections" / "filters.html.j2"
    special.parent.mkdir(parents=True)
    special.write_text(
        '{% extends "site/section.html.j2" %}{% block body %}<p id="mine">{% trans %}Our own remark.{% endtrans %}</p>'
        "{% trans count=21 %}{{ count }} cat{% pluralize %}{{ count }} cats{% endtrans %}{% endblock %}"
    )
    assert '<p id="mine">Our own remark.</p>' in pages(sample_report(), "uk", templates=(tmp_path,))["uk/filters.html"]
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "uk.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Our own remark."\nmsgstr "Наша власна примітка."\n\nmsgid "How to read it"\nmsgstr "Як дивитися"\n\n'
        'msgid "%(count)s cat"\nmsgid_plural "%(count)s cats"\nmsgstr[0] "%(count)s кіт"\nmsgstr[1] "%(count)s коти"\n'
        'msgstr[2] "%(count)s котів"\n', encoding="utf-8",
    )
    found = pages(sample_report(), "uk", templates=(tmp_path,))
    assert '<p id="mine">Наша власна примітка.</p>21 кіт' in found["uk/filters.html"]
    assert "Як дивитися" in found["uk/activations.html"], "the program's own words can be said otherwise"
    assert '<p id="mine">Our own remark.</p>21 cats' in pages(sample_report(), templates=(tmp_path,))["en/filters.html"]
    (tmp_path / "locale" / "uk.po").write_bytes(b"\xff\xfe nothing")
    with pytest.raises(InputError, match=r"uk\.po: these translations cannot be read"):
        pages(sample_report(), "uk", templates=(tmp_path,))


def test_templates_see_what_their_readme_lists() -> None:
    text = (resources.folder("templates") / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\\\|(\w+)", text))
    built_in = set(make_environment(sample_report(), speaker("en")).filters)
    from jinja2.defaults import DEFAULT_FILTERS

    assert listed == built_in - set(DEFAULT_FILTERS)
    assert set(make_environment(sample_report(), speaker("en")).globals) == {
        "gettext",
        "ngettext",
        "pgettext",
        "npgettext",
    }


@pytest.mark.parametrize("sections", [(), (Section("one", "one", "mine", _("One"), _("About."), _(""), ()),)])
def test_a_report_without_a_summary_has_its_pages_too(sections: tuple[Section, ...]) -> None:
    found = pages(Report("bare <title>", sections))
    assert set(found) == {"en/index.html", *(f"en/{section.name}.html" for section in sections)}
    for text in found.values():
        assert next(tree(text).all("title")).text.endswith("bare <title>")


def test_a_cyrillic_section_can_be_reached(trees) -> None:
    names = page_names(sample_report())
    assert f"uk/{names[CYRILLIC]}.html" in trees


# Where the site's own address is known

def test_whole_addresses_are_told_to_those_who_come_from_elsewhere() -> None:
    output = Output(Path(), "uk", "html", LANGUAGES, ("html",), Wishes(site_url="https://a.example/b/"))
    made = dict(html.pages(sample_report(), output, speaker("uk")))
    page = made["uk/activations.html"]
    assert '<link rel="canonical" href="https://a.example/b/uk/activations.html">' in page
    assert '<link rel="alternate" hreflang="en" href="https://a.example/b/en/activations.html">' in page
    assert '<meta property="og:image" content="https://a.example/b/assets/' in page
    assert 'href="https://a.example/b/static/site.css"' in made["404.html"]
    assert "<loc>https://a.example/b/en/layers/enc_conv1.html</loc>" in made["sitemap.xml"]
    assert "Sitemap: https://a.example/b/sitemap.xml" in made["robots.txt"]
    assert ".nojekyll" in made


def test_without_it_no_whole_address_is_made(site) -> None:
    assert not {"404.html", "sitemap.xml", "robots.txt"} & set(site)
    assert all('rel="canonical"' not in text for text in site.values())


def test_what_comes_along_is_small(site) -> None:
    static = resources.folder("templates") / "static"
    assert sum(path.stat().st_size for path in static.iterdir() if path.suffix in (".css", ".js")) <= 60_000
    assert max(len(text.encode()) for text in site.values()) <= 300_000
