"""Does the size fall, do channels grow, does sparsity grow? Each is true or not true by a stated rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.measures.orders import trend
from reportgen.text import Message, _


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

    The values are those of the layers that choose them. Where the maps grow again, the part up to the last of the
    smallest maps is judged by itself.
    """
    steps = steps_of(channels)
    low = len(areas) - 1 - int(np.argmin(np.asarray(areas)[::-1]))
    values: dict[str, Any] = {
        "ups": steps.ups, "downs": steps.downs, "total": steps.total, "first": channels[0], "last": channels[-1],
    }
    if not steps.ups and not steps.downs:
        return _(
            "“Channels grow” is not true of this model: each of its {count} layers with channels of their own has "
            "{first}.",
            count=len(channels), first=channels[0],
        )
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
    found = trend(channels)
    values |= {"trend": found.correlation, "chance": found.chance}
    if found.way == "up":
        return _(
            "“Channels grow” is true of this model as a trend with exceptions: from {first} to {last}. Rises: {ups} in "
            "{total} steps, falls: {downs}; Spearman's correlation with depth is {trend:.2f}, and only {chance:.1%} of "
            "all orders of these numbers have one as far from 0.", **values,
        )
    if found.way == "down":
        return _(
            "“Channels grow” is not true of this model, they become fewer: from {first} to {last}. Rises: {ups} in "
            "{total} steps, falls: {downs}; Spearman's correlation with depth is {trend:.2f}, and only {chance:.1%} of "
            "all orders of these numbers have one as far from 0.", **values,
        )
    return _(
        "“Channels grow” is not true of this model: from {first} to {last}. Rises: {ups} in {total} steps, falls: "
        "{downs}; in {chance:.1%} of all orders of these numbers Spearman's correlation with depth is as far from 0 as "
        "here ({trend:.2f}).", **values,
    )


def sparsity_grows(shares: Sequence[tuple[str, float]]) -> Message:
    """True or not true where chance hardly explains the trend; else it cannot be told."""
    found = trend([share for _name, share in shares])
    if not found.enough:
        return _(
            "“Sparsity grows” cannot be told: {count} layer with a ReLU lies on the way, too few for a trend.",
            "“Sparsity grows” cannot be told: {count} layers with a ReLU lie on the way, too few for a trend.",
            count=len(shares),
        )
    (first_layer, first), (last_layer, last) = shares[0], shares[-1]
    values: dict[str, Any] = {
        "first": first, "first_layer": first_layer, "last": last, "last_layer": last_layer, "trend": found.correlation,
        "total": len(shares), "chance": found.chance,
    }
    if found.way == "up":
        return _(
            "“Sparsity grows” is true of this model and this image: {first:.1%} in `{first_layer}`, {last:.1%} in "
            "`{last_layer}`; Spearman's correlation with depth is {trend:.2f} over {total} layers with a ReLU, and "
            "only {chance:.1%} of all orders have one as far from 0.", **values,
        )
    if found.way == "down":
        return _(
            "“Sparsity grows” is not true of this model and this image, it falls: {first:.1%} in `{first_layer}`, "
            "{last:.1%} in `{last_layer}`; Spearman's correlation with depth is {trend:.2f} over {total} layers with a "
            "ReLU, and only {chance:.1%} of all orders have one as far from 0.", **values,
        )
    return _(
        "“Sparsity grows” cannot be told of this model and this image: {first:.1%} in `{first_layer}`, {last:.1%} in "
        "`{last_layer}`; Spearman's correlation with depth is {trend:.2f} over {total} layers with a ReLU, and chance "
        "gives one as far from 0 in {chance:.0%} of all orders (a trend is told up to 5 %).", **values,
    )
