"""The table `[lab]`: what an author gives for the cover and writes for the report, and the style it is set in."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from reportgen import resources
from reportgen.errors import InputError, did_you_mean
from reportgen.files import check_plain, leads_out, read_within
from reportgen.languages import CODES, manners
from reportgen.manuscript import pictures_in
from reportgen.report.blocks import Picture
from reportgen.report.lab import COVER, SLOTS, Gender, Illustration, Lab, Listing, Person, Question, Style, Words
from reportgen.report.limits import LONGEST_ESSAY, Between
from reportgen.report.references import Reference

LONGEST_SIDE = 1600
"""Of a picture of the author's: about 250 pixels to the inch over the width of a page."""
CITABLE = re.compile(r"[\w:.+-]+")
Slot: TypeAlias = Literal["goal", "task", "theory", "procedure", "results", "conclusions", "questions", "sources"]


def _known_language(code: str) -> str:
    if code not in CODES:
        raise ValueError(f"there is no language '{code}'; known are {', '.join(CODES)}")
    return code


Code: TypeAlias = Annotated[str, AfterValidator(_known_language), Field(json_schema_extra={"enum": [*CODES]})]
Told: TypeAlias = Annotated[
    str | int | dict[Code, str], Field(description="a text, or one for each language: {uk, en}")
]


class LabTable(BaseModel):
    """The cover page, the author's own texts, sources and questions, and the style of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    ministry: Told = ""
    university: Told = ""
    faculty: Told = ""
    department: Told = ""
    discipline: Told = ""
    topic: Told = ""
    number: Told = ""
    variant: Told = ""
    city: Told = ""
    year: Told = ""
    student: str = ""
    group: str = ""
    gender: Gender = ""
    students: tuple[Person, ...] = ()
    teacher: str = ""
    position: str = ""
    teacher_gender: Gender = ""
    teachers: tuple[Person, ...] = ()
    text: Annotated[dict[Slot, Told], Field(description="Markdown, or the name of an .md file")] = Field(
        default_factory=dict
    )
    question: tuple[Question, ...] = ()
    own_questions_only: bool = False
    source: tuple[Reference, ...] = ()
    listing: tuple[Path, ...] = ()
    own_conclusions: bool = False
    profile: Told = ""
    base: Annotated[Path, Field(exclude=True, description="where the texts' pictures are; set by the program")] = Path()
    within: Annotated[
        Path | None, Field(exclude=True, description="where every file must be; set by the program")
    ] = None
    style: Annotated[dict[str, Any], Field(description="any value of the profile, overridden")] = Field(
        default_factory=dict
    )

    @field_validator("students", "teachers", mode="before")
    @classmethod
    def _names_alone(cls, value: Any) -> Any:
        people = [value] if isinstance(value, str) else value
        return [{"name": person} if isinstance(person, str) else person for person in people]

    @field_validator("source", mode="before")
    @classmethod
    def _ukrainian_at_first(cls, value: Any) -> Any:
        """An author's source is Ukrainian unless it says otherwise."""
        return [{"language": "uk", **one} if isinstance(one, dict) else one for one in value]

    @model_validator(mode="after")
    def _styled(self) -> LabTable:
        for language in CODES:
            self.style_in(language)
        keys = [source.key for source in self.source]
        wrong = [key for key in keys if not CITABLE.fullmatch(key)]
        if wrong:
            raise ValueError(f"the source's key {wrong[0]!r} may hold letters, digits and : . + - only")
        if len(set(keys)) < len(keys):
            raise ValueError("two sources have the same key")
        return self

    def style_in(self, language: str) -> Style:
        """The profile for a language with the author's own values over it."""
        by_language: dict[Any, str] = self.profile if isinstance(self.profile, dict) else {language: str(self.profile)}
        name = by_language.get(language) or manners(language).profile
        return _style(name, {**profile_values(name), **self.style})

    def files(self) -> list[Path]:
        """The files that are read into the report, and profiles of the author's own."""
        told = [*self.text.values(), self.profile]
        names = [str(one) for value in told for one in (value.values() if isinstance(value, dict) else [value])]
        named = (Path(name) for name in names if names_file(name, ".md", ".toml"))
        return [*self.listing, *named, *self.pictures().values()]

    def _check_own(self) -> None:
        """Stop at a text or a listing that is elsewhere than the configuration, where that is asked for."""
        told = (one for value in self.text.values() for one in (value.values() if isinstance(value, dict) else [value]))
        for path in (*self.listing, *(Path(str(one)) for one in told if names_file(one, ".md"))):
            if self.within is not None:
                check_below(path, self.within)

    def pictures(self) -> dict[str, Path]:
        """The files of the pictures that the texts name; a text's own folder comes before the configuration's."""
        self._check_own()
        found: dict[str, Path] = {}
        told = [told for words in self.text.values() for _language, told in _words(words)]
        texts = [(_text(one), Path(one).parent if names_file(one, ".md") else self.base) for one in told]
        for text, folder in [*texts, *((question.answer, self.base) for question in self.question)]:
            for name in dict.fromkeys(named.file for named in pictures_in(text)):
                if "://" in name or name.startswith("data:"):
                    raise InputError(
                        f"{name[:60]}: a picture of the lab report's texts must be a file.", slug="text-unreadable",
                        hint="Save it beside the text: nothing is fetched from the network.",
                    )
                if self.within is not None:
                    check_below(folder / name, self.within)
                if found.setdefault(name, folder / name) != folder / name:
                    raise InputError(
                        f"{folder / name}: another picture of the lab report's texts is called {name} too.",
                        slug="text-unreadable", hint="Give one of the two another name.",
                    )
        return found

    def lab(self) -> Lab:
        """The same as the report carries it; files of text and code are read."""
        self._check_own()
        student = (Person(self.student, self.gender, self.group),) if self.student else ()
        teacher = (Person(self.teacher, self.teacher_gender, position=self.position),) if self.teacher else ()
        cover = ((field, _words(getattr(self, field))) for field in COVER)
        texts = ((slot, _words(self.text.get(slot, ""), read=True)) for slot in SLOTS)  # type: ignore[call-overload]
        return Lab(
            cover=tuple((field, words) for field, words in cover if words),
            students=(*student, *self.students), teachers=(*teacher, *self.teachers),
            texts=tuple((slot, words) for slot, words in texts if words),
            questions=self.question,
            own_questions_only=self.own_questions_only,
            sources=self.source,
            listings=tuple(Listing(path.name, _read(path)) for path in self.listing),
            illustrations=tuple(Illustration(name, _picture(path)) for name, path in self.pictures().items()),
            own_conclusions=self.own_conclusions,
            styles=tuple((language, self.style_in(language)) for language in CODES),
        )


def check_below(path: Path, folder: Path) -> None:
    """Stop at a file that a configuration takes into the report from elsewhere than its own folder."""
    if leads_out(path, folder):
        raise InputError(
            f"{path}: the configuration takes this into the report, and it is not below its own folder.",
            slug="config-elsewhere",
            hint="Put the file beside the configuration; if you trust whoever wrote it, say --trust-config.",
        )


def profiles() -> tuple[str, ...]:
    """The names of the profiles that come along."""
    return tuple(sorted(path.stem for path in (resources.folder("configs") / "profiles").glob("*.toml")))


def profile_values(name: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
    """The values of a profile: one that comes along, or a TOML file of the user's; `above` are those built on it."""
    if name in above:
        raise ValueError(f"the profile {Path(name).name} is built on itself")
    path = Path(name) if name.endswith(".toml") else resources.folder("configs") / "profiles" / f"{name}.toml"
    if not name.endswith(".toml") and name not in profiles():
        raise ValueError(
            f"there is no profile '{name}'.{did_you_mean(name, profiles())}"
            f" Known are {', '.join(profiles())}, or name a .toml file"
        )
    try:
        check_plain(path)
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ValueError(f"the profile {path.name} cannot be read") from problem
    except tomllib.TOMLDecodeError as problem:
        raise ValueError(f"the profile {path.name} is not valid TOML: {problem}") from problem
    base = values.pop("base", "")
    if not isinstance(base, str):
        raise ValueError(f"the profile {path.name} names no profile as its base")
    base = str(path.parent / base) if base.endswith(".toml") else base
    return {**(profile_values(base, (*above, name)) if base else {}), **values}


def _style(name: str, values: dict[str, Any]) -> Style:
    known = {field.name for field in dataclasses.fields(Style)} - {"profile"}
    for key in values:
        if key not in known:
            raise ValueError(f"unknown style '{key}'.{did_you_mean(key, known)}")
    for key, (least, most) in _BOUNDS.items():
        value = values.get(key)
        if isinstance(value, int | float) and not least <= value <= most:
            raise ValueError(f"style '{key}' = {value}: it must be from {least} to {most}")
    values = {**values, "profile": Path(name).stem}
    try:
        return TypeAdapter(Style).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"style '{first['loc'][0]}': {first['msg'][:1].lower()}{first['msg'][1:]}") from error


def _bounds_of_style() -> dict[str, tuple[float, float]]:
    """What a page can still be set with, as the annotations of a style say."""
    hints = get_type_hints(Style, include_extras=True)
    told = {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}
    return {name: (one.low, one.high) for name, bounds in told.items() for one in bounds if isinstance(one, Between)}


_BOUNDS = _bounds_of_style()


def _words(value: Any, *, read: bool = False) -> Words:
    told = value.items() if isinstance(value, dict) else [("", str(value))]
    return tuple((language, _text(text) if read else text) for language, text in told if str(text).strip())


def _text(value: str) -> str:
    return _read(Path(value)) if names_file(value, ".md") else value


def names_file(told: object, *endings: str) -> bool:
    """True for what an author gave in place of a text: the name of a file with one of these endings."""
    return isinstance(told, str) and told.endswith(endings) and "\n" not in told


def _picture(path: Path) -> Picture:
    """A picture of the author's, no larger than a page can show; what was a photograph stays one."""
    from reportgen import imaging, photos

    photo = photos.read_photo(path)
    share = min(1.0, LONGEST_SIDE / max(photo.size))
    size = max(1, round(photo.size[0] * share)), max(1, round(photo.size[1] * share))
    lossy = path.suffix.lower() in (".jpg", ".jpeg", ".webp")
    return imaging.photo(photo.pixels(size, method="area"), lossy=lossy)


def _read(path: Path) -> str:
    try:
        text = read_within(path, 4 * LONGEST_ESSAY, follow=True).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(
            f"{path}: the text for the lab report cannot be read.", slug="text-unreadable",
            hint="It must be a file in UTF-8; paths in a config file start from the file's own folder.",
        ) from problem
    if len(text) > LONGEST_ESSAY:
        raise InputError(f"{path}: the text has more than {LONGEST_ESSAY} letters.", slug="text-unreadable",
                         hint="Name the file of a text or of code; a part of it may be enough.")
    return text.replace("\r\n", "\n").replace("\r", "\n")
