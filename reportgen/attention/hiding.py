"""Maps from what the score loses when parts of the image are hidden. No gradient is needed.

What is hidden takes one colour, the same for every method here. Images are made as they are needed, a few at a
time, so that memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from reportgen import imaging
from reportgen.attention.amounts import patch_of
from reportgen.attention.goals import Goal, confidences
from reportgen.attention.gradients import plain_image
from reportgen.probe import Array, Probe, Target
from reportgen.study import MapSettings
from reportgen.text import _

AT_ONCE = 32
"""Images made at a time."""
GRID = 7
"""Places along each side of RISE's random grids, before they are enlarged."""
UNSEEN = 1e-5
"""A change of a raw score by so much moves its probability by less than three millionths."""
ROUNDED = _("hiding parts changes the answer by no more than rounding, or by too little to be seen")
OnShare = Callable[[float], None]


def windows(side: int, patch: int, stride: int) -> list[int]:
    """Where windows of this size start along a side: every stride, and one that ends with the side."""
    patch = min(patch, side)
    starts = list(range(0, side - patch + 1, stride))
    return starts if starts[-1] == side - patch else [*starts, side - patch]


def occlusion(
    probe: Probe, pixels: Array, targets: Sequence[Target], settings: MapSettings, on_share: OnShare
) -> Array:
    """Occlusion (Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901): height × width × targets.

    A pixel's value is the mean loss of the score over all windows that hide it; below zero the score rose.
    """
    height, width = pixels.shape[:2]
    patch, stride = patch_of(min(height, width), settings)
    places = [(y, x) for y in windows(height, patch, stride) for x in windows(width, patch, stride)]
    colour = plain_image(pixels, settings.fill)
    whole = probe.evaluate(pixels[None], targets)[0]
    losses = np.zeros((height, width, len(targets)))
    counts = np.zeros((height, width, 1))
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        batch = np.repeat(pixels[None], len(some), axis=0)
        for image, (y, x) in zip(batch, some, strict=True):
            image[y : y + patch, x : x + patch] = colour[y : y + patch, x : x + patch]
        for (y, x), score in zip(some, probe.evaluate(batch, targets), strict=True):
            losses[y : y + patch, x : x + patch] += whole - score
            counts[y : y + patch, x : x + patch] += 1
        on_share((start + len(some)) / len(places))
    found: Array = (losses / counts).astype(np.float32)
    return found


def least_change(probe: Probe, pixels: Array, goal: Goal, fill: str, method: str) -> float:
    """How much a map must vary to say anything: less than that float32 rounds away, or no probability shows it."""
    both = np.stack([pixels, plain_image(pixels, fill)])
    confident = method == "rise"
    scores = confidences(probe, both, [goal]) if confident else probe.evaluate(both, [goal.target])
    rounding = 64 * float(np.finfo(np.float32).eps) * float(np.abs(scores).max())
    return rounding if confident or goal.inner or probe.output.kind == "values" else max(rounding, UNSEEN)


def random_masks(size: tuple[int, int], settings: MapSettings) -> Iterator[Array]:
    """RISE's masks: random grids of shown and hidden places, enlarged smoothly and shifted by chance."""
    random = np.random.Generator(np.random.PCG64(settings.seed))
    cells = [-(-side // GRID) for side in size]
    large = ((GRID + 1) * cells[0], (GRID + 1) * cells[1])
    for _number in range(settings.masks):
        grid = (random.random((GRID + 1, GRID + 1)) < 0.5).astype(np.float32)
        y, x = (int(random.integers(cell)) for cell in cells)
        yield imaging.resize(grid, large)[y : y + size[0], x : x + size[1]]


def rise(
    pixels: Array, ask: Callable[[Array], Array], settings: MapSettings, on_share: OnShare
) -> Array:
    """RISE (Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421): height × width × goals.

    A pixel's value is the mean confidence over the masks, each counted as far as it shows the pixel.
    """
    size = (pixels.shape[0], pixels.shape[1])
    total, shown = np.zeros(0), np.zeros(size)
    for number, (masks, answers) in enumerate(_asked(random_masks(size, settings), pixels, ask, settings.fill)):
        found = np.einsum("nyx,ng->yxg", masks, answers, optimize=True)
        total = found if number == 0 else total + found
        shown += masks.sum(axis=0)
        on_share(min(1.0, (number + 1) * AT_ONCE / settings.masks))
    means: Array = (total / np.maximum(shown, 1e-12)[..., None]).astype(np.float32)
    return means


def channel_weights(
    pixels: Array, maps: Array, ask: Callable[[Array], Array], settings: MapSettings, on_share: OnShare
) -> Array:
    """How much each channel's map (places × channels), used as a mask, brings back of the score: channels × goals.

    Each map is stretched to 0…1 and enlarged to the image; what the fully hidden image scores is taken off. A
    map that is the same everywhere brings nothing.
    """
    size = (pixels.shape[0], pixels.shape[1])
    low, high = maps.min(axis=(0, 1)), maps.max(axis=(0, 1))
    varied = np.flatnonzero(high - low > 1e-6 * np.maximum(np.abs(high), np.abs(low)))
    hidden = ask(plain_image(pixels, settings.fill)[None])[0]
    weights = np.zeros((maps.shape[-1], len(hidden)))
    stretched = (imaging.resize((maps[..., k] - low[k]) / (high[k] - low[k]), size) for k in varied)
    done = 0
    for masks, answers in _asked(stretched, pixels, ask, settings.fill):
        weights[varied[done : done + len(masks)]] = answers - hidden
        done += len(masks)
        on_share(done / len(varied))
    return weights


def _asked(
    masks: Iterator[Array], pixels: Array, ask: Callable[[Array], Array], fill: str
) -> Iterator[tuple[Array, Array]]:
    """Masks, a few at a time, with the answers to the image seen through each."""
    colour = plain_image(pixels, fill)
    while some := [mask for _place, mask in zip(range(AT_ONCE), masks, strict=False)]:
        stack = np.stack(some)
        yield stack, ask(seen_through(pixels, stack, colour))


def seen_through(pixels: Array, masks: Array, colour: Array) -> Array:
    """The image where a mask (count × height × width) is 1 and the colour where it is 0."""
    seen: Array = colour + masks[..., None].astype(np.float32) * (pixels - colour)
    return seen
