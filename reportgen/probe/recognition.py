"""What kind of file lies there, told by its first bytes and never by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from reportgen.errors import InputError
from reportgen.files import NotPlainError, check_plain

_HDF5 = b"\x89HDF\r\n\x1a\n"
_HOW_TO_SAVE = "Where the model was made, write `model.save('name.keras')`."


def recognise(path: Path) -> Literal["zip", "hdf5"]:
    """A zip archive or an HDF5 file; everything else is an error that says what it is and how to convert it."""
    try:
        if path.is_dir():
            raise _folder(path)
        check_plain(path)
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(4096)
            where_hdf5_may_start = [0, *(512 << power for power in range(20) if 512 << power < size)]
            hdf5 = any(file.seek(place) >= 0 and file.read(8) == _HDF5 for place in where_hdf5_may_start)
    except FileNotFoundError as problem:
        raise InputError(
            f"{path}: there is no such file.", slug="model-missing",
            hint="Check the path; a name without an ending, such as vgg16, means a network of keras.applications.",
        ) from problem
    except NotPlainError as problem:
        raise InputError(
            f"{path}: the model cannot be read: {problem.strerror}.", slug="model-unreadable",
            hint="Name the model's own file.",
        ) from problem
    except OSError as problem:
        raise InputError(
            f"{path}: the file cannot be read: {problem.strerror or 'the system refuses'}.",
            slug="model-unreadable", hint="Check its permissions.",
        ) from problem
    if hdf5:
        return "hdf5"
    if start[:4] == b"PK\x03\x04":
        return "zip"
    raise _foreign(path, size, start)


def foreign_archive(path: Path, names: list[str]) -> InputError:
    """The error for a zip archive that is no Keras model."""
    ends = {name.rpartition("/")[2] for name in names}
    what, hint = "a zip archive, but there is no Keras model in it", f"Name the model's own file. {_HOW_TO_SAVE}"
    if "data.pkl" in ends:
        what = "a PyTorch model, which runs code when it is read"
        hint = "reportgen reads Keras models only; rebuild the network in Keras and copy the weights."
    elif "saved_model.pb" in ends:
        what, hint = "a zipped TensorFlow SavedModel", _saved_model_hint()
    elif "model.weights.npz" in ends:
        what, hint = "a Keras archive with its weights as npz", f"It needs them as HDF5. {_HOW_TO_SAVE}"
    elif "config.json" in names:
        what, hint = "a Keras archive without its weights", f"{_HOW_TO_SAVE}"
    elif names and all(name.endswith(".npy") for name in names):
        what, hint = "a NumPy archive of arrays", _HOW_TO_SAVE
    elif "[Content_Types].xml" in names:
        what, hint = "an office document", "Name the model's own file."
    elif any(name.endswith((".keras", ".h5", ".hdf5")) for name in names):
        what, hint = "a zip archive around a model file", "Unpack it first."
    return _not_model(path, what, hint)


def _folder(path: Path) -> InputError:
    if (path / "saved_model.pb").exists():
        return _not_model(path, "a TensorFlow SavedModel folder (made by `model.export`)", _saved_model_hint())
    if (path / "config.json").exists() and (path / "model.weights.h5").exists():
        hint = "Zip its three files, without the folder, into a file named `name.keras`."
        return _not_model(path, "an unpacked Keras archive", hint)
    return _not_model(path, "a folder", "Name the model's file inside it.")


def _foreign(path: Path, size: int, start: bytes) -> InputError:
    for true, what, hint in _signs(path.suffix.lower(), size, start, start.lstrip()[:64].lower()):
        if true:
            return _not_model(path, what, hint)
    return _not_model(
        path, "not a model file that Keras writes", f"Give a .keras, .h5 or .hdf5 file. {_HOW_TO_SAVE}"
    )


def _signs(ending: str, size: int, start: bytes, text: bytes) -> list[tuple[bool, str, str]]:
    """Whether a sign is there, what it means and what to do, the surest signs first."""
    pickled = start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")
    packed = start[:3] == b"\x1f\x8b\x08" or start[:3] == b"BZh" or start[:6] == b"7z\xbc\xaf'\x1c"
    again = "Copy or download it again."
    return [
        (size == 0, "empty (0 bytes)", again),
        (start[:4] == b"PK\x05\x06", "an empty zip archive", again),
        (text.startswith(b"version https://git-lfs"), "a Git LFS pointer, not the model itself",
         "Run `git lfs pull` in its folder."),
        (text.startswith((b"<!doctype", b"<html", b"<?xml")), "a web page, not a model: the download went wrong",
         "Download the raw file."),
        (start[4:8] == b"TFL3", "a TensorFlow Lite model, which has no Keras layers any more",
         f"Use the model it was converted from. {_HOW_TO_SAVE}"),
        (pickled, "a pickle (from Python or PyTorch), which runs code when it is read",
         f"Open it where you trust it and save it again. {_HOW_TO_SAVE}"),
        (packed, "a packed archive", "Unpack it first."),
        (start[8:9] == b"{" and int.from_bytes(start[:8], "little") < size,
         "a safetensors file: weights without a network", _HOW_TO_SAVE),
        (text.startswith((b"{", b'"{')), "JSON: perhaps a network's architecture, without its weights",
         "Give the file of weights as the model, and this one with --architecture."),
        (ending == ".onnx", "an ONNX model",
         "reportgen reads Keras models only; use the Keras model that it was exported from."),
        (ending == ".pb", "a TensorFlow graph or part of a SavedModel", _saved_model_hint()),
    ]


def _saved_model_hint() -> str:
    return (
        "Keras 3 cannot look inside it: `model.export` keeps the computation but not the layers. "
        f"{_HOW_TO_SAVE}"
    )


def _not_model(path: Path, what: str, hint: str) -> InputError:
    return InputError(f"{path}: this is {what}.", slug="model-not-model", hint=hint)
