"""Which connections of a network are skips, and which are branches side by side.

A skip carries an earlier answer past layers with weights to a layer that adds or joins it to what they made of it: as
it is (U-Net, Ronneberger et al. 2015, https://arxiv.org/abs/1505.04597; DenseNet, Huang et al. 2017,
https://arxiv.org/abs/1608.06993), or, where it is added, through one convolution of a single place (the projection of
He et al. 2016, https://arxiv.org/abs/1512.03385). Branches that each do work of their own, as in Inception or the Fire
modules of SqueezeNet, are none, nor is a gate that multiplies.
"""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.probe import Layer, Layers

MERGES = {"Add": True, "Average": True, "CustomScaleLayer": True, "Concatenate": False}
"""Layers that take a skip in (the third is the scaled sum of InceptionResNetV2 in Keras), and whether it may be
projected and pooled on its way."""
_KEEPING = ("activation", "normalization", "reshape")
"""Families that leave an answer what it is."""
_REGULARIZING = ("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "Identity", "StochasticDepth")
_WORKING = ("convolution", "dense", "attention", "recurrent")


def skips(layers: Layers) -> list[tuple[str, str]]:
    """Pairs of the layer whose answer leaps and the one that takes it in, in running order."""
    known = {layer.name: layer for layer in layers}
    found = []
    for layer in layers:
        if layer.kind not in MERGES or len(layer.parents) < 2:
            continue
        for place, parent in enumerate(layer.parents):
            others = [other for number, other in enumerate(layer.parents) if number != place]
            leaps = (at for at in _earlier(known, parent, MERGES[layer.kind]) if _worked_on(known, at, others))
            found += [(leap, layer.name) for leap in [next(leaps, "")] if leap]
    return found


def _earlier(known: dict[str, Layer], name: str, added: bool) -> Iterator[str]:
    """The layers whose answer arrives in `name` as it is, and, where it is added, through one projection."""
    projected = False
    while name in known:
        layer = known[name]
        yield name
        projects = layer.family == "convolution" and set(layer.kernel) <= {1}
        if projects and added and not projected:
            projected = True
        elif not (_keeps(layer) or (added and layer.family == "pooling")):
            return
        if len(layer.parents) != 1:
            return
        name = layer.parents[0]


def _keeps(layer: Layer) -> bool:
    return layer.family in _KEEPING or layer.kind.startswith(_REGULARIZING) or layer.kind.startswith("SpatialDropout")


def _worked_on(known: dict[str, Layer], start: str, ends: list[str]) -> bool:
    """True where layers with weights lie on a way from `start` to one of `ends`."""
    seen: set[tuple[str, bool]] = set()
    left = [(end, False) for end in ends]
    while left:
        name, worked = left.pop()
        if (name, worked) in seen or name not in known:
            continue
        seen.add((name, worked))
        if name == start:
            if worked:
                return True
            continue
        layer = known[name]
        left += [(parent, worked or layer.family in _WORKING) for parent in layer.parents]
    return False
