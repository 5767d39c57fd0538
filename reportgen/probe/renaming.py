"""Layer names that today's Keras does not allow, changed wherever a configuration mentions them."""

from __future__ import annotations

from typing import Any, TypeAlias

Object: TypeAlias = "dict[str, Any]"


def without_slashes(config: Object) -> bool:
    """Give a model's layers names without "/", everywhere they are named; true where there were any."""
    layers = config["layers"]
    names = [_layer_name(layer) for layer in layers]
    taken = {name for name in names if "/" not in name}
    renamed: dict[str, str] = {}
    own = False
    for name in names:
        if "/" in name:
            renamed[name] = _free(name.replace("/", "_"), taken)
    if isinstance(config.get("name"), str) and "/" in config["name"]:
        config["name"] = config["name"].replace("/", "_")
        own = True
    if not renamed:
        return own
    for layer in layers:
        for holder in (layer, layer.get("config")):
            if isinstance(holder, dict) and holder.get("name") in renamed:
                holder["name"] = renamed[holder["name"]]
        layer["inbound_nodes"] = _rename(layer.get("inbound_nodes", []), renamed)
    for key in ("input_layers", "output_layers"):
        if key in config:
            config[key] = _rename(config[key], renamed)
    return True


def _rename(value: Any, renamed: dict[str, str]) -> Any:
    """References to layers, `[name, node, tensor]`, with the new names."""
    if isinstance(value, list):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            return [renamed.get(value[0], value[0]), *(_rename(item, renamed) for item in value[1:])]
        return [_rename(item, renamed) for item in value]
    if isinstance(value, dict):
        return {key: _rename(item, renamed) for key, item in value.items()}
    return value


def _free(name: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    taken.add(free)
    return free


def _layer_name(layer: Object) -> str:
    config = layer.get("config")
    name = layer.get("name") or (config.get("name") if isinstance(config, dict) else "")
    return name if isinstance(name, str) else ""
