"""A drawing as inline SVG that any page may hold.

There are no ids, styles, scripts or metadata in it, so that several drawings share a page under a
strict content security policy. Every colour is said twice: as the attribute `color`, and as a class
name (the role) by which a style sheet can say another; shapes are painted with `currentColor`.
"""

from __future__ import annotations

from markupsafe import Markup, escape

from reportgen.render.drawing import COLOURS, FONT_FAMILY, Box, Drawing, Group, Shape, Trail, Words


def write(drawing: Drawing) -> Markup:
    """The `<svg>` element."""
    linked = any(isinstance(shape, Group) and shape.href for shape in drawing.shapes)
    width, height = _n(drawing.width), _n(drawing.height)
    label = f"{drawing.title} {drawing.description}".strip()
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{drawing.kind}" role="{"group" if linked else "img"}"'
        f' aria-label="{escape(label)}" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="{FONT_FAMILY}" font-size="12">'
    )
    return Markup("\n".join([opening, *map(_shape, drawing.shapes), "</svg>"]))  # noqa: S704 - escaped here


def _shape(shape: Shape) -> str:
    if isinstance(shape, Box):
        return _box(shape)
    if isinstance(shape, Trail):
        return _trail(shape)
    if isinstance(shape, Words):
        return _words(shape)
    return _group(shape)


def _group(group: Group) -> str:
    inside = _title(group.title) + "".join(map(_shape, group.shapes))
    role = f' class="{group.role}"' if group.role else ""
    if group.href:
        return f'<a href="{escape(group.href)}"{role}>{inside}</a>'
    return f"<g{role}>{inside}</g>"


def _box(box: Box) -> str:
    corner = f' rx="{_n(box.radius)}"' if box.radius else ""
    place = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
    paint = _paint(box.role, box.opacity, box.outline, box.dashes)
    return _element("rect", f"{place}{corner} {paint}", box.title)


def _trail(trail: Trail) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in trail.points)
    name = "polygon" if trail.fill else "polyline"
    return _element(name, f'points="{points}" {_paint(trail.role, trail.fill, trail.thickness, trail.dashes)}',
    trail.title)


def _words(words: Words) -> str:
    place = f'x="{_n(words.x)}" y="{_n(words.y)}"'
    size = f' font-size="{_n(words.size)}"' if words.size != 12 else ""
    anchor = f' text-anchor="{words.anchor}"' if words.anchor != "start" else ""
    bold = ' font-weight="bold"' if words.bold else ""
    turn = f' transform="rotate({_n(words.angle)} {_n(words.x)} {_n(words.y)})"' if words.angle else ""
    paint = f'class="{words.role}" color="{COLOURS[words.role]}" fill="currentColor"'
    return f"<text {place}{size}{anchor}{bold}{turn} {paint}>{_title(words.title)}{escape(words.text)}</text>"


def _paint(role: str, opacity: float, thickness: float, dashes: tuple[float, ...]) -> str:
    fill = ' fill="currentColor"' if opacity else ' fill="none"'
    if 0 < opacity < 1:
        fill += f' fill-opacity="{_n(opacity, 2)}"'
    line = ""
    if thickness:
        line = ' stroke="currentColor"' + (f' stroke-width="{_n(thickness)}"' if thickness != 1 else "")
    dash = f' stroke-dasharray="{" ".join(map(_n, dashes))}"' if dashes else ""
    return f'class="{role}" color="{COLOURS[role]}"{fill}{line}{dash}'


def _element(name: str, attributes: str, title: str) -> str:
    return f"<{name} {attributes}>{_title(title)}</{name}>" if title else f"<{name} {attributes}/>"


def _title(title: str) -> str:
    return f"<title>{escape(title)}</title>" if title else ""


def _n(number: float, digits: int = 1) -> str:
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
