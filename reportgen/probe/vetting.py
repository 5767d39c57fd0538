"""What a model file is and what it asks for, read before anything in it is trusted.

Neither Keras nor TensorFlow is loaded here. A file is opened once: what vetting learned (its
configuration, the open HDF5 file) is handed on to the loading.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import zipfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import h5py

from reportgen.errors import InputError
from reportgen.files import read_plain
from reportgen.probe import concerns, containers, hdf5, known, own_code, recognition
from reportgen.probe.concerns import Concern
from reportgen.probe.source import ModelSource

Format: TypeAlias = Literal["keras", "h5", "weights"]
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What a model file is, said without loading it.

    `format` is "keras" (a Keras 3 archive), "h5" (a whole model in HDF5) or "weights" (weights alone).
    `layers` counts the declared layers at every depth. `weights_bytes` is what the arrays take when read.
    """

    path: Path
    format: Format
    keras_version: str = ""
    kind: str = ""
    layers: int = 0
    concerns: tuple[Concern, ...] = ()
    file_bytes: int = 0
    config_bytes: int = 0
    weights_bytes: int = 0
    arrays: int = 0

    @property
    def refused(self) -> bool:
        """True where the file would not be opened without `--trust-model` or `--custom`."""
        return any(concern.refused for concern in self.concerns)


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that is open for reading and has been measured: its report, configuration and arrays."""

    report: FileReport
    config: dict[str, Any] | None
    weights: h5py.File
    assets: tuple[str, ...] = field(default=())


def inspect_file(path: Path, custom: Collection[str] = ()) -> FileReport:
    """What the file is and what it asks for; an error only where it cannot be read at all."""
    with opened(path, custom) as file:
        return file.report


@contextmanager
def opened(path: Path, custom: Collection[str] = ()) -> Iterator[ModelFile]:
    """The file, measured and walked; whatever is wrong with it becomes one sentence.

    `custom` holds the names of the classes and functions that the user gave.
    """
    form = recognition.recognise(path)
    with ExitStack() as stack:
        try:
            file = _open_keras(path, custom, stack) if form == "zip" else _open_h5(path, custom, stack)
        except containers.SuspiciousError as problem:
            raise InputError(
                f"{path}: the file is refused: {problem}.", slug="model-suspicious",
                hint="Such a file was not written by Keras; ask its author for a new one.",
            ) from problem
        except InputError:
            raise
        except Exception as problem:  # damaged bytes make the libraries below fail in every way they can
            raise _damaged(path) from problem
        yield file


def check_model(source: ModelSource) -> None:
    """Stop at a model that will not be opened, as far as its files tell it."""
    own_code.check(source.custom)
    custom = [own_code.parts(entry)[1] for entry in source.custom]
    if not source.is_file:
        known.check_name(source.model)
        if source.weights not in ("imagenet", "none"):
            inspect_file(Path(source.weights))
        return
    with opened(Path(source.model), custom) as file:
        report = file.report
        if source.architecture:
            config = read_architecture(source.architecture)
            report = report_of(config, replace(report, path=source.architecture), custom)
        elif file.config is None:
            raise without_network(file)
    if not source.trusted:
        refuse_concerns(report)


def without_network(file: ModelFile) -> InputError:
    """The error for a file of arrays that says nothing of the network they belong to."""
    path = file.report.path
    return InputError(
        f"{path}: the file holds weights alone, without the network they belong to.", slug="weights-alone",
        hint="Give the network's description with --architecture arch.json (from `model.to_json()`), "
        f"or name a network of keras.applications as the model, with --weights {path.name}.",
    )


def refuse_concerns(report: FileReport) -> None:
    """Stop at a file that asks for more than plain Keras layers."""
    refused = [concern for concern in report.concerns if concern.refused]
    if not refused:
        return
    first = refused[0]
    where = f"layer '{first.layer}'" if first.layer else "the model itself"
    more = f" (and {len(refused) - 1} more like this)" if len(refused) > 1 else ""
    if all(concern.needs for concern in refused):
        names = " ".join(f"--custom FILE.py:{name}" for name in dict.fromkeys(concern.needs for concern in refused))
        hint = f"If it is yours, give its code with {names}."
    else:
        hint = "If you trust the file's author with your computer, open it with --trust-model."
    raise InputError(
        f"{report.path}: {where} asks for {first.what}{more}; the file was not opened.", slug="model-refused",
        hint=hint,
    )


def read_config(text: bytes | str, path: Path) -> dict[str, Any]:
    """The configuration as data; one that is not a model's is an error."""
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InputError(
            f"{path}: the description of the network in it is not valid JSON.", slug="model-damaged",
            hint="Save the model again, or copy the file again.",
        ) from problem
    if isinstance(config, str):
        return read_config(config, path)
    if not isinstance(config, dict) or "class_name" not in config:
        raise InputError(
            f"{path}: the JSON in it does not describe a Keras network.", slug="model-not-model",
            hint="It is written by `model.to_json()`.",
        )
    return config


def report_of(config: dict[str, Any], report: FileReport, custom: Collection[str]) -> FileReport:
    """The report completed by what the configuration declares; what only training needs is taken out of it."""
    try:
        concerns.without_training(config)
        found = concerns.concerns_of(config, custom)
        layers = concerns.layer_count(config)
    except concerns.TooDeepError as problem:
        raise containers.SuspiciousError("its configuration is nested deeper than any network") from problem
    kind = config["class_name"] if isinstance(config["class_name"], str) else ""
    return FileReport(
        report.path, report.format, report.keras_version, kind, layers, found,
        report.file_bytes, report.config_bytes, report.weights_bytes, report.arrays,
    )


def _open_keras(path: Path, custom: Collection[str], stack: ExitStack) -> ModelFile:
    archive = stack.enter_context(containers.open_archive(path))
    names = archive.namelist()
    if CONFIG not in names or WEIGHTS not in names:
        raise recognition.foreign_archive(path, names)
    text = containers.read_text(archive, CONFIG)
    config = read_config(text, path)
    unpacked = stack.enter_context(tempfile.TemporaryFile(prefix="reportgen-"))  # noqa: SIM115
    member = containers.open_member(archive, path, WEIGHTS, unpacked)
    stack.callback(member.close)
    weights = stack.enter_context(h5py.File(member, "r"))
    contents = hdf5.measure(weights, member, path.stat().st_size)
    report = FileReport(
        path, "keras", _version(archive, names), file_bytes=path.stat().st_size, config_bytes=len(text),
        weights_bytes=contents.declared, arrays=contents.arrays,
    )
    return ModelFile(report_of(config, report, custom), config, weights, _assets(names))


def _open_h5(path: Path, custom: Collection[str], stack: ExitStack) -> ModelFile:
    raw = stack.enter_context(path.open("rb"))
    weights = stack.enter_context(h5py.File(path, "r"))
    size = path.stat().st_size
    if len(weights) and "model_config" not in weights.attrs and not hdf5.holds_weights(weights):
        names = [f"'{name[:40]}'" for name in itertools.islice(weights, 4)]
        raise InputError(
            f"{path}: this is an HDF5 file of data ({', '.join(names[:3] + ['…'] * (len(names) > 3))}), not a model.",
            slug="model-not-model", hint="Name the file that `model.save` wrote.",
        )
    contents = hdf5.measure(weights, raw, size)
    text = hdf5.read_attribute(weights, "model_config")
    version = hdf5.read_attribute(weights, "keras_version")
    if version is None and "model_weights" in weights:
        version = hdf5.read_attribute(weights["model_weights"], "keras_version")
    if contents.arrays == 0 and text is None:
        raise InputError(
            f"{path}: an HDF5 file without arrays: there is no model in it.", slug="model-not-model",
            hint="Name the file that `model.save` wrote.",
        )
    report = FileReport(
        path, "weights" if text is None else "h5", version or "", file_bytes=size, config_bytes=len(text or ""),
        weights_bytes=contents.declared, arrays=contents.arrays,
    )
    if text is None:
        return ModelFile(report, None, weights)
    config = read_config(text, path)
    return ModelFile(report_of(config, report, custom), config, weights)


def _version(archive: zipfile.ZipFile, names: list[str]) -> str:
    try:
        stated = json.loads(containers.read_text(archive, METADATA)) if METADATA in names else {}
    except (ValueError, RecursionError):
        return ""
    version = stated.get("keras_version") if isinstance(stated, dict) else None
    return version[:20] if isinstance(version, str) else ""


def _assets(names: list[str]) -> tuple[str, ...]:
    """What else is in the archive: only the vocabularies of text layers may be."""
    others = [name for name in names if name not in (CONFIG, METADATA, WEIGHTS) and not name.endswith("/")]
    for name in others:
        if not (name.startswith("assets/") and name.endswith("/vocabulary.txt")):
            raise containers.SuspiciousError(f"it holds '{name[:80]}', which Keras does not write")
    return tuple(others)


def _damaged(path: Path) -> InputError:
    return InputError(
        f"{path}: the file is damaged or cut short and cannot be read.", slug="model-damaged",
        hint="Copy or download it again; compare its size with the original's.",
    )


def check_sum(path: Path) -> None:
    """Stop at an archive whose arrays were damaged on their way: wrong weights give no other sign."""
    with archive(path) as opened_again:
        if not containers.intact(opened_again, path, WEIGHTS):
            raise _damaged(path)


def read_architecture(path: Path) -> dict[str, Any]:
    """The description of a network in a JSON file."""
    try:
        text = read_plain(path, containers.LARGEST_TEXT)
    except OSError as problem:
        raise InputError(
            f"{path}: the description of the network cannot be read: {problem.strerror}.", slug="model-missing",
            hint="It is the file that holds the result of `model.to_json()`.",
        ) from problem
    if len(text) > containers.LARGEST_TEXT:
        raise InputError(
            f"{path}: this is too large for the description of a network.", slug="model-suspicious",
            hint="It is written by `model.to_json()`.",
        )
    return read_config(text, path)


def shapes(file: h5py.File) -> list[tuple[int, ...]]:
    """The shapes of all arrays of a measured file, in the order of their paths."""
    found: list[tuple[int, ...]] = []
    file.visititems(lambda _name, item: found.append(item.shape) if isinstance(item, h5py.Dataset) else None)
    return found


def archive(path: Path) -> zipfile.ZipFile:
    """The archive that was vetted, for what else is in it than configuration and weights."""
    return containers.open_archive(path)
