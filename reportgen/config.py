"""The user's wishes, validated. Every problem of a configuration is reported at once.

Precedence is decided before this module is asked: the command line beats the environment, which
beats the file, which beats the defaults below.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from reportgen import catalogue, formats
from reportgen.artifacts.base import Artifact
from reportgen.authoring import Code, LabTable, check_below, names_file
from reportgen.errors import InputError, UsageError, did_you_mean
from reportgen.files import NotPlainError, check_plain, exists
from reportgen.languages import DEFAULT
from reportgen.optimization.recipes import Recipe
from reportgen.probe.source import ModelSource, Preprocessing
from reportgen.report.blocks import UnsignedColours
from reportgen.report.lab import Person, Question
from reportgen.report.references import Reference
from reportgen.study import STARTS, MapSettings, WishSettings

Format = Annotated[str, AfterValidator(formats.checked)]
LAB = "lab:"
"""A model or image "lab:NAME" is one that comes with reportgen."""
UNEVEN = ("jet", "rainbow", "hsv", "turbo", "nipy_spectral", "gist_rainbow")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PreprocessingTable(_Table):
    """`(pixels × scale − mean) / std` by channel, pixels in 0…1."""

    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    bgr: bool = False

    @field_validator("std")
    @classmethod
    def _no_zero(cls, std: tuple[float, ...]) -> tuple[float, ...]:
        if 0 in std:
            raise ValueError("a standard deviation cannot be 0")
        return std


class ModelTable(_Table):
    """The network and how to open it."""

    file: str = ""
    weights: str = "imagenet"
    architecture: Path | None = None
    trust: bool = False
    custom: tuple[str, ...] = ()
    preprocessing: str | PreprocessingTable = "auto"
    input: str = ""
    output: str = ""
    other_inputs: dict[str, float] = Field(default_factory=dict)
    seed: int = 0


class ImageTable(_Table):
    """An image; `label` is its true class, `mask` the file of its true mask."""

    file: Path
    name: str = ""
    label: str = ""
    mask: Path | None = None


class ChapterTable(_Table):
    """A chapter of the report's own: its title and its artifacts in order."""

    title: str
    artifacts: tuple[str, ...]


class StudyTable(_Table):
    """A network, the images shown to it, and how it is looked at."""

    model: ModelTable = ModelTable()
    image: tuple[ImageTable, ...] = ()
    labels: Path | tuple[str, ...] = ()
    size: Annotated[tuple[int, int], Field(description="height, width")] | None = None
    resize: Literal["nearest", "bilinear", "bicubic", "area"] = "bilinear"
    select: Annotated[tuple[str, ...], Field(description="where it is empty, as for the first network")] = ()
    chapter: tuple[ChapterTable, ...] = ()
    artifacts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    attention: MapSettings = MapSettings()
    optimization: WishSettings = WishSettings()

    @field_validator("select", mode="before")
    @classmethod
    def _one_or_many_names(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("size")
    @classmethod
    def _sensible(cls, size: tuple[int, int] | None) -> tuple[int, int] | None:
        if size and not all(1 <= side <= 8192 for side in size):
            raise ValueError("each side must be from 1 to 8192 pixels")
        return size

    def source(self) -> ModelSource:
        """The model table as the probe wants it."""
        table = self.model
        preprocessing: str | Preprocessing = (
            table.preprocessing
            if isinstance(table.preprocessing, str)
            else Preprocessing("custom", **table.preprocessing.model_dump())
        )
        return ModelSource(
            table.file, table.weights, table.architecture, table.trust, table.custom, preprocessing,
            table.input, table.output, tuple(sorted(table.other_inputs.items())), table.seed,
        )

    def chosen(self) -> tuple[tuple[str, Artifact], ...]:
        """The artifacts to show with the chapter each stands in, in reading order."""
        if self.chapter:
            return tuple((one.title, made) for one in self.chapter for made in self._made(one.artifacts))
        named = tuple(name for name in self.select if name != catalogue.ALL)
        if self.optimization.effort != "quick" or named == self.select:
            return tuple((made.chapter, made) for made in self._made(self.select))
        asked = catalogue.expand(named)
        return tuple(
            (made.chapter, made) for made in self._made(self.select)
            if made.chapter != "optimization" or made.name in asked
        )

    def _made(self, names: tuple[str, ...]) -> list[Artifact]:
        return [
            catalogue.adapter_of(kind).validate_python(self.artifacts.get(name, {}))
            for name, kind in catalogue.expand(names).items()
        ]


class Config(StudyTable):
    """Everything a build needs to know; `more` are further networks in the same report."""

    select: tuple[str, ...] = ("all",)
    language: tuple[Code, ...] = DEFAULT
    outputs: tuple[Format, ...] = formats.USUAL
    single_file: bool = False
    colours: Annotated[UnsignedColours, Field(description="of maps whose numbers have no sign")] = "viridis"
    site_url: Annotated[str, Field(description="where the folder will be published: https://…/")] = ""
    pdf_quality: Literal["draft", "normal", "print"] = "normal"
    pdf_variant: Literal["pdf/ua-1", "pdf/a-3a", "none"] = "pdf/ua-1"
    pdf_attachments: Annotated[bool, Field(description="put the numbers into the PDF as files")] = True
    folder: Path = Path("site")
    title: str = ""
    prefix: str = ""
    lab: LabTable = LabTable()
    templates: tuple[Path, ...] = ()
    commit: Annotated[str, Field(description="that the report is of; auto asks CI, then the repository; or none")] = (
        "auto"
    )
    more: tuple[StudyTable, ...] = ()
    origin: Annotated[str, Field(description="the name of this file; set by the program")] = ""

    @field_validator("language", "outputs", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("colours", mode="before")
    @classmethod
    def _even(cls, name: Any) -> Any:
        if name in UNEVEN:
            raise ValueError(
                "its brightness goes up and down and shows edges that the numbers do not have; take viridis or"
                " cividis"
            )
        return name

    @field_validator("site_url")
    @classmethod
    def _address(cls, address: str) -> str:
        if address and not re.fullmatch(r"https?://[^\s\"'<>]+", address):
            raise ValueError("the address of the site must begin with https:// or http://")
        return address and address.rstrip("/") + "/"

    @property
    def formats(self) -> tuple[str, ...]:
        """Everything that is to be written."""
        return (*self.outputs, "single") if self.single_file and "single" not in self.outputs else self.outputs

    @property
    def studies(self) -> tuple[StudyTable, ...]:
        """The first network and the further ones; what these do not select themselves is selected as for the first."""
        same = {"select": self.select, "chapter": self.chapter}
        return (self, *(one if one.select or one.chapter else one.model_copy(update=same) for one in self.more))


def read_config(path: Path | None, overrides: Mapping[str, Any], *, trusted: bool = False) -> Config:
    """The configuration of a file (or of nothing) with the overrides of the command line laid over it.

    Paths in the file are relative to the file's folder; paths in the overrides to the current one. What the file
    takes into the report lies below its folder unless it is trusted: it may come from anyone.
    """
    data: dict[str, Any] = {}
    if path is not None:
        data = {**_anchor(_parse(path), path.parent), "origin": path.name}
        if not trusted:
            _keep_within(data, path.parent)
    _lay_over(data, overrides)
    for table in (data, *_list(data.get("more"))):
        _lay_over(table, _for_every_network(overrides))
    return validate(data, str(path) if path else "the command line")


def _keep_within(data: dict[str, Any], folder: Path) -> None:
    """Stop at the first picture, text or template that is not below the folder; the lab's own are looked at later."""
    for table in (data, *_list(data.get("more"))):
        images = [image.get(key) for image in _list(table.get("image")) for key in ("file", "mask")]
        wishes = table.get("optimization")
        start = wishes.get("start") if isinstance(wishes, dict) and wishes.get("start") not in STARTS else None
        templates = table.get("templates")
        named = [*images, start, table.get("labels"), *(templates if isinstance(templates, list) else [templates])]
        for name in named:
            if isinstance(name, str) and not name.startswith(LAB):
                check_below(Path(name), folder)
    if isinstance(data.get("lab"), dict):
        data["lab"]["within"] = str(folder)


def _lay_over(data: dict[str, Any], overrides: Mapping[str, Any]) -> None:
    """Put values in the place of those that stand there, tables key by key."""
    for name, value in overrides.items():
        if isinstance(value, Mapping) and isinstance(data.get(name), dict):
            _lay_over(data[name], value)
        else:
            data[name] = value


def _for_every_network(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What of the command line is not about one network: what is looked at, and with which effort."""
    selected = {"select": overrides["select"], "chapter": ()} if "select" in overrides else {}
    return selected | {
        table: {"effort": overrides[table]["effort"]} for table in ("attention", "optimization")
        if "effort" in overrides.get(table, {})
    }


def validate(data: Mapping[str, Any], where: str) -> Config:
    """A valid configuration, or one error that lists every problem."""
    problems: list[str] = []
    config: Config | None = None
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        problems += [_sentence(item, (), _schema_names) for item in error.errors()]
    for study in (data, *_list(data.get("more"))):
        tables = study.get("artifacts", {})
        for name, parameters in tables.items() if isinstance(tables, Mapping) else ():
            problems += _artifact_problems(name, parameters)
    if config is not None:
        try:
            for table in config.studies:
                for names in [table.select, *(chapter.artifacts for chapter in table.chapter)]:
                    catalogue.check(names)
        except UsageError as error:
            problems.append(error.message)
    if problems or config is None:
        slug = "unknown-parameter" if any("unknown" in problem for problem in problems) else "config"
        raise UsageError(f"{where}: " + "\n       ".join(problems), slug=slug)
    return config


def origins(path: Path | None, config: Config) -> list[tuple[str, str, str]]:
    """Every value as (name, value, where it comes from): the file, or the default."""
    told = _flat(_anchor(_parse(path), path.parent)) if path else {}
    rows = []
    for name, value in _flat(config.model_dump(mode="json", exclude={"origin"})).items():
        given = any(name == one or name.startswith(f"{one}.") or one.startswith(f"{name}.") for one in told)
        rows.append((name, json.dumps(value, ensure_ascii=False), str(path) if given else "default"))
    return rows


def _flat(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Tables in tables as names with dots."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file, the artifacts' own tables included."""
    document = Config.model_json_schema()
    tables = {name: catalogue.adapter_of(kind).json_schema() for name, kind in catalogue.everything().items()}
    document["properties"]["outputs"]["items"]["enum"] = [*formats.known()]
    for table in (document, document["$defs"]["StudyTable"]):
        table["properties"]["artifacts"] = {"type": "object", "properties": tables, "additionalProperties": False}
    return document


def _parse(path: Path) -> dict[str, Any]:
    try:
        check_plain(path)
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise InputError(
            f"{path}: the configuration is not in UTF-8 (byte {problem.start + 1} cannot be read).",
            slug="config-unreadable",
            hint="Save it as UTF-8 in your editor; Windows often writes Windows-1251 or UTF-16.",
        ) from problem
    except NotPlainError as problem:
        raise InputError(
            f"{path}: the configuration cannot be read: {problem.strerror}.", slug="config-unreadable",
            hint="Name a TOML file; `reportgen init` writes one.",
        ) from problem
    except OSError as problem:
        raise InputError(
            f"{path}: the configuration cannot be read.", slug="config-unreadable",
            hint="Name a TOML file; `reportgen init` writes one.",
        ) from problem
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{path}: not valid TOML: {problem}.", slug="config") from problem


def _anchor(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The same data with its paths taken from the folder of the file that holds them.

    What begins with "lab:" comes with the tool and is no path.
    """

    def path(value: Any) -> Any:
        return str(folder / value) if isinstance(value, str) and not value.startswith(LAB) else value

    _written_out(data)
    for further in _list(data.get("more")):
        _anchor(further, folder)
    tables: list[tuple[Any, tuple[str, ...]]] = [(data, ("labels", "folder", "templates"))]
    tables += [(image, ("file", "mask")) for image in _list(data.get("image"))]
    wishes = data.get("optimization")
    tables.append((wishes, ("start",) if isinstance(wishes, dict) and wishes.get("start") not in STARTS else ()))
    lab = data.get("lab")
    if isinstance(lab, dict):
        tables.append((lab, ("listing",)))
        lab["base"] = str(folder)
        lab["within"] = None
        _anchor_files(lab, ".toml", path)
        _anchor_files(lab.get("text"), ".md", path)
    if isinstance(data.get("model"), dict):
        model = data["model"]
        tables.append((model, ("architecture", "custom")))
        for key in ("file", "weights"):  # these may also be names of things that come with Keras
            if isinstance(model.get(key), str) and exists(folder / model[key]):
                model[key] = path(model[key])
    for table, keys in tables:
        for key in keys:
            if isinstance(table, dict) and key in table:
                value = table[key]
                lists = isinstance(value, list) and key != "labels"
                table[key] = [path(item) for item in value] if lists else path(value)
    return data


def _anchor_files(table: Any, ending: str, path: Callable[[Any], Any]) -> None:
    """Make paths of the values, also those for one language, that name a file with this ending."""
    for key, value in table.items() if isinstance(table, dict) else ():
        if isinstance(value, dict):
            _anchor_files(value, ending, path)
        elif names_file(value, ending):
            table[key] = path(value)


def _written_out(data: dict[str, Any]) -> None:
    """A model or an image given by its file alone, as the table that it stands for."""
    if isinstance(data.get("model"), str):
        data["model"] = {"file": data["model"]}
    if isinstance(data.get("image"), str):
        data["image"] = [{"file": data["image"]}]


def _list(value: Any) -> list[Any]:
    """The tables of a list; what is no table is left to the validation."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _artifact_problems(name: str, parameters: Any) -> list[str]:
    kind = catalogue.find(name)
    if kind is None:
        return [f"[artifacts.{name}]: unknown artifact.{did_you_mean(name, catalogue.names())}"]
    try:
        catalogue.adapter_of(kind).validate_python(parameters)
    except ValidationError as error:
        known = list(catalogue.parameters_of(kind))
        return [_sentence(item, ("artifacts", name), lambda _place: known) for item in error.errors()]
    return []


def _sentence(item: Any, prefix: tuple[str, ...], known: Any) -> str:
    """One problem of pydantic's in our words: the table, the key, what is wrong."""
    place = (*prefix, *(str(part) for part in item["loc"]))
    if len(place) == 2 and place[1].isdigit():
        place = place[:1]  # one of a list of plain values
    key, table = place[-1] if place else "", ".".join(place[:-1])
    where = f"[{table}]: " if table else ""
    if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"{where}unknown parameter '{key}'.{did_you_mean(key, known(place))}"
    shown = json.dumps(item["input"], default=str, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else shown[:57] + "…"
    wrong = item["msg"].removeprefix("Value error, ").removesuffix(".")
    if item["type"] == "value_error" and isinstance(item["input"], Mapping | BaseModel):
        return f"[{'.'.join(place)}]: {wrong}."
    return f"{where}'{key}' = {shown}: {wrong[:1].lower()}{wrong[1:]}."


def _schema_names(place: tuple[str, ...]) -> list[str]:
    place = place[2:] if place[0] == "more" and len(place) > 2 else place
    tables: dict[str, type[BaseModel]] = {
        "model": ModelTable, "image": ImageTable, "chapter": ChapterTable, "more": StudyTable, "lab": LabTable,
    }
    if place[0] == "lab" and len(place) > 2:
        inner = {"source": Reference, "question": Question}.get(place[1], Person)
        return [field.name for field in dataclasses.fields(inner)]
    settings = {"attention": MapSettings, "optimization": Recipe if "custom" in place[1:-1] else WishSettings}
    if place[0] in settings and len(place) > 1:
        return [field.name for field in dataclasses.fields(settings[place[0]])]
    table = tables.get(place[0], Config) if len(place) > 1 else Config
    return list(table.model_fields)
