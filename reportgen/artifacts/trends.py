"""Does the size fall, do channels grow, does sparsity grow? Each is true or not true by a stated rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.text import Message, _

FIRM = 0.5
"""Spearman's correlation from which a trend with exceptions is still called a trend."""
FEWEST = 4
"""With fewer values a correlation says nothing."""


@dataclass(frozen=True, slots=True)
class Steps:
    """How often a quantity went up and down from one step to the next."""

    ups: int
    downs: int
    total: int


def steps_of(values: Sequence[float]) -> Steps:
    """The rises and falls of a sequence."""
    changes = np.diff(np.asarray(values, np.float64))
    return Steps(int((changes > 0).sum()), int((changes < 0).sum()), len(changes))


def spearman(values: Sequence[float]) -> float:
    """Spearman's rank correlation of a sequence with its order; 0 where all values are equal."""
    ranks, order = _ranks(values), np.arange(len(values), dtype=np.float64)
    if len(values) < 2 or np.ptp(ranks) == 0:
        return 0.0
    return float(np.corrcoef(ranks, order)[0, 1])


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Ranks from 0, equal values sharing the mean of theirs."""
    array = np.asarray(values, np.float64)
    _unique, place, counts = np.unique(array, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    means: np.ndarray = (ends - counts + ends - 1) / 2
    return means[place]


def size_falls(areas: Sequence[float], sizes: Sequence[str], names: Sequence[str]) -> Message:
    """True if the maps never become larger and at least once smaller."""
    steps, least = steps_of(areas), int(np.argmin(np.asarray(areas)))
    values: dict[str, Any] = {"downs": steps.downs, "ups": steps.ups, "total": steps.total}
    if steps.downs and not steps.ups:
        return _(
            "“Spatial size falls” is true of this model: from {first} in `{first_layer}` to {last} in `{last_layer}`. "
            "Falls: {downs} in {total} steps, rises: none.",
            first=sizes[0], first_layer=names[0], last=sizes[-1], last_layer=names[-1], **values,
        )
    if steps.downs and not steps_of(areas[: least + 1]).ups:
        return _(
            "“Spatial size falls” is true of the first part of this model only (the encoder): it falls from {first} to "
            "{least} in `{least_layer}` and ends at {last}. Falls: {downs} in {total} steps, rises: {ups}.",
            first=sizes[0], least=sizes[least], least_layer=names[least], last=sizes[-1], **values,
        )
    return _(
        "“Spatial size falls” is not true of this model: it goes from {first} to {last}. Falls: {downs} in {total}"
        " steps, rises: {ups}.", first=sizes[0], last=sizes[-1], **values,
    )


def channels_grow(channels: Sequence[int], areas: Sequence[float], names: Sequence[str]) -> Message:
    """True if there are never fewer channels than before and at least once more.

    Where the maps grow again, the part up to the last of the smallest maps is judged by itself.
    """
    steps = steps_of(channels)
    low = len(areas) - 1 - int(np.argmin(np.asarray(areas)[::-1]))
    values: dict[str, Any] = {
        "ups": steps.ups, "downs": steps.downs, "total": steps.total, "first": channels[0], "last": channels[-1],
    }
    if steps.ups and not steps.downs:
        return _(
            "“Channels grow” is true of this model: from {first} to {last}. Rises: {ups} in {total} steps, falls:"
            " none.", **values,
        )
    encoder = steps_of(channels[: low + 1])
    if low < len(areas) - 1 and encoder.ups and not encoder.downs:
        return _(
            "“Channels grow” is true of the first part of this model only (the encoder): from {first} to {most} in "
            "`{layer}`; at the output there are {last}. Rises: {ups} in {total} steps, falls: {downs}.",
            most=channels[low], layer=names[low], **values,
        )
    trend = spearman(channels)
    if trend >= FIRM and len(channels) >= FEWEST:
        return _(
            "“Channels grow” is true of this model as a trend with exceptions: from {first} to {last}. Rises: {ups} in "
            "{total} steps, falls: {downs}; Spearman's correlation with depth is {trend:.2f} (a trend from"
            " {firm:.1f} on).", trend=trend, firm=FIRM, **values,
        )
    return _(
        "“Channels grow” is not true of this model: from {first} to {last}. Rises: {ups} in {total} steps, falls:"
        " {downs}; Spearman's correlation with depth is {trend:.2f}.", trend=trend, **values,
    )


def sparsity_grows(shares: Sequence[tuple[str, float]]) -> Message:
    """True if the rank correlation of sparsity with depth is at least `FIRM`."""
    if len(shares) < FEWEST:
        return _(
            "“Sparsity grows” cannot be judged: {count} step has exact zeros, and at least {fewest} are needed.",
            "“Sparsity grows” cannot be judged: {count} steps have exact zeros, and at least {fewest} are needed.",
            count=len(shares), fewest=FEWEST,
        )
    trend = spearman([share for _name, share in shares])
    (first_layer, first), (last_layer, last) = shares[0], shares[-1]
    if trend >= FIRM:
        return _(
            "“Sparsity grows” is true of this model and this image: {first:.1%} in `{first_layer}`, {last:.1%} in "
            "`{last_layer}`; Spearman's correlation with depth is {trend:.2f} over {total} steps (true from {firm:.1f} "
            "on).",
            first=first, first_layer=first_layer, last=last, last_layer=last_layer, trend=trend, total=len(shares),
            firm=FIRM,
        )
    return _(
        "“Sparsity grows” is not true of this model and this image: {first:.1%} in `{first_layer}`, {last:.1%} in "
        "`{last_layer}`; Spearman's correlation with depth is {trend:.2f} over {total} steps (true from {firm:.1f} "
        "on).",
        first=first, first_layer=first_layer, last=last, last_layer=last_layer, trend=trend, total=len(shares),
        firm=FIRM,
    )
