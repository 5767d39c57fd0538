"""Opening a network: vet the file, put its description into today's form, build it, fill in the weights."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
from keras.src.legacy.saving import saving_options, saving_utils
from keras.src.saving import saving_lib, serialization_lib

from reportgen.errors import InputError, ReportgenError
from reportgen.files import exists
from reportgen.probe import Probe, applications, own_code, repairs, vetting, weights
from reportgen.probe.beginning import beginning_of
from reportgen.probe.keras_names import APPLICATION_LAYERS
from reportgen.probe.preprocessing import application_of, choose_preprocessing, plain
from reportgen.probe.source import ModelSource
from reportgen.probe.vetting import ModelFile
from reportgen.text import Message, _


@dataclass(frozen=True)
class OpenedModel:
    """A built network with what is known of its origin.

    `name` is short and fit for file names after slugging, `title` is for people. `application` is the
    plain name of the network of `keras.applications` that was asked for, or empty.
    """

    model: keras.Model
    name: str
    title: str
    kind: str
    application: str = ""
    remarks: tuple[Message, ...] = ()


def load(source: ModelSource) -> Probe:
    """The whole way from what the user named to a probe."""
    from reportgen.probe.keras import KerasProbe

    opened = open_model(source)
    beginning = beginning_of(opened.model, source.input) if source.preprocessing == "auto" else None
    preprocessing, assumptions = choose_preprocessing(source, opened.application, opened.model, beginning)
    probe: Probe = KerasProbe(
        opened.model, source=source, opened=opened, preprocessing=preprocessing, assumptions=assumptions
    )
    return probe


def open_model(source: ModelSource) -> OpenedModel:
    """The network that the user named, built and with its weights."""
    path = Path(source.model)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"keras(\.|$)")
        if exists(path) or (source.is_file and not _is_application(source.model)):
            return _open_architecture(source, path) if source.architecture else _open_file(source, path)
        return _open_application(source)


def custom_objects(wanted: tuple[str, ...]) -> dict[str, Any]:
    """The user's own classes and functions: "module.py:Name" each, imported because the user asked for it."""
    made = own_code.named(wanted)
    return made | {keras.saving.get_registered_name(item): item for item in made.values()}


def _is_application(name: str) -> bool:
    return bool(application_of(name)) and len(Path(name).parts) == 1


def _open_file(source: ModelSource, path: Path) -> OpenedModel:
    own = custom_objects(source.custom)
    with vetting.opened(path, frozenset(own)) as file:
        if file.config is None:
            raise vetting.without_network(file)
        with ThreadPoolExecutor(1) as beside:  # the other core reads the file while this one builds
            sum_checked = beside.submit(vetting.check_sum, path) if file.report.format == "keras" else None
            model, remarks = _rebuild(file, file.config, source, own)
            if sum_checked:
                sum_checked.result()
    return _opened(model, path.stem, (*remarks, *_trust(source, file.report, own)))


def _open_architecture(source: ModelSource, path: Path) -> OpenedModel:
    """A file of weights with the JSON of its network."""
    architecture = source.architecture
    assert architecture is not None
    own = custom_objects(source.custom)
    config = vetting.read_architecture(architecture)
    with vetting.opened(path, frozenset(own)) as file:
        report = vetting.report_of(config, replace(file.report, path=architecture), frozenset(own))
        model, remarks = _rebuild(replace(file, report=report), config, source, own)
    stem = path.name.removesuffix(".h5").removesuffix(".hdf5").removesuffix(".weights")
    return _opened(model, stem, (*remarks, *_trust(source, report, own)))


def _open_application(source: ModelSource) -> OpenedModel:
    title, make = applications.find(source.model)
    remarks: tuple[Message, ...] = ()
    name = plain(title)
    if source.weights == "imagenet":
        model = applications.with_imagenet(name, make)
    elif source.weights == "none":
        model = applications.without_weights(name, make, source.seed)
        remarks = (
            _(
                "The network has random weights (seed {seed:d}): its answers mean nothing, only its build "
                "can be studied.",
                seed=source.seed,
            ),
        )
    else:
        model = _application_with_file(name, make, Path(source.weights))
    return OpenedModel(model, name, title, _kind(model), name, remarks)


def _application_with_file(name: str, make: Any, path: Path) -> keras.Model:
    with vetting.opened(path) as file:
        with weights.unset_weights(1 << 40):
            model = make(weights=None, include_top="notop" not in path.name.replace("_", "").lower())
        _fill(model, file, path)
    return model


def _rebuild(
    file: ModelFile, config: dict[str, Any], source: ModelSource, own: Mapping[str, Any]
) -> tuple[keras.Model, tuple[Message, ...]]:
    """The network of a configuration, filled from the file's arrays."""
    path = file.report.path
    if not source.trusted:
        vetting.refuse_concerns(file.report)
    config, remarks = _repaired(file, config, own)
    if not source.trusted:  # once more: what Keras is given is what was judged
        vetting.refuse_concerns(vetting.report_of(config, file.report, frozenset(own)))
    foreign = bool(own) or source.trusted
    try:
        with weights.unset_weights(file.report.weights_bytes, unset=not foreign):
            objects = {**own, "hard_sigmoid": hard_sigmoid} if repairs.SIGMOID in remarks else own
            model = _from_config(config, objects, trusted=source.trusted)
            if isinstance(model, keras.Model) and not model.built:
                _build(model, file, path)
    except (ReportgenError, MemoryError):
        raise
    except weights.TooLargeError as problem:
        raise _too_large(path, file) from problem
    except Exception as problem:
        if "OOM when allocating" in str(problem):
            raise MemoryError from problem
        if _caused_by(problem, weights.TooLargeError):
            raise _too_large(path, file) from problem
        raise _not_rebuilt(path, file, problem) from problem
    if not isinstance(model, keras.Model):
        raise InputError(
            f"{path}: the file describes a {type(model).__name__}, not a network.", slug="model-not-model",
            hint="Save the whole model with `model.save('name.keras')`.",
        )
    _fill(model, file, path)
    return model, remarks


def _repaired(
    file: ModelFile, config: dict[str, Any], own: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[Message, ...]]:
    version = file.report.keras_version or str(config.get("keras_version", ""))
    try:
        return repairs.repair(config, version=version, custom=frozenset(own), accepts=_accepts)
    except Exception as problem:  # a configuration by no Keras has anything anywhere
        raise _not_rebuilt(file.report.path, file, problem) from problem


def _from_config(config: dict[str, Any], own: Mapping[str, Any], *, trusted: bool) -> Any:
    objects = {**_application_layers(), **own}
    if "module" in config:
        with serialization_lib.ObjectSharingScope():
            return serialization_lib.deserialize_keras_object(config, objects, safe_mode=not trusted)
    scope = serialization_lib.SafeModeScope(not trusted)
    with saving_options.keras_option_scope(use_legacy_config=True), scope:
        return saving_utils.model_from_config(config, custom_objects=objects)


def hard_sigmoid(values: Any) -> Any:
    """Keras 2's function of this name; Keras 3 gave the name to another one."""
    return keras.ops.clip(values * 0.2 + 0.5, 0.0, 1.0)


def _accepts(kind: str, setting: str) -> bool:
    """Whether this Keras' layer of that name knows a setting."""
    made = getattr(keras.layers, kind, None)
    return made is not None and setting in inspect.signature(made.__init__).parameters


def _application_layers() -> dict[str, Any]:
    """Layers of `keras.applications` that an HDF5 file names without saying where they live."""
    return {
        name: vars(importlib.import_module(f"keras.src.applications.{home}"))[name]
        for name, home in APPLICATION_LAYERS.items()
    }


def _build(model: keras.Model, file: ModelFile, path: Path) -> None:
    """Give a Sequential that was saved without an input shape one that its first kernel allows."""
    kernel = next((shape for shape in vetting.shapes(file.weights) if len(shape) == 4), None)
    if isinstance(model, keras.Sequential) and kernel is not None:
        try:
            model.build((None, None, None, kernel[2]))
        except Exception as problem:
            raise _without_shape(path) from problem
    elif isinstance(model, keras.Sequential) or file.report.arrays == 0:
        raise _without_shape(path)


def _fill(model: keras.Model, file: ModelFile, path: Path) -> None:
    if not model.built:
        raise _without_shape(path)
    assets = saving_lib.DiskIOStore("assets", archive=vetting.archive(path), mode="r") if file.assets else None
    with assets.archive if assets else nullcontext():
        try:
            weights.fill(model, file.weights, path, assets)
        except ReportgenError:
            raise
        except Exception as problem:  # arrays that are damaged or not a network's
            raise weights.mismatch(path, own_code.first_line(problem)) from problem
        finally:
            if assets:
                assets.close()


def _opened(model: keras.Model, stem: str, remarks: tuple[Message, ...]) -> OpenedModel:
    return OpenedModel(model, stem, stem, _kind(model), "", remarks)


def _kind(model: keras.Model) -> str:
    if isinstance(model, keras.Sequential):
        return "Sequential"
    return "Functional" if type(model).__name__ == "Functional" or type(model) is keras.Model else "Subclassed"


def _trust(source: ModelSource, report: vetting.FileReport, own: Mapping[str, Any]) -> tuple[Message, ...]:
    """What the reader should know about code that came from outside Keras."""
    remarks: list[Message] = []
    refused = [concern for concern in report.concerns if concern.refused]
    if source.trusted and refused:
        first = refused[0]
        remarks.append(
            _(
                "The file was opened with `--trust-model` although it asks for {what}; its code was run on "
                "this computer.",
                what=first.what,
            )
        )
    if own:
        remarks.append(_("Code outside the file was used: {names}.", names=", ".join(source.custom)))
    return tuple(remarks)


def _too_large(path: Path, file: ModelFile) -> InputError:
    return InputError(
        f"{path}: the network that it describes needs far more weights than the "
        f"{file.report.weights_bytes / 1e6:.3g} MB that the file holds.",
        slug="model-suspicious", hint="Such a file was not written by Keras; ask its author for a new one.",
    )


def _without_shape(path: Path) -> InputError:
    return InputError(
        f"{path}: the network was never given an input shape, so it has no layers that could be looked at yet.",
        slug="model-unbuilt",
        hint="Begin it with keras.Input((height, width, channels)), or call it once on an image, and save it "
        "again.",
    )


def _not_rebuilt(path: Path, file: ModelFile, problem: Exception) -> InputError:
    version = f", which was written by Keras {file.report.keras_version}" if file.report.keras_version else ""
    return InputError(
        f"{path}: Keras {keras.__version__} cannot rebuild the network in the file{version}: "
        f"{own_code.first_line(problem)}.",
        slug="model-not-rebuilt",
        hint="Save it again with a newer Keras, or give your own classes with --custom module.py:Name.",
    )


def _caused_by(problem: BaseException | None, kind: type[BaseException]) -> bool:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        if isinstance(problem, kind) or kind.__name__ in str(problem):
            return True
        seen.add(id(problem))
        problem = problem.__cause__ or problem.__context__
    return False
