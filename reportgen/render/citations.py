"""Sources written out: by DSTU 8302:2015 in Ukrainian reports, in the style of IEEE elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from reportgen.languages import CODES
from reportgen.render.language import NBSP, Speaker
from reportgen.report.references import Reference
from reportgen.text import Message, _

WORDS: Mapping[str, Message] = {
    "volume": _("Vol.", context="source"), "issue": _("No.", context="source"), "from": _("P.", context="source"),
    "pages": _("p", context="source"), "others": _("et al.", context="source"),
    "software": _("software", context="source"), "dataset": _("data set", context="source"),
    "accessed": _("date of access", context="source"),
}
"""Words within a source, said in the source's own language."""
MOST_DSTU = 3
"""With more authors only the first is named."""
MOST_IEEE = 6


def written(reference: Reference, style: str) -> Markup:
    """A source as a line of the list of sources; what it lacks is left out."""
    return STYLES[style](reference)


def _dstu(source: Reference) -> Markup:
    """`Author I. B. Title : more. City : Publisher, 2018. 212 p. DOI: …` with what there is of it."""
    say = _words(source)
    head = _authors_first(source)
    title = source.title
    if source.kind == "standard":
        parts = [f"{source.number} {title}".strip(), _city_publisher(source)]
    elif source.kind == "book":
        pages = source.pages and f"{source.pages}{NBSP}{say['pages']}"
        parts = [_joined(head, title), _city_publisher(source), pages]
    elif source.kind in ("article", "paper"):
        parts = [
            _joined(head, title), source.within, "" if _is_dated(source) else source.year, _volume(source),
            _pages(source.pages, say["from"]),
        ]
        if _is_dated(source):
            parts.insert(2, f"{source.city}, {source.year}" if source.city else source.year)
    else:
        words = say.get(source.kind, "")
        parts = [_joined(head, f"{title} : {words}" if words else title), source.within, source.year]
    parts.append(f"DOI: {source.doi}" if source.doi else _address(source))
    return _sentences(parts)


def _ieee(source: Reference) -> Markup:
    """`A. B. Author and C. Author, “Title,” Journal, vol. 1, no. 2, pp. 3–10, 2018, doi: ….`"""
    head = _authors_ieee(source)
    parts: list[Markup | str] = [head] if head else []
    if source.kind in ("book", "standard", "software", "dataset"):
        parts.append(Markup("<i>{}</i>").format(source.title))
        parts += [source.number, _city_publisher(source, ": "), source.year]
    else:
        within = Markup("<i>{}</i>").format(source.within) if source.within else ""
        if source.kind == "paper" and source.within not in ("", "arXiv"):
            within = Markup("in ") + within
        parts += [
            Markup("“{},”").format(source.title), within, source.volume and f"vol.{NBSP}{source.volume}",
            source.issue and f"no.{NBSP}{source.issue}", _pages(source.pages, "pp."), source.year,
        ]
    text = Markup("")
    for part in filter(None, parts):
        between = "" if not text else " " if text.endswith(",”") else ", "
        text += Markup(between) + escape(part)
    if source.doi:
        return text + escape(f", doi: {source.doi}.")
    if source.url:
        accessed = f" Accessed: {source.accessed}." if source.accessed else ""
        return text + escape(f".{accessed} [Online]. Available: {source.url}")
    return text + "."


def short(reference: Reference) -> Markup:
    """A source in passing, where there is no list of sources: who and when, with its address."""
    who = _initials(reference.authors[0])[0] if reference.authors else reference.title
    text = escape(" ".join(filter(None, [who, reference.year])))
    address = f"https://doi.org/{reference.doi}" if reference.doi else reference.url
    if not address.startswith(("https://", "http://")):
        return text
    return Markup('<a href="{}">{}</a>').format(address, text)


STYLES: Mapping[str, Callable[[Reference], Markup]] = {"dstu-8302": _dstu, "ieee": _ieee}


def bibtex(references: Sequence[Reference]) -> str:
    """The sources for a bibliography program."""
    kinds = {"article": "article", "paper": "inproceedings", "book": "book"}
    entries = []
    for source in references:
        holder = {"article": "journal", "paper": "booktitle"}.get(source.kind, "howpublished")
        fields = {
            "author": " and ".join(source.authors), "title": f"{{{source.title}}}", holder: source.within,
            "year": source.year, "volume": source.volume, "number": source.issue or source.number,
            "pages": source.pages.replace("–", "--"), "publisher": source.publisher, "address": source.city,
            "doi": source.doi, "url": source.url,
        }
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value and value != "{}")
        entries.append(f"@{kinds.get(source.kind, 'misc')}{{{source.key},\n{lines}\n}}\n")
    return "\n".join(entries)


def _initials(name: str) -> tuple[str, str]:
    surname, _comma, given = name.partition(",")
    return surname.strip(), given.strip()


def _words(source: Reference) -> Mapping[str, str]:
    speaker = Speaker(source.language if source.language in CODES else "en")
    return {name: speaker.say(word) for name, word in WORDS.items()}


def _authors_first(source: Reference) -> str:
    if not source.authors:
        return ""
    shown = source.authors if len(source.authors) <= MOST_DSTU else source.authors[:1]
    names = ", ".join(NBSP.join(filter(None, _initials(name))).replace(". ", f".{NBSP}") for name in shown)
    more = "" if len(shown) == len(source.authors) else f"{NBSP}{_words(source)['others']}"
    return names + more


def _authors_ieee(source: Reference) -> str:
    names = [" ".join(filter(None, reversed(_initials(name)))).replace(". ", f".{NBSP}") for name in source.authors]
    if len(names) > MOST_IEEE:
        return f"{names[0]} et al."
    if len(names) > 2:
        return f"{', '.join(names[:-1])}, and {names[-1]}"
    return " and ".join(names)


def _joined(head: str, title: str) -> str:
    if not head:
        return title
    return f"{head} {title}" if head.endswith(".") else f"{head}. {title}"


def _is_dated(source: Reference) -> bool:
    """True for proceedings, whose year stands with the place rather than with a volume."""
    return source.kind == "paper" and not source.volume


def _volume(source: Reference) -> str:
    say = _words(source)
    volume = source.volume and f"{say['volume']}{NBSP}{source.volume}"
    issue = source.issue and f"{say['issue']}{NBSP}{source.issue}"
    return ", ".join(filter(None, [volume, issue]))


def _pages(pages: str, word: str) -> str:
    return f"{word}{NBSP}{pages}" if pages else ""


def _city_publisher(source: Reference, between: str = " : ") -> str:
    place = between.join(filter(None, [source.city, source.publisher]))
    return place if between == ": " else ", ".join(filter(None, [place, source.year]))


def _address(source: Reference) -> str:
    if not source.url:
        return ""
    when = f" ({_words(source)['accessed']}: {source.accessed})" if source.accessed else ""
    return f"URL: {source.url}{when}"


def _sentences(parts: Sequence[str]) -> Markup:
    text = " ".join(part if part.endswith(".") else f"{part}." for part in parts if part)
    return escape(text)
