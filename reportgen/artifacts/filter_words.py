"""What a first layer's filters look for, in words."""

from __future__ import annotations

from reportgen.artifacts.kernels import Kernels
from reportgen.measures.filter_forms import LEVEL, Kind, Noise, Reading, bars
from reportgen.report.blocks import Note
from reportgen.text import Message, _

CLASSES: dict[Kind, Message] = {
    "edge": _("edge", context="filter"),
    "line": _("line", context="filter"),
    "stripes": _("stripes", context="filter"),
    "point": _("single point", context="filter"),
    "blur": _("blur", context="filter"),
    "surround": _("centre against surround", context="filter"),
    "colour": _("colour", context="filter"),
    "none": _("unstructured", context="filter"),
}
TONES: dict[str, Message] = {
    "red-cyan": _("red against cyan"), "orange-blue": _("orange against blue"), "yellow-blue": _("yellow against blue"),
    "green-violet": _("green against violet"), "green-magenta": _("green against magenta"),
    "red-green": _("red against green"),
}


def describe(reading: Reading) -> Message:
    """A reading in words, with its evidence."""
    name = CLASSES[reading.kind]
    if reading.directed:
        name = _("{form} at {angle:.0f}°", form=name, angle=degrees(reading))
        if reading.tone:
            name = _("{form}, {tone}", form=name, tone=TONES[reading.tone])
    elif reading.tone:
        name = TONES[reading.tone]
    return _("{form}, evidence {evidence:.2f}", form=name, evidence=reading.evidence)


def degrees(reading: Reading) -> int:
    """The angle as it is shown: 180° is 0° again."""
    return round(reading.angle) % 180


def rule(kernels: Kernels, null: Noise) -> Note:
    """From where on names are given, and what noise reaches."""
    height, width, inputs, _count = kernels.array.shape
    form, mean, hue = bars(null)
    size = f"{width} × {height} × {inputs}"
    reached = null.reached(null.forms, LEVEL)
    if inputs == 1:
        return Note(_(
            "A form is named from an evidence of {form:.2f} on, a blur from {mean:.2f}; of filters of noise of {size} "
            "one in 200 reaches {reached:.2f} for a form.",
            form=form, mean=mean, size=size, reached=reached,
        ), "info")
    return Note(_(
        "A form is named from an evidence of {form:.2f} on, a blur from {mean:.2f}, a colour without a form from "
        "{hue:.2f}; of filters of noise of {size} one in 200 reaches {reached:.2f} for a form.",
        form=form, mean=mean, hue=hue, size=size, reached=reached,
    ), "info")
