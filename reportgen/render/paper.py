"""What stands where on paper: which blocks are printed, in which part, and under which number.

The site shows everything; paper shows a choice, because it is read from the beginning. A lab report has parts in
the order of its style: aim, task, theory, procedure, results, conclusions, questions, sources, appendices.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reportgen.languages import manners
from reportgen.manuscript import pictures_in
from reportgen.render import outline
from reportgen.render.choice import few_figures, is_broad, of_first_image, of_networks, shortened, told_once
from reportgen.render.parts import TITLES, Answer, Appendix, Part, Topic
from reportgen.render.prose import citations
from reportgen.report.blocks import Block, Chart, Diagram, Figure, Gallery, Note, Table
from reportgen.report.document import Report, Section
from reportgen.report.lab import Style
from reportgen.report.references import KNOWN, Reference
from reportgen.text import Text, _, listed

DRAWN = (Figure, Gallery, Chart, Diagram)
Drawn = Figure | Gallery | Chart | Diagram


@dataclass
class Paper:
    """The document of a report in one language, before it is set."""

    report: Report
    language: str
    sections: tuple[Section, ...] = field(init=False)
    parts: tuple[Part, ...] = field(init=False)
    appendices: tuple[Appendix, ...] = field(init=False)
    references: tuple[Reference, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.style: Style = self.report.lab.style(self.language)
        self.own = of_networks(self.report.sections, self.style.networks)
        shown = [section for section in of_first_image(self.own) if not section.skipped]
        self.sections = told_once(few_figures(section, self.style.figures) for section in shortened(shown))
        self.printed = dataclasses.replace(self.report, sections=self.sections)
        self._numbers: dict[int, str] = {}
        self._names: dict[str, str] = {}
        self._formulas: dict[tuple[str, int], str] = {}
        self._first: dict[str, str] = {}
        for section in self.sections:
            self._first.setdefault(section.artifact, section.name)
        self.parts = tuple(self._parts())
        self.illustrations = self._illustrations()
        self.appendices = tuple(self._appendices())
        self._number_blocks()
        self.references = tuple(self._cited())
        self._orders = {reference.key: place for place, reference in enumerate(self.references, 1)}

    def _parts(self) -> Iterator[Part]:
        number = 0
        for slot in self.style.order:
            text = self.report.lab.text(slot, self.language)
            if slot not in TITLES or not (text or self._has(slot)):
                continue
            counted = slot not in self.style.unnumbered
            number += counted
            name = str(number) if counted else ""
            yield Part(slot, TITLES[slot], name, text, tuple(self._topics(slot, name)))

    def _has(self, slot: str) -> bool:
        """True where the tool itself has something to say in a part."""
        if slot == "theory":
            return any(section.formulas for section in self.sections)
        if slot == "conclusions":
            return bool(self.findings)
        if slot == "questions":
            return bool(self.answers)
        return slot in ("procedure", "results", "sources")

    def _topics(self, slot: str, number: str) -> Iterator[Topic]:
        prefix = f"{number}." if number else ""
        if slot == "theory":
            told = [one for one in self.sections if one.formulas and self.explains(one)]
            for place, section in enumerate(told, 1):
                yield Topic(f"{prefix}{place}", section.title, (section,))
        if slot != "results":
            return
        for place, chapter in enumerate(outline.chapters(self.printed), 1):
            sections = tuple(section for entry in chapter.entries for section in entry.sections)
            for order, section in enumerate(sections, 1):
                self._names[section.name] = f"{prefix}{place}.{order}"
            yield Topic(f"{prefix}{place}", outline.chapter_title(chapter), sections)

    def _appendices(self) -> Iterator[Appendix]:
        if "appendices" not in self.style.order:
            return
        letters = iter(manners(self.language).letters)
        large = tuple(
            (section, block) for section in self.sections for block in section.blocks
            if isinstance(block, Table) and self.is_large(block)
        )
        if large:
            tall_first = tuple(sorted(large, key=lambda pair: is_broad(pair[1])))
            yield Appendix("tables", next(letters), _("Large tables"), tall_first)
        if self.report.lab.listings:
            yield Appendix("listings", next(letters), _("Program listing"))
        yield Appendix("origin", next(letters), _("Where the numbers come from"))

    def is_large(self, table: Table) -> bool:
        """True for a table that does not fit into the text."""
        if "appendices" not in self.style.order:
            return False
        return is_broad(table) or len(table.rows) > self.style.rows

    def _texts(self, part: Part) -> Iterator[str]:
        """The author's texts in a part."""
        yield part.text
        if part.slot == "questions":
            yield from (question.answer for question in self.report.lab.questions)

    def _illustrations(self) -> Mapping[str, tuple[Figure, ...]]:
        """The author's pictures by the part that shows them first; each is printed once."""
        drawn: dict[str, tuple[Figure, ...]] = {}
        seen: set[str] = set()
        for part in self.parts:
            figures = []
            for one in (one for text in self._texts(part) for one in pictures_in(text)):
                found = self.report.lab.picture(one.file)
                if found and one.file not in seen:
                    figures.append(Figure(one.file, found, one.caption, one.alt))
                    seen.add(one.file)
            drawn[part.slot] = tuple(figures)
        return drawn

    def _blocks(self, part: Part) -> Iterator[Block]:
        """What is printed in a part, the author's before the tool's."""
        yield from self.illustrations[part.slot]
        if part.slot == "results":
            yield from (block for topic in part.topics for section in topic.sections for block in section.blocks)

    def _number_blocks(self) -> None:
        theory, results = (
            next((part for part in self.parts if part.slot == slot), None) for slot in ("theory", "results")
        )
        figures, tables = Counter[str](), Counter[str]()
        for part in self.parts:
            prefix = f"{part.number}." if part.number and self.style.numbering == "part" else ""
            for block in self._blocks(part):
                if isinstance(block, DRAWN):
                    figures[prefix] += 1
                    self._numbers[id(block)] = f"{prefix}{figures[prefix]}"
                elif isinstance(block, Table) and not self.is_large(block):
                    tables[prefix] += 1
                    self._numbers[id(block)] = f"{prefix}{tables[prefix]}"
        for appendix in self.appendices:
            for place, (_section, table) in enumerate(appendix.tables, 1):
                self._numbers[id(table)] = f"{appendix.letter}.{place}"
        home = theory or results
        number = f"{home.number}." if home and home.number and self.style.numbering == "part" else ""
        count = 0
        for section in self._in_order():
            for order in range(len(section.formulas) if self.explains(section) else 0):
                count += 1
                self._formulas[section.name, order] = f"{number}{count}"

    def _in_order(self) -> Iterator[Section]:
        for part in self.parts:
            if part.slot == "results":
                for topic in part.topics:
                    yield from topic.sections

    def of(self, block: Block) -> str:
        """The number of a figure or table."""
        return self._numbers[id(block)]

    def illustration(self, file: str) -> Figure | None:
        """The author's picture from this file."""
        return next((one for drawn in self.illustrations.values() for one in drawn if one.name == file), None)

    def section(self, section: Section) -> str:
        """The number of a section."""
        return self._names[section.name]

    def formula(self, section: Section, order: int) -> str:
        """The number of a formula."""
        return self._formulas[section.name, order]

    def explains(self, section: Section) -> bool:
        """True for the first section of its artifact: only there the reader is told what it is about."""
        return self._first[section.artifact] == section.name

    @property
    def left_out(self) -> tuple[Section, ...]:
        """What cannot be shown for this network; a note in each says why."""
        return tuple(section for section in of_first_image(self.own) if section.skipped)

    @property
    def unprinted(self) -> Text:
        """The names of the networks that only the site has."""
        own = {section.network for section in self.own}
        return listed(tuple(dict.fromkeys(one.network for one in self.report.sections if one.network not in own)))

    @property
    def unprinted_images(self) -> Text:
        """The names of the images of which only the site tells by themselves."""
        printed = {section.sample for section in self.sections}
        left = (one.sample for one in self.own if one.sample and one.sample not in printed)
        return listed(tuple(dict.fromkeys(left)))

    @property
    def has_theory(self) -> bool:
        """True where formulas stand in a part of their own."""
        return any(part.slot == "theory" for part in self.parts)

    @property
    def findings(self) -> tuple[tuple[outline.Chapter, tuple[tuple[Section, Note], ...]], ...]:
        """What the conclusions say was measured."""
        return outline.main_findings(self.printed)

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The control questions: the author's, then those that the sections' findings answer."""
        lab = self.report.lab
        own = tuple(Answer(one.question, text=one.answer) for one in lab.questions)
        if lab.own_questions_only or not (lab.cover or lab.students or lab.questions):
            return own
        asked: dict[str, Answer] = {}
        for section in self.sections:
            if section.question and section.findings and section.question.id not in asked:
                answer = Answer(section.question, tuple(note.text for note in section.findings[:2]))
                asked[section.question.id] = answer
        return (*own, *asked.values())

    @property
    def figures(self) -> tuple[Drawn, ...]:
        """Every printed figure, in order."""
        return tuple(block for part in self.parts for block in self._blocks(part) if isinstance(block, Drawn))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every printed table, in order; those of the appendix last."""
        near = (block for section in self._in_order() for block in section.blocks if isinstance(block, Table))
        far = (table for appendix in self.appendices for _section, table in appendix.tables)
        return (*(table for table in near if not self.is_large(table)), *far)

    def _cited(self) -> Iterator[Reference]:
        """Every source in the order in which it is first named; the author's that nobody names come last."""
        own = {source.key: source for source in self.report.lab.sources}
        seen: set[str] = set()
        for key in (*self._mentions(), *own):
            source = own.get(key) or KNOWN.get(key)
            if source and key not in seen:
                seen.add(key)
                yield source

    def _mentions(self) -> Iterator[str]:
        for part in self.parts:
            yield from citations(part.text)
            if part.slot == "theory":
                for topic in part.topics:
                    yield from topic.sections[0].references
            elif part.slot == "procedure":
                yield from ("keras", "tensorflow")
            elif part.slot == "results":
                for section in self._in_order():
                    yield from section.references if self.explains(section) else ()
            elif part.slot == "questions":
                for one in self.answers:
                    yield from citations(one.text)

    def order_of(self, key: str) -> int | None:
        """The number of a source."""
        return self._orders.get(key)
