"""The whole story of a report, in four steps: open, look, gather, render.

1. open    what goes in is told by its content; nothing is loaded yet
2. look    artifacts make sections; those already in the store are taken from there
3. gather  sections become a report
4. render  the report becomes files, swapped in as a whole

TensorFlow is loaded in step 2 and only when some section is not in the store.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import logging
import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from reportgen import __version__, catalogue, formats, output, plugins, resources
from reportgen.artifacts.base import ImageArtifact, ModelArtifact
from reportgen.attention.wishes import check_wishes
from reportgen.commit import commit_of
from reportgen.config import LAB, Config, StudyTable
from reportgen.errors import InputError, Interrupted, UsageError, did_you_mean
from reportgen.files import NotPlainError
from reportgen.labels import read_labels
from reportgen.labs import class_names
from reportgen.languages import CODES
from reportgen.photos import check_photo
from reportgen.plugin_code import digest_of_plugin
from reportgen.probe import open_probe, own_code, recognition, vetting
from reportgen.probe.memo import MemoProbe
from reportgen.probe.source import ModelSource
from reportgen.render import Wishes, check_formats, draw_ahead, get_ready, render, steps_of
from reportgen.render.crew import Crew
from reportgen.render.fonts import refuse_without_pango
from reportgen.render.kept import NOTHING
from reportgen.report import codec
from reportgen.report.document import Provenance, Report, Section, Source
from reportgen.report.names import slug
from reportgen.run import Look, check_layers, look_at_all
from reportgen.scales import coloured
from reportgen.settings import command_of, kept_names, settings_text
from reportgen.shelf import Drawer
from reportgen.store import Store, digest, digest_of_code, digest_of_files, version_of
from reportgen.study import STARTS, ImageSource, open_study
from reportgen.text import Text, _, listed
from reportgen.watching import NOBODY, OPENING, Step, Watcher
from reportgen.worker import look_apart

log = logging.getLogger(__name__)
OUTPUT_KEYS = {
    "language", "outputs", "single_file", "site_url", "pdf_quality", "pdf_variant", "pdf_attachments", "title",
    "prefix",
}
"""What of a configuration changes the output but no section."""
RENDERING_FILES = (
    "output.py", "swapping.py", "manifest.py", "languages.py", "manuscript.py", "resources.py", "processes.py",
    "shelf.py", "watching.py", "scratch.py", "locks.py", "formats.py", "plugins.py",
)
RENDERING_LIBRARIES = (
    "weasyprint", "pydyf", "matplotlib", "pillow", "jinja2", "babel", "markdown-it-py", "mdit-py-plugins",
)


def build_site(
    config: Config, store: Store, *, jobs: int = 2, force: bool = False, isolated: bool = True,
    watcher: Watcher = NOBODY,
) -> Report | None:
    """Build the report into the configured folder; None where it is up to date already."""
    output.prepare(config.folder)
    check_formats(config.formats)
    log.info("1 open")
    plans = plan_of(config, store)
    for source in sources_of(config, store):
        log.info("%s: %s (sha256 %s)", source.role, source.name, source.sha256)
    inputs = output_key(config, store, plans)
    if not force and output.is_intact(config.folder, inputs):
        return None
    if isolated and not all(store.holds(plan.key) for plan in plans):
        check_files(config)
    if "pdf" in config.formats:
        refuse_without_pango()
    with _drawer(store) as drawer, _crew(config, jobs) as crew:

        def draw_meanwhile(section: Section) -> None:
            if crew and not store.problem:
                crew.ahead(draw_ahead, section, config.language[0], config.formats, drawer)

        made = make_sections(config, plans, store, isolated=isolated, watcher=watcher, on_known=draw_meanwhile)
        report = gather(config, store, made)
        render_site(
            report, config, inputs=inputs, jobs=jobs, force=force, watcher=watcher, crew=crew, drawer=drawer
        )
    store.prune()
    if store.problem:
        watcher.notice(
            f"Not everything could be kept in the cache, {store.folder} ({store.problem}); the next build makes it"
            " anew."
        )
    return report


@contextlib.contextmanager
def _drawer(store: Store) -> Iterator[Drawer]:
    """What is drawn ahead is kept in the store; without a folder of its own, for this build alone."""
    if store.folder:
        yield store.drawer(drawing_key())
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-") as folder:
        yield Store(Path(folder)).drawer(drawing_key())


@contextlib.contextmanager
def _crew(config: Config, jobs: int) -> Iterator[Crew | None]:
    """Processes that get ready while the network is looked at; with one job this process does it all, afterwards."""
    if jobs < 2:
        yield None
        return
    with Crew(jobs) as crew:
        crew.warm(get_ready, config.formats)
        yield crew


def foreseen(config: Config, store: Store) -> tuple[tuple[str, bool], ...]:
    """The sections that a build would have, and for each whether it is in the store already. No network is opened."""
    check_files(config)
    return tuple((plan.name, store.get(plan.key) is not None) for plan in plan_of(config, store))


def render_site(
    report: Report, config: Config, *, inputs: str = "", jobs: int = 2, force: bool = False, watcher: Watcher = NOBODY,
    crew: Crew | None = None, drawer: Drawer = NOTHING,
) -> None:
    """Render a report into the configured folder and swap it in."""
    log.info("4 render")
    wishes = Wishes(force, config.site_url, config.pdf_quality, config.pdf_variant, config.pdf_attachments)
    with output.replaced(config.folder) as folder:
        render(
            report, folder, languages=config.language, formats=config.formats, templates=config.templates, jobs=jobs,
            inputs=inputs, wishes=wishes, watcher=watcher, crew=crew, drawer=drawer,
        )


def make_sections(
    config: Config, plans: Sequence[Look], store: Store, *, isolated: bool = True,
    watcher: Watcher = NOBODY, on_known: Callable[[Section], None] = lambda _section: None,
) -> tuple[Section, ...]:
    """Every planned section: from the store, else made now and, unless it failed, kept there.

    While there is something to make, `on_known` is given every section as soon as it is there.
    """
    log.info("2 look")
    made = {plan.name: section for plan in plans if (section := store.get(plan.key))}
    missing = [plan for plan in plans if plan.name not in made]

    looks = [OPENING, *map(_step, missing)] if missing else []
    watcher.begin(looks, steps_of(config.language, config.formats), len(made))

    def receive(plan: Look, section: Section) -> None:
        watcher.finish(OPENING.name)
        if not section.failed:
            store.put(plan.key, section)
        made[plan.name] = section
        on_known(section)
        watcher.finish(plan.name)

    def progress(share: float, what: str) -> None:
        watcher.finish(OPENING.name)
        watcher.within(next(plan.name for plan in missing if plan.name not in made), share, what)

    if missing:
        for section in made.values():
            on_known(section)
        try:
            if isolated:
                look_apart(config, missing, store, receive, progress, watcher.notice)
            else:
                look_here(config, missing, store, receive, progress, watcher.notice)
        except KeyboardInterrupt as stop:
            if not store.keeps:
                raise
            unkept = [plan.name for plan in plans if plan.name not in made or made[plan.name].failed]
            raise Interrupted(
                f"the previous report is untouched. {len(plans) - len(unkept)} of {len(plans)} sections and every"
                " optimized image that was finished are in the cache, and the same command goes on from there."
                f" Missing: {', '.join(unkept)}."
            ) from stop
    return tuple(plan.placed(made[plan.name]) for plan in plans)


def _step(plan: Look) -> Step:
    image = plan.name.removeprefix(f"{plan.network}-").removeprefix(plan.artifact.name).strip("-")
    where = ", ".join(part for part in (plan.network, image) if part)
    return Step(plan.name, f"{plan.artifact.title}{f' ({where})' if where else ''}", plan.artifact.name, plan.study)


def look_here(
    config: Config, plans: Sequence[Look], store: Store, on_section: Callable[[Look, Section], None],
    on_progress: Callable[[float, str], None], on_notice: Callable[[str], None],
) -> None:
    """Open the networks in this process, one after the other, and make the sections."""
    for number, table in enumerate(config.studies):
        own = [plan for plan in plans if plan.study == number]
        if not own:
            continue
        study = open_study(
            MemoProbe(open_probe(source_of(table))), images_of(table), labels=labels_of(table), size=table.size,
            method=table.resize, maps=table.attention, wishes=table.optimization, progress=on_progress,
            shelf=store.shelf(common_key(table, store)), notice=on_notice,
        )
        confirm_files([table], store)
        check_wishes(study)
        check_layers(study, own)

        def give(plan: Look, section: Section, table: StudyTable = table) -> None:
            store.originals.confirm(_read_later(table))
            on_section(plan, section)

        with coloured(config.colours):
            look_at_all(study, own, give)


def gather(config: Config, store: Store, sections: tuple[Section, ...]) -> Report:
    """The report of these sections."""
    log.info("3 gather")
    title = config.title or _title([model_name(table) for table in config.studies])
    versions = [("reportgen", __version__), ("Python", platform.python_version())]
    versions += [(title, version_of(name)) for title, name in _SHOWN_VERSIONS if version_of(name)]
    brought = {catalogue.origin_of(section.artifact) for section in sections} - {""}
    versions += [(package, version) for package, _space, version in (one.rpartition(" ") for one in sorted(brought))]
    commit = told_commit(config)
    provenance = Provenance(
        sources_of(config, store), tuple(versions), command_of(config, commit), settings_text(config), commit
    )
    return Report(title, sections, provenance, config.lab.lab(), config.prefix)


def told_commit(config: Config) -> str:
    """The commit to name in the report."""
    if config.commit == "auto":
        return commit_of(Path.cwd())
    return "" if config.commit == "none" else config.commit


def _title(networks: list[str]) -> Text:
    if len(networks) == 1:
        return _("Report on the network {name}", name=networks[0])
    return _("Report on the networks {names}", names=listed(networks))


_SHOWN_VERSIONS = (("TensorFlow", "tensorflow"), ("Keras", "keras"), ("NumPy", "numpy"))


def plan_of(config: Config, store: Store) -> tuple[Look, ...]:
    """The sections of the report in order, each with its key. Nothing is opened."""
    taken: set[str] = set()
    plans: list[Look] = []
    for number, table in enumerate(config.studies):
        network = _free_name(slug(model_name(table)), taken) if number else ""
        plans += _plan_of_study(table, store, number, network, config.colours)
    return tuple(plans)


def _plan_of_study(table: StudyTable, store: Store, number: int, network: str, colours: str) -> list[Look]:
    images = images_of(table)
    samples = [_sample_key(image, store) for image in images]
    common = digest(common_key(table, store), colours)
    plans = []
    for chapter, artifact in table.chosen():
        name = f"{network}-{artifact.name}" if network else artifact.name
        settings = {used: repr(getattr(table, used)) for used in artifact.uses}
        code = digest_of_plugin(plugins.ARTIFACTS, artifact.name) if catalogue.is_brought(artifact.name) else ""
        if not isinstance(artifact, ImageArtifact):
            if isinstance(artifact, ModelArtifact) and len(images) < artifact.least_images:
                continue
            seen_too = samples if isinstance(artifact, ModelArtifact) and artifact.compares_samples else []
            key = digest(common, repr(artifact), code, settings, seen_too)
            plans.append(Look(name, chapter, artifact, None, key, number, network))
            continue
        for place, image in enumerate(images):
            seen = [samples[place], samples if artifact.compares_samples else []]
            key = digest(common, repr(artifact), code, settings, seen)
            title = name if len(images) == 1 else f"{name}-{image.name}"
            plans.append(Look(title, chapter, artifact, place, key, number, network))
    return plans


def common_key(table: StudyTable, store: Store) -> str:
    """The digest of what every section of a study depends on."""
    files = {source.role: source.sha256 for source in _sources_of_study(table, store) if source.role != "image"}
    return digest(
        digest_of_code(), files, table.source().__repr__().replace(table.model.file, ""), labels_of(table),
        table.size, table.resize, model_name(table),
    )


def _free_name(wanted: str, taken: set[str]) -> str:
    """The name, with a number at its end where it is taken; it is taken afterwards."""
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    taken.add(name)
    return name


def output_key(config: Config, store: Store, plans: Sequence[Look]) -> str:
    """The digest of all that the output folder depends on; no path is in it, only names and contents."""
    wishes = config.model_dump(mode="json", include=OUTPUT_KEYS)
    places = [(plan.key, plan.name, plan.chapter, plan.network) for plan in plans]
    sources = [(source.role, source.name, source.sha256) for source in sources_of(config, store)]
    told = [codec.encode(config.lab.lab()), settings_text(config), told_commit(config)]
    return digest(places, wishes, sources, told, render_key(config))


def _sample_key(image: ImageSource, store: Store) -> list[str]:
    mask = _source("mask", image.mask, store).sha256 if image.mask else ""
    return [image.name, image.file.name, _source("image", image.file, store).sha256, image.label, mask]


def render_key(config: Config) -> str:
    """The digest of all that turns a report into files: code, templates, words, libraries."""
    folders = [resources.folder("templates"), *config.templates]
    templates = [digest_of_files((path for path in folder.rglob("*") if path.is_file()), folder) for folder in folders]
    brought = [digest_of_plugin(plugins.RENDERERS, name) for name in formats.brought(config.formats)]
    return digest(drawing_key(), templates, brought, os.environ.get("SOURCE_DATE_EPOCH", ""))


@cache
def drawing_key() -> str:
    """The digest of the code, words and libraries that turn blocks into pictures and pages."""
    package = Path(__file__).parent
    code = [*(package / "render").rglob("*.py"), *(package / name for name in RENDERING_FILES)]
    code += [path for path in (package / "locale").rglob("*") if path.is_file()]
    libraries = [(name, version_of(name)) for name in RENDERING_LIBRARIES]
    words = [digest_of_files([path], path.parent) for language in CODES for path in plugins.words_of(language)]
    return digest(digest_of_code(), digest_of_files(code, package), libraries, words)


def source_of(table: StudyTable) -> ModelSource:
    """The model to open, a lab's by its file."""
    source = table.source()
    path = model_path(table)
    if path is None:
        return source
    return dataclasses.replace(source, model=str(path))


def model_path(table: StudyTable) -> Path | None:
    """The model's file; None for the name of a known network."""
    model = table.model.file
    if not model:
        raise UsageError(
            "No model was named.", slug="no-model", hint="Give --model FILE, or [model] file in the config."
        )
    if model.startswith(LAB):
        return _lab_file(model.removeprefix(LAB), ".keras")
    if ModelSource(model).is_file:
        return Path(model)
    own = [path.stem for path in _LAB_FILES.glob("*.keras")]
    if difflib.get_close_matches(model.lower(), own, n=1, cutoff=0.8):
        raise InputError(
            f"'{model}' is neither a file nor a network of keras.applications."
            f"{did_you_mean(LAB + model.lower(), [LAB + name for name in own])}", slug="model-unknown",
            hint=f"What comes with reportgen is called {LAB}NAME.",
        )
    return None


def model_name(table: StudyTable) -> str:
    """What the network is called in the report: its file's name without the ending, or its own."""
    path = model_path(table)
    return path.stem.removesuffix(".weights") if path else table.model.file


def images_of(table: StudyTable) -> tuple[ImageSource, ...]:
    """The images, each with a name of its own that is safe in file names."""
    images: list[ImageSource] = []
    taken: set[str] = set()
    for image in table.image:
        file = _image_path(image.file)
        name = _free_name(slug(image.name or file.stem), taken)
        images.append(ImageSource(file, name, image.label, _image_path(image.mask) if image.mask else None))
    return tuple(images)


def labels_of(table: StudyTable) -> tuple[Text, ...]:
    """The names of the classes; those of a lab can be said in every language."""
    if not isinstance(table.labels, Path):
        return table.labels
    if str(table.labels).startswith(LAB):
        return class_names(str(table.labels).removeprefix(LAB))
    return read_labels(table.labels)


def sources_of(config: Config, store: Store) -> tuple[Source, ...]:
    """The files that go in, by content, as the kept configuration calls them."""
    names = kept_names(config) | {path: name for name, path in config.lab.pictures().items()}
    files = [file for table in config.studies for file in _files_of_study(table)]
    files += [("text", path) for path in config.lab.files()] + [("templates", path) for path in config.templates]
    sources = [(path, _source(role, path, store)) for role, path in dict.fromkeys(files)]
    return tuple(dataclasses.replace(source, name=names.get(path, source.name)) for path, source in sources)


def _sources_of_study(table: StudyTable, store: Store) -> tuple[Source, ...]:
    return tuple(_source(role, path, store) for role, path in _files_of_study(table))


def input_files(path: Path, config: Config) -> list[Path]:
    """Every file and folder that a report of this configuration is made from."""
    files = [path, *config.templates, *config.lab.files()]
    return files + [file for table in config.studies for _role, file in _files_of_study(table)]


def _files_of_study(table: StudyTable) -> list[tuple[str, Path]]:
    model = table.model
    own_code.check(model.custom)
    images = images_of(table)
    named = isinstance(table.labels, Path) and not str(table.labels).startswith(LAB)
    files: list[tuple[str, Path | None]] = [
        ("model", model_path(table)),
        ("weights", Path(model.weights) if model.weights not in ("imagenet", "none") else None),
        ("architecture", model.architecture),
        *((f"custom {number}", own_code.parts(text)[0]) for number, text in enumerate(model.custom, 1)),
        ("labels", Path(str(table.labels)) if named else None),
        ("start", Path(table.optimization.start) if table.optimization.start not in STARTS else None),
        *(("image", image.file) for image in images),
        *(("mask", image.mask) for image in images),
    ]
    return [(role, path) for role, path in files if path is not None]


def confirm_files(tables: Sequence[StudyTable], store: Store) -> None:
    """Stop where a file that the sections depend on is not what it was when they were planned."""
    store.originals.confirm(path for table in tables for _role, path in _files_of_study(table))


def _read_later(table: StudyTable) -> list[Path]:
    """What is not read with the network and the images, but by the artifacts that need it."""
    return [path for role, path in _files_of_study(table) if role == "start"]


def check_files(config: Config) -> None:
    """Stop at a file that will be refused, as long as that costs next to nothing: TensorFlow is not loaded yet."""
    for table in config.studies:
        vetting.check_model(source_of(table))
        for _role, path in (one for one in _files_of_study(table) if one[0] in ("image", "mask", "start")):
            check_photo(path)


def _source(role: str, path: Path, store: Store) -> Source:
    if role == "templates":
        return Source(role, path.name, digest_of_files((p for p in path.rglob("*") if p.is_file()), path), 0)
    try:
        return Source(role, path.name, *store.originals.of(path))
    except FileNotFoundError as problem:
        raise InputError(
            f"{path}: there is no such file (it was given as the {role.split()[0]}).", slug="file-missing",
            hint="Check the path; paths in a config file start from the file's own folder.",
        ) from problem
    except NotPlainError as problem:
        if role == "model":
            recognition.recognise(path)  # knows what kind of folder it is
        raise InputError(
            f"{path}: {problem.strerror} (it was given as the {role.split()[0]}).", slug="file-missing",
            hint="Name the file itself.",
        ) from problem
    except OSError as problem:
        raise InputError(f"{path}: the file cannot be opened ({problem.strerror}).", slug="file-missing") from problem


def _image_path(path: Path) -> Path:
    return _lab_file(str(path).removeprefix(LAB), "") if str(path).startswith(LAB) else path


_LAB_FILES = Path(__file__).parent / "labs" / "data"


def _lab_file(name: str, ending: str) -> Path:
    path = _LAB_FILES / (name + ending)
    if Path(name).name != name or not path.is_file():
        known = ", ".join(sorted(LAB + item.name.removesuffix(".keras") for item in _LAB_FILES.iterdir()))
        raise InputError(
            f"{LAB}{name}: no such file comes with reportgen.", slug="file-missing", hint=f"There are: {known}."
        )
    return path
