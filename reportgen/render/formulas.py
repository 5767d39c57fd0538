"""Formulas: TeX through matplotlib's mathtext into paths, for pages that load no fonts or scripts.

MathML is not laid out in the PDF, so both the site and the PDF get the same outlines.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from markupsafe import Markup, escape

from reportgen.errors import InputError
from reportgen.render.drawing import COLOURS
from reportgen.render.fonts import settle_matplotlib
from reportgen.render.kept import made_once

EM = 250.0
"""How many units of the outlines make one em."""
MARGIN = 10.0


@functools.cache
def svg(tex: str) -> Markup:
    """A formula as inline SVG, sized in ems so that it follows the letters around it; paths only."""
    path, width, height, depth = json.loads(made_once(["formula", tex], lambda: json.dumps(_outlines(tex)).encode()))
    wide, high = width + 2 * MARGIN, height + 2 * MARGIN
    box = f"{-MARGIN:g} {depth - height - MARGIN:.0f} {wide:.0f} {high:.0f}"
    ink = COLOURS["ink"]
    return Markup(  # noqa: S704 - escaped here
        f'<svg xmlns="http://www.w3.org/2000/svg" class="formula" role="img" aria-label="{escape(tex)}"'
        f' width="{wide / EM:.2f}em" height="{high / EM:.2f}em" viewBox="{box}">'
        f'<path class="ink" color="{ink}" fill="currentColor" d="{path}"/></svg>'
    )


def _outlines(tex: str) -> tuple[str, float, float, float]:
    """The path data (y downwards), the width, the whole height, and the depth below the base line."""
    settle_matplotlib()
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    properties = FontProperties(size=EM, math_fontfamily="stix")
    source = tex if tex.startswith("$") else f"${tex}$"
    setter = TextToPath()
    try:
        width, height, depth = setter.get_text_width_height_descent(source, properties, ismath=True)
        vertices, codes = setter.get_text_path(properties, source, ismath=True)
    except (ValueError, RuntimeError) as problem:
        reason = _reason(str(problem))
        raise InputError(
            f"The formula {tex[:100]!r} cannot be set: {reason}.",
            slug="formula",
            hint="Write it in the part of TeX that matplotlib's mathtext knows.",
        ) from problem
    return _path_data(vertices, codes, EM / setter.FONT_SCALE), float(width), float(height), float(depth)


def _reason(problem: str) -> str:
    """The last line of mathtext's complaint without the list of all that it expected."""
    lines = problem.strip().splitlines() or ["no reason given"]
    words = lines[-1].split(": ", 1)[-1].strip()
    return words if len(words) <= 120 else words[:40].rstrip() + " … " + words[-70:].lstrip()


def _path_data(vertices: Any, codes: Any, scale: float) -> str:
    """Outlines as the letters of SVG: m move, l line, q and c curves, z close, in whole steps from where the pen is.

    Steps are short numbers, so a formula takes half the bytes that places would take.
    """
    points = [(round(x * scale), round(-y * scale)) for x, y in vertices]
    parts: list[str] = []
    pen = start = (0, 0)
    position, before = 0, ""
    while position < len(codes):
        letter, count = _LETTERS[int(codes[position])]
        if letter == "z":
            parts.append(letter)
            pen = start
        else:
            steps = [step for x, y in points[position : position + count] for step in (x - pen[0], y - pen[1])]
            pen = points[position + count - 1]
            start = pen if letter == "m" else start
            parts.append(" " if letter == before != "m" else letter)
            parts.append(" ".join(map(str, steps)))
        before = letter
        position += count
    return "".join(parts).replace(" -", "-")


_LETTERS = {1: ("m", 1), 2: ("l", 1), 3: ("q", 2), 4: ("c", 3), 79: ("z", 1)}
