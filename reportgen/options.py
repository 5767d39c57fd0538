"""From the options of the command line to the wishes of a configuration."""

from __future__ import annotations

from typing import Any

from reportgen.errors import UsageError


def wishes_of(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, under the names of the configuration."""
    given = {name: value for name, value in options.items() if value not in (None, (), False)}
    wishes: dict[str, Any] = {}
    for option, key in {
        "languages": "language", "formats": "outputs", "out": "folder", "labels": "labels", "size": "size",
        "title": "title", "prefix": "prefix", "templates": "templates", "single_file": "single_file",
        "site_url": "site_url", "pdf_quality": "pdf_quality", "colours": "colours", "commit": "commit",
    }.items():
        if option in given:
            wishes[key] = given[option]
    if "profile" in given:
        wishes["lab"] = {"profile": given["profile"]}
    model = {
        key: given[option]
        for option, key in {
            "model": "file", "weights": "weights", "architecture": "architecture", "preprocess": "preprocessing",
            "input_name": "input", "output_name": "output", "trust_model": "trust", "custom": "custom", "seed": "seed",
        }.items()
        if option in given
    }
    if model:
        wishes["model"] = model
    if given.keys() & {"images", "truths", "masks"}:
        wishes["image"] = _images(given)
    if "artifacts" in given:
        wishes["select"] = _names(given["artifacts"])
    layers = {"layers": _names(given["layers"])} if "layers" in given else {}
    optimization = layers | ({"effort": given["effort"]} if "effort" in given else {})
    if optimization:
        wishes["optimization"] = optimization
    names = {
        "effort": "effort", "classes": "classes", "targets": "targets", "cam_layer": "layer", "raw_maps": "raw_maps",
    }
    attention = {key: given[option] for option, key in names.items() if option in given}
    if attention:
        wishes["attention"] = attention
    narrowed = layers | ({"classes": given["classes"]} if "classes" in given else {})
    if narrowed:
        wishes["artifacts"] = _parameters(narrowed)
    return wishes


def _images(given: dict[str, Any]) -> list[dict[str, Any]]:
    images = [{"file": image} for image in given.get("images", ())]
    for option, key in (("truths", "label"), ("masks", "mask")):
        values = given.get(option, ())
        if len(values) > len(images):
            raise UsageError(f"There are more values of --{option[:-1]} than images.", slug="config")
        for image, value in zip(images, values, strict=False):
            image[key] = value
    return images


def _parameters(narrowed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """`--layers` and `--classes`, given to every artifact that has such a parameter."""
    from reportgen import catalogue

    tables = {
        name: {
            key: value for key, value in narrowed.items()
            if isinstance(catalogue.parameters_of(artifact).get(key), type(value))  # and no count of the same name
        }
        for name, artifact in catalogue.usable().items()
    }
    return {name: table for name, table in tables.items() if table}


def _names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
