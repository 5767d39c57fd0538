"""The command line: each command imports its verb when it runs, so that `--help` is instant.

Exit codes: 0 fine · 1 a section or a check failed (the report is written) · 2 usage or
configuration · 3 a model, image or report cannot be read or is refused · 4 rendering or internal
error, nothing half-written · 130 interrupted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import platform
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reportgen import __version__, formats, languages
from reportgen.errors import NO_ROOM, Interrupted, ReportgenError, did_you_mean
from reportgen.options import wishes_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reportgen.config import Config
    from reportgen.report.document import Report
    from reportgen.store import Store

log = logging.getLogger(__name__)
DOCUMENTATION = "docs/errors.md"
LANGUAGE = click.Choice(languages.CODES)


class _Formats(click.ParamType[str]):
    """The name of a format. What installed packages bring is looked up when it is asked for, or to be listed."""

    name = "format"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What stands in the help."""
        return f"[{'|'.join(formats.known())}]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, if it is one."""
        if value not in formats.BUILT_IN and value not in (known := formats.known()):
            self.fail(f"{value!r} is not one of {', '.join(map(repr, known))}.{did_you_mean(value, known)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """What a shell offers."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in formats.known() if name.startswith(incomplete)]


_SAID = logging.getLogger("reportgen.said")
"""What the person is told, for a log file; on the terminal it is said and not logged."""
_SAID.propagate = False
_SAID.addHandler(logging.NullHandler())
_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}


class _Group(click.Group):
    """Turns the errors of the program into one sentence and an exit code."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and leave the process."""
        debugging = bool(os.environ.get("REPORTGEN_TRACEBACK"))
        _open_streams()
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except click.exceptions.Exit as leave:
            code = leave.exit_code
        except click.ClickException as problem:
            problem.show()
            code = problem.exit_code
        except (click.Abort, KeyboardInterrupt) as stop:
            kept = str(stop.__cause__) if isinstance(stop.__cause__, Interrupted) else ""  # click wraps it
            say(f"Interrupted; {kept or 'the previous report is untouched.'}")
            code = 130
        except ReportgenError as problem:
            if debugging:
                raise
            tell(problem)
            code = problem.exit_code
        except BrokenPipeError:
            code = 0
        except Exception as problem:
            if debugging:
                raise
            _SAID.exception("unforeseen")
            tell(_unexpected(problem))
            code = 4
        try:
            sys.stdout.flush()
        except OSError:
            _send_nowhere(1)  # what is still to be written would be complained about once more at the end
        sys.exit(code if isinstance(code, int) else 0)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command; an unknown one is answered with the nearest."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as problem:
            suggestion = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(problem.message + suggestion, ctx) from problem


def _open_streams() -> None:
    """Standard streams that are closed lead nowhere: else the next file that is opened would take their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for good


def _send_nowhere(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def _mute_native_code() -> None:
    """Send what native libraries write to standard error nowhere; Python's own errors are still seen.

    TensorFlow greets before any of its settings can silence it.
    """
    if logging.getLogger().level <= logging.INFO:
        return
    sys.stderr.flush()
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="backslashreplace")
    _send_nowhere(2)


def say(text: str) -> None:
    """A line for the person, on standard error; a stranger's name in it does nothing to the terminal."""
    text = "".join(letter if letter.isprintable() or letter in "\n\t\u00a0\u202f" else "\ufffd" for letter in text)
    _SAID.info("%s", text)
    click.echo(text, err=True, color=False if os.environ.get("NO_COLOR") else None)


def inform(text: str) -> None:
    """The same, unless only errors are to be said."""
    if logging.getLogger().level <= logging.WARNING:
        say(text)


def tell(problem: ReportgenError) -> None:
    """An error: what and where, what to do, and where more is written."""
    say(f"Error: {problem.message}")
    if problem.hint:
        say(f"       {problem.hint}")
    say(f"       See {DOCUMENTATION}#{problem.slug}")


def _unexpected(problem: Exception) -> ReportgenError:
    if isinstance(problem, OSError) and problem.errno in NO_ROOM:
        return ReportgenError(
            f"{problem.filename or 'What was to be said'} cannot be written ({problem.strerror}).", slug="disk-full",
            hint="Make room on the disk.",
        )
    return ReportgenError(
        f"Something unforeseen went wrong ({type(problem).__name__}: {problem}); nothing was written.",
        hint="Set REPORTGEN_TRACEBACK=1 to see where, and please report it.",
    )


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "REPORTGEN"})
@click.version_option(__version__, prog_name="reportgen")
@click.option("-v", "--verbose", count=True, help="Say more: -v the steps, -vv everything.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--log-file", type=click.Path(path_type=Path, dir_okay=False), help="Also write the steps into a file.")
def main(verbose: int, quiet: bool, log_file: Path | None) -> None:
    """Static reports about convolutional neural networks, in Ukrainian and in English."""
    from reportgen.scratch import scratch

    level = _LEVELS[-1 if quiet else min(verbose, 2)]
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    logging.raiseExceptions = False  # a log that cannot be written stops nothing
    if log_file:
        _log_into(log_file)
    signal.signal(signal.SIGTERM, _interrupt)
    click.get_current_context().with_resource(scratch())


def _log_into(path: Path) -> None:
    """Everything that is logged, whatever is shown, with the time."""
    from reportgen.errors import UsageError

    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"{path}: the log cannot be written there ({problem.strerror}).", slug="folder-unwritable",
                         hint="Name another file with --log-file.") from problem
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    for shown in root.handlers:
        shown.setLevel(root.level)
    root.addHandler(handler)
    _SAID.addHandler(handler)
    logging.getLogger("reportgen").setLevel(logging.INFO)
    _SAID.info("reportgen %s, Python %s: %s", __version__, platform.python_version(), shlex.join(sys.argv[1:]))


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _rendering(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that writes a report."""
    options = [
        click.option("--language", "languages", type=LANGUAGE, multiple=True, help="uk or en; repeat for both."),
        click.option("--format", "formats", type=_Formats(), multiple=True,
                     help="Repeat for several; all but single by default."),
        click.option("--site-url", help="Where the folder will be published, for addresses that must be whole."),
        click.option("--profile", help="How the PDF is set: dstu-3008, kpi, nure, plain-a4, …, or a .toml file."),
        click.option("--pdf-quality", type=click.Choice(["draft", "normal", "print"]),
                     help="How fine the pictures of the PDF are: about 100, 200 or 300 to the inch."),
        click.option("--single-file", is_flag=True, help="Also the whole report as one HTML file for each language."),
        click.option("--force", is_flag=True, help="Render even when nothing has changed or a file is very large."),
        click.option("-o", "--out", type=click.Path(path_type=Path), help="The output folder; site by default."),
        click.option("--templates", type=click.Path(path_type=Path, exists=True, file_okay=False), multiple=True,
                     help="A folder of templates that come before the built-in ones."),
        click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Rendering processes."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _computing(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that looks at a network."""
    options = [
        click.option("--colours", help="The colours of maps: viridis (the default) or cividis."),
        click.option("--commit", help="The commit that the report is of; auto asks CI, then the repository; or none."),
        click.option("--trust-config", is_flag=True,
                     help="Let the configuration take pictures, texts and templates from outside its folder."),
        click.option("--cache", type=click.Path(path_type=Path, file_okay=False),
                     help="Where computed sections are kept."),
        click.option("--dry-run", is_flag=True, help="Tell what would be made, and make nothing."),
        click.option("--no-cache", is_flag=True, help="Compute everything anew and keep nothing."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@_rendering
@_computing
def demo(**options: Any) -> None:
    """Build the report on the embedded network and images, everything, into site/."""
    from reportgen import resources

    _exit(_build(resources.folder("configs") / "demo.toml", wishes_of(options), options))


@main.command()
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--model", help="A .keras, .h5 or .hdf5 file, or a name such as vgg16.")
@click.option("--weights", help="For a name: imagenet, none or a file; for an architecture: a file.")
@click.option("--architecture", type=click.Path(path_type=Path), help="The architecture's JSON, for weights alone.")
@click.option("--image", "images", type=click.Path(path_type=Path), multiple=True, help="An image; repeat for several.")
@click.option("--truth", "truths", multiple=True, help="The true class of each image, in the order of the images.")
@click.option("--mask", "masks", type=click.Path(path_type=Path), multiple=True, help="The true mask of each image.")
@click.option("--labels", type=click.Path(path_type=Path), help="The names of the classes: JSON or a name a line.")
@click.option("--preprocess", help="auto, none, unit, caffe, tf, torch, or a network's name.")
@click.option("--input", "input_name", help="Which input of the network the image goes to.")
@click.option("--output", "output_name", help="Which output of the network is looked at.")
@click.option("--size", type=(int, int), metavar="HEIGHT WIDTH", help="For a network that takes any size.")
@click.option("--classes", type=click.IntRange(1), help="How many classes to show.")
@click.option("--layers", help="Only these layers, separated by commas.")
@click.option("--target", "targets", multiple=True, metavar="TARGET",
              help="What to explain: a class, layer:channel, or class@region; repeat for several.")
@click.option("--cam-layer", help="The layer of the class activation maps.")
@click.option("--raw-maps", is_flag=True, help="Also save the maps of attention as numbers (.npz).")
@click.option("--effort", type=click.Choice(["quick", "standard", "thorough"]),
              help="How much is computed for attention and optimization; quick leaves optimization out unless named.")
@click.option("--artifacts", help="Names and groups separated by commas: filters, activations, …, all.")
@click.option("--title", help="The report's title.")
@click.option("--prefix", help="What the figures' file names begin with.")
@click.option("--trust-model", is_flag=True, help="Run the code that the model file carries.")
@click.option("--custom", multiple=True, metavar="MODULE.PY:NAME", help="A class of your own that the model needs.")
@click.option("--seed", type=int, help="For random weights.")
@_rendering
@_computing
def build(config: Path | None, **options: Any) -> None:
    """Look at a network with an image in it and write the report.

    CONFIG is a TOML file; every option beats it.
    """
    if config is None and not options["model"]:
        raise click.UsageError("Name a model with --model, or a configuration file. `reportgen demo` needs neither.")
    _exit(_build(config, wishes_of(options), options))


@main.command()
@click.argument("report", type=click.Path(path_type=Path))
@_rendering
def render(report: Path, **options: Any) -> None:
    """Write a saved report again: other languages, formats or templates. No TensorFlow, no model.

    In its own folder it is written in the languages and formats that it has, unless others are named.
    """
    from reportgen.build import render_site
    from reportgen.config import validate
    from reportgen.output import made_of
    from reportgen.render import steps_of
    from reportgen.report.codec import load
    from reportgen.terminal import watching

    document = load(report)
    wishes = wishes_of(options)
    home = report if report.is_dir() else report.parent
    wishes.setdefault("folder", home)
    same = made_of(home) if wishes["folder"] == home else {}
    config = validate({**same, **wishes}, "the command line")
    if options["profile"]:
        styles = config.lab.lab().styles
        document = dataclasses.replace(document, lab=dataclasses.replace(document.lab, styles=styles))
    with watching(options["jobs"], say) as watcher:
        watcher.begin((), steps_of(config.language, config.formats), len(document.sections))
        render_site(document, config, jobs=options["jobs"], force=options["force"], watcher=watcher)
    _exit(_done(document, config))


@main.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.option("--trust-model", is_flag=True, help="Run the code that the model file carries.")
@click.option("--custom", multiple=True, metavar="MODULE.PY:NAME", help="A class of your own that the model needs.")
@click.option("--weights", default="imagenet", help="For a name: imagenet, none or a file.")
@click.option("--architecture", type=click.Path(path_type=Path), help="The architecture's JSON, for weights alone.")
def inspect(model: str, as_json: bool, **options: Any) -> None:
    """Show a network's layers, shapes, what can be drawn, and what its file asks for."""
    from reportgen.build import model_path
    from reportgen.config import validate
    from reportgen.inspection import inspect_model

    _mute_native_code()
    path = model_path(validate({"model": {"file": model}}, "the command line"))
    facts = dataclasses.replace(inspect_model(str(path or model), **options), model=model)
    click.echo(json.dumps(facts.as_json(), indent=1, ensure_ascii=False) if as_json else facts.as_text())
    if facts.refused:
        say("The file is refused as it is; --trust-model or --custom opens it.")
        sys.exit(3)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def artifacts(as_json: bool) -> None:
    """List what can be shown, with the parameters of each."""
    from reportgen import catalogue

    if as_json:
        document = {
            name: {"group": artifact.chapter, "title": str(artifact.title),
                   "parameters": catalogue.parameters_of(artifact), "package": catalogue.origin_of(name)}
            for name, artifact in catalogue.everything().items()
        }
        click.echo(json.dumps(document, indent=1, ensure_ascii=False, default=str))
        return
    for name, artifact in catalogue.everything().items():
        package = catalogue.origin_of(name)
        click.echo(f"{name:24}{artifact.chapter:14}{artifact.title}{f' ({package})' if package else ''}")
        for parameter, default in catalogue.parameters_of(artifact).items():
            click.echo(f"{'':24}{'':14}  {parameter} = {default!r}")


@main.command()
@click.argument("path", type=click.Path(path_type=Path), default="site")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@_rendering
@_computing
def serve(path: Path, port: int, **options: Any) -> None:
    """Show a report on this machine alone, and make it anew when its configuration or templates change.

    PATH is the folder of a report or a configuration, which is then built first.
    """
    import threading

    from reportgen.build import input_files, render_site
    from reportgen.config import read_config, validate
    from reportgen.errors import InputError
    from reportgen.files import is_plain
    from reportgen.output import made_of
    from reportgen.report.codec import load
    from reportgen.serving import Server
    from reportgen.serving import serve as run

    wishes = wishes_of(options)
    is_config, trusted = path.suffix == ".toml", options["trust_config"]
    if not is_config and not is_plain(path / "report.json"):
        raise InputError(f"{path}: there is no report.", slug="report-unreadable",
                         hint="Name a report's folder, or a configuration to build.")

    def make() -> None:
        if is_config:
            _build(path, wishes, options)
        else:
            config = validate({**made_of(path), **wishes, "folder": path}, "the command line")
            render_site(load(path), config, jobs=options["jobs"], force=options["force"])

    def again() -> None:
        try:
            make()
        except ReportgenError as problem:
            tell(problem)

    def watched() -> list[Path]:
        files = [*wishes.get("templates", ())]
        with contextlib.suppress(ReportgenError):
            files += input_files(path, read_config(path, wishes, trusted=trusted)) if is_config else []
        return files

    if is_config or wishes:
        make()
    server = Server(read_config(path, wishes, trusted=trusted).folder if is_config else path, port)
    inform(f"The report is at {server.address} (Ctrl-C ends it).")
    with contextlib.suppress(KeyboardInterrupt):
        run(server, watched, again, threading.Event())


@main.command()
@click.argument("report", type=click.Path(path_type=Path))
@click.option("--submission", is_flag=True, help="Also what a lab report lacks to be handed in.")
@click.option("--language", type=LANGUAGE, default="uk", show_default=True, help="The language it is handed in.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def check(report: Path, submission: bool, language: str, as_json: bool) -> None:
    """Tell what is wrong with a finished report: failed sections, missing words, changed files."""
    from reportgen.checking import check as checked
    from reportgen.checking import verdict

    problems = checked(report, submission=submission, language=language)
    if as_json:
        click.echo(json.dumps(verdict(problems), indent=1, ensure_ascii=False))
    else:
        for problem in problems:
            click.echo(problem.as_line())
        click.echo(f"Problems found: {len(problems)}." if problems else "Nothing is wrong.")
    sys.exit(1 if problems else 0)


@main.command()
@click.argument("lab")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--epochs", type=click.IntRange(1), help="Fewer make a quick and worse network.")
@click.option("--data", default="", help="What to train on, where a lab has a choice, such as cifar10.")
def train(lab: str, out: Path | None, seed: int, epochs: int | None, data: str) -> None:
    """Train the network of a lab, on its own generated data unless another set is named."""
    from reportgen.labs import find_lab
    from reportgen.terminal import training

    chosen = find_lab(lab)
    _mute_native_code()
    target = out or Path(f"{lab}.keras")
    with _written(target):  # better told now than after the training
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.touch()
            target.unlink()
    with training(f"Training {lab}") as progress:
        result = chosen.train(target, seed=seed, epochs=epochs, on_progress=progress, data=data)
    for name, value in result.metrics.items():
        click.echo(f"{name}: {value:.4f}")
    click.echo(f"Saved to {result.path}")


@main.command()
@click.argument("target", type=click.Path(path_type=Path), default="lab.toml")
@click.option("--language", type=LANGUAGE, default="uk", show_default=True, help="The language of its comments.")
def init(target: Path, language: str) -> None:
    """Write a configuration to start from, with a cover page to fill in."""
    from reportgen import resources
    from reportgen.errors import UsageError

    if target.exists():
        raise UsageError(
            f"{target}: the file exists and is left as it is.", slug="file-exists", hint="Name another file."
        )
    examples = resources.folder("configs")
    own = examples / f"lab.{language}.toml"
    example = own if own.is_file() else examples / "lab.en.toml"
    with _written(target):
        target.write_text(example.read_text(encoding="utf-8"), encoding="utf-8")
    inform(f"Wrote {target}. Fill it in, then run: reportgen build {target}")


@contextlib.contextmanager
def _written(target: Path) -> Iterator[None]:
    """A new file is written in the block: whole, or it is told why not."""
    from reportgen.errors import UsageError

    new = not target.exists()
    try:
        yield
    except OSError as problem:
        if new:
            with contextlib.suppress(OSError):
                target.unlink()
        raise UsageError(f"{target}: the file cannot be written there ({problem.strerror}).", slug="folder-unwritable",
                         hint="Name another one.") from problem


@main.group()
def config() -> None:
    """About configuration files."""


@config.command("schema")
def config_schema() -> None:
    """Print the JSON Schema of a configuration file, for editors."""
    from reportgen.config import schema

    click.echo(json.dumps(schema(), indent=1, ensure_ascii=False, default=str))


@config.command("show")
@click.argument("path", metavar="[CONFIG]", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def config_show(path: Path | None, as_json: bool) -> None:
    """Print every value that a build would use, and whether it comes from the file."""
    from reportgen.config import origins, read_config

    rows = origins(path, read_config(path, {}, trusted=True))
    if as_json:
        click.echo(json.dumps([dict(zip(("name", "value", "origin"), row, strict=True)) for row in rows], indent=1,
                              ensure_ascii=False))
        return
    width = max(len(name) for name, _value, _origin in rows)
    for name, value, origin in rows:
        click.echo(f"{name:{width}}  {value:32}  {origin}")


@main.command()
def doctor() -> None:
    """Check what the program stands on: libraries, Pango, fonts, memory."""
    from reportgen.doctor import examine

    findings = examine()
    for finding in findings:
        click.echo(f"{'ok  ' if finding.good else 'BAD '} {finding.text}")
    if not all(finding.good for finding in findings):
        sys.exit(1)


def _exit(good: bool) -> None:
    sys.exit(0 if good else 1)


def _build(path: Path | None, wishes: dict[str, Any], options: dict[str, Any]) -> bool:
    """Build and tell; false where a section failed."""
    from reportgen.build import build_site, foreseen
    from reportgen.config import read_config
    from reportgen.terminal import watching

    config = read_config(path, wishes, trusted=options["trust_config"])
    store = _store(options)
    if options["dry_run"]:
        _foretell(config, foreseen(config, store))
        return True
    with watching(options["jobs"], say) as watcher:
        report = build_site(config, store, jobs=options["jobs"], force=options["force"], watcher=watcher)
    if report is None:
        inform(f"Nothing has changed: {config.folder / 'index.html'} is up to date.")
        return True
    return _done(report, config)


def _store(options: dict[str, Any]) -> Store:
    """Where sections are kept. A folder that was named must be usable; without a usable home nothing is kept."""
    from reportgen.store import Store, default_folder

    if options["no_cache"]:
        return Store(None)
    if options["cache"]:
        return Store(options["cache"])
    folder = default_folder()
    why = "You have no home folder for a cache."
    if folder:
        try:
            return Store(folder)
        except ReportgenError as problem:
            why = problem.message
    log.warning("%s The build goes on without one; --cache names another folder.", why)
    return Store(None)


def _foretell(config: Config, plan: tuple[tuple[str, bool], ...]) -> None:
    missing = [name for name, kept in plan if not kept]
    click.echo(f"Sections: {len(plan)}, of them in the cache {len(plan) - len(missing)}.")
    if missing:
        click.echo(f"To be made: {', '.join(missing)}.")
    click.echo(f"Written into {config.folder}: {', '.join(config.formats)} in {', '.join(config.language)}.")


def _done(report: Report, config: Config) -> bool:
    for section in report.sections:
        for note in section.notes:
            if note.level == "failed":
                say(f"Failed: {section.name}: {note.text}")
    first = "index.html" if "html" in config.outputs else "report.json"
    inform(f"The report is in {config.folder / first}")
    return not report.failed
