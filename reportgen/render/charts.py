"""A chart's numbers laid out as a drawing: bars, columns, lines over layers, curves over numbers.

One layout serves pages, the PDF and the figures. Values are never told by colour alone: bars carry
their numbers, lines have marks of their own and a legend, what stands out is bold and has an arrow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from reportgen.render import axes, vector
from reportgen.render.axes import Axis, usable
from reportgen.render.drawing import (
    SERIES,
    SMALL,
    TEXT,
    WIDTH,
    Box,
    Drawing,
    Shape,
    Trail,
    Words,
    place_legend,
    shorten,
    text_width,
)
from reportgen.render.language import Speaker
from reportgen.report.blocks import Chart, Series

ROW = 20.0
PLOT_HEIGHT = 260.0
MOST_MARKS = 80
"""A line with more points than this shows no marks."""
MOST_LABELS = 40
DASHES: tuple[tuple[float, ...], ...] = ((), (7.0, 3.0), (2.0, 2.5), (9.0, 3.0, 2.0, 3.0))
"""What tells lines without marks apart, so that colour never does it alone."""


def svg(chart: Chart, speaker: Speaker) -> Markup:
    """The chart as inline SVG."""
    return vector.write(layout(chart, speaker))


def layout(chart: Chart, speaker: Speaker) -> Drawing:
    """The chart as shapes and words in one language."""
    forms: dict[str, Callable[[Chart, Speaker], Drawing]] = {
        "bars": _bars, "columns": _columns, "lines": _lines, "curves": _curves,
    }
    return forms[chart.form](chart, speaker)


def _sheet(chart: Chart, speaker: Speaker, height: float) -> Drawing:
    return Drawing(WIDTH, height, speaker.say(chart.caption), kind="chart")


def _numbers(chart: Chart) -> list[float]:
    """Every number that must fit on the value axis, error bars included."""
    found = []
    for series in chart.series:
        for place, value in enumerate(series.values):
            if not usable(value):
                continue
            spread = series.spread[place] if place < len(series.spread) else 0
            reach = float(spread) if spread is not None and usable(spread) else 0.0
            found += [float(value or 0), float(value or 0) - reach, float(value or 0) + reach]
    return found


def _value_axis(chart: Chart, start: float, length: float, turned: bool, zero: bool) -> tuple[Axis, list[float], float]:
    values = _numbers(chart)
    if chart.logarithmic and any(value > 0 for value in values):
        drawn = [float(v) for series in chart.series for v in series.values if v is not None and usable(v)]
        low, high = axes.logarithmic_range(drawn)
        return Axis(low, high, start, length, True, turned), axes.logarithmic_ticks(low, high), 0.0
    low, high, step = axes.linear_range(values, zero=zero)
    if chart.format.endswith("%") and min(values, default=0) >= 0 and max(values, default=0) <= 1:
        high = min(high, 1.0)
    return Axis(low, high, start, length, False, turned), axes.linear_ticks(low, high, step), step


def _bars(chart: Chart, speaker: Speaker) -> Drawing:
    """Horizontal bars, a row for each label and series, with the value at the end."""
    labels = [speaker.say(label) for label in chart.labels]
    marked = set(chart.marked)
    room = min(300.0, max([text_width(label, TEXT, place in marked) for place,
    label in enumerate(labels)] or [0.0]) + 18)
    written = [
        [speaker.number(value, chart.format) for value in series.values] for series in chart.series
    ]
    after = max([text_width(text, SMALL) for row in written for text in row] or [0.0]) + 10
    left, right = room + 8, WIDTH - after - 4
    several = len(chart.series) > 1
    legend, top = place_legend(_entries(chart, speaker), 0, WIDTH) if several else ([], 0.0)
    row = ROW * max(1, len(chart.series)) * (0.8 if several else 1) + 4
    drawing = _sheet(chart, speaker, top + row * len(labels) + (22 if chart.x_label else 4))
    drawing.add(*_legend(legend, chart))
    axis, _ticks, _step = _value_axis(chart, left, right - left, False, True)
    base = axis.base
    drawing.add(Trail(((base, top), (base, top + row * len(labels))), "grid"))
    for place, label in enumerate(labels):
        y = top + row * place
        bold = place in marked
        text = shorten(label, room - 14, TEXT, bold)
        drawing.add(Words(room, y + row / 2 + 4, text, TEXT, "end", bold=bold, title=label if text != label else ""))
        if bold:
            drawing.add(Words(0, y + row / 2 + 4, "▸", TEXT, role="marked"))
        for number, series in enumerate(chart.series):
            value = series.values[place] if place < len(series.values) else None
            thick = (row - 6) / len(chart.series)
            y_bar = y + 3 + thick * number
            text = written[number][place] if place < len(written[number]) else "–"
            end = axis.at(float(value)) if value is not None and usable(value) else base
            role = "marked" if bold and not several else f"series-{number % SERIES}"
            drawing.add(
                Box(min(base, end), y_bar, max(abs(end - base), 0.5), thick - 1, role, radius=1.5,
                title=f"{label}: {text}"),
                Words(max(base, end) + 5, y_bar + thick / 2 + 3.5, text, SMALL, bold=bold),
            )
    if chart.x_label:
        drawing.add(Words((left + right) / 2, drawing.height - 4, speaker.say(chart.x_label), SMALL, "middle", "muted"))
    return drawing


def _columns(chart: Chart, speaker: Speaker) -> Drawing:
    """Thin vertical bars: units of a layer, steps of a histogram."""
    frame = _Frame(chart, speaker, zero=True)
    count = max((len(series.values) for series in chart.series), default=0)
    frame.labels(_column_labels(chart, speaker, count), centred=True)
    axis, drawing = frame.axis, frame.drawing
    width = frame.width / max(count, 1)
    for number, series in enumerate(chart.series):
        if count > frame.width:
            drawing.add(_silhouette(series, frame, number, count))
            continue
        thick = width / len(chart.series)
        for place, value in enumerate(series.values):
            if value is None or not usable(value):
                continue
            end, x = axis.at(float(value)), frame.left + width * place + thick * number
            role = "marked" if place in chart.marked else f"series-{number % SERIES}"
            gap = min(1.0, thick * 0.15)
            drawing.add(Box(x + gap / 2, min(end, axis.base), thick - gap, max(abs(axis.base - end), 0.3), role))
    if count and len(chart.marked) <= 12:
        for place in chart.marked:
            x = frame.left + width * (place + 0.5)
            drawing.add(Words(x, frame.top - 3, "▾", SMALL, "middle", "marked"))
    return drawing


def _silhouette(series: Series, frame: _Frame, number: int, count: int) -> Shape:
    """More bars than pixels: the outline of the tallest bar in each pixel."""
    pixels = int(frame.width)
    tops: list[float] = [0.0] * pixels
    for place, value in enumerate(series.values):
        if value is not None and usable(value):
            pixel = min(pixels - 1, place * pixels // count)
            tops[pixel] = float(value) if abs(float(value)) > abs(tops[pixel]) else tops[pixel]
    base = frame.axis.base
    points = [(frame.left, base)]
    for pixel, top in enumerate(tops):
        y = frame.axis.at(top)
        points += [(frame.left + pixel, y), (frame.left + pixel + 1, y)]
    points.append((frame.left + pixels, base))
    return Trail(tuple(points), f"series-{number % SERIES}", 0.3, 1.0)


def _column_labels(chart: Chart, speaker: Speaker, count: int) -> list[str]:
    if chart.labels:
        return [speaker.say(label) for label in chart.labels]
    if chart.positions:
        return [speaker.number(position, ".3g") for position in chart.positions]
    return [speaker.number(place) for place in range(count)]


def _lines(chart: Chart, speaker: Speaker) -> Drawing:
    """Values over labels in order, one line for each series."""
    frame = _Frame(chart, speaker, zero=False)
    labels = [speaker.say(label) for label in chart.labels]
    frame.labels(labels, centred=True)
    step = frame.width / max(len(labels), 1)
    for number, series in enumerate(chart.series):
        places = [frame.left + step * (place + 0.5) for place in range(len(series.values))]
        frame.drawing.add(*_line(series, places, frame.axis, number, _has_marks(chart)))
    for place in chart.marked:
        x = frame.left + step * (place + 0.5)
        frame.drawing.add(Words(x, frame.top - 3, "▾", SMALL, "middle", "marked"))
    return frame.drawing


def _curves(chart: Chart, speaker: Speaker) -> Drawing:
    """Values over numbers."""
    frame = _Frame(chart, speaker, zero=min(_numbers(chart), default=0) >= 0)
    positions = [position for position in chart.positions if usable(position)] or [0.0, 1.0]
    low, high = min(positions), max(positions)
    across = Axis(low, high if high > low else low + 1, frame.left, frame.width)
    _low, _high, step = axes.linear_range(positions, zero=False, steps=8)
    ticks = [tick for tick in axes.linear_ticks(across.low, across.high, step) if across.low <= tick <= across.high]
    frame.ticks_below([across.at(tick) for tick in ticks], axes.written(ticks, ".3g", speaker, step=step))
    for number, series in enumerate(chart.series):
        shown = chart.positions[: len(series.values)]
        places = [across.at(position) if usable(position) else None for position in shown]
        if series.spread:
            frame.drawing.add(_band(series, places, frame.axis, number))
            series = Series(series.label, series.values)
        frame.drawing.add(*_line(series, places, frame.axis, number, False))
    return frame.drawing


def _line(series: Series, places: Sequence[float | None], axis: Axis, number: int, marks: bool) -> list[Shape]:
    """A line with gaps where there is no number, its error bars and marks."""
    role, dashes = f"series-{number % SERIES}", _dashes(number, marks)
    shapes: list[Shape] = []
    run: list[tuple[float, float]] = []
    for place, (x, value) in enumerate(zip(places, series.values, strict=False)):
        if x is None or value is None or not usable(value):
            shapes += [Trail(tuple(run), role, 1.6, dashes=dashes)] if len(run) > 1 else []
            run = []
            continue
        y = axis.at(float(value))
        spread = series.spread[place] if place < len(series.spread) else None
        if spread is not None and usable(spread):
            shapes.append(Trail(((x, axis.at(float(value) - float(spread))), (x,
            axis.at(float(value) + float(spread)))), role, 0.8))
        run.append((x, y))
        if marks:
            shapes.append(_mark(x, y, number))
    if len(run) > 1:
        shapes.append(Trail(tuple(run), role, 1.6, dashes=dashes))
    return shapes


def _band(series: Series, places: Sequence[float | None], axis: Axis, number: int) -> Shape:
    """The area between a curve less its spread and the curve with it."""
    known = [
        (x, float(value), float(spread))
        for x, value, spread in zip(places, series.values, series.spread, strict=False)
        if x is not None and value is not None and usable(value) and spread is not None and usable(spread)
    ]
    upper = [(x, axis.at(value + spread)) for x, value, spread in known]
    lower = [(x, axis.at(value - spread)) for x, value, spread in known]
    return Trail((*upper, *reversed(lower)), f"series-{number % SERIES}", 0.0, 0.15)


def _has_marks(chart: Chart) -> bool:
    return chart.form == "lines" and len(chart.labels) <= MOST_MARKS


def _dashes(number: int, marks: bool) -> tuple[float, ...]:
    """What tells a line from the others besides its colour, where it has no marks; with them, once colours repeat."""
    return ((5.0, 3.0) if number >= SERIES else ()) if marks else DASHES[number % len(DASHES)]


def _mark(x: float, y: float, number: int) -> Shape:
    """A mark of another shape for each line."""
    role, size = f"series-{number % SERIES}", 3.2
    corners = (40, 4, 3, 5)[number % 4]
    turn = (0.0, math.pi / 4, -math.pi / 2, -math.pi / 2)[number % 4]
    if corners == 40:
        return Box(x - size, y - size, 2 * size, 2 * size, role, radius=size)
    points = [
        (x + size * 1.3 * math.cos(turn + 2 * math.pi * k / corners),
        y + size * 1.3 * math.sin(turn + 2 * math.pi * k / corners))
        for k in range(corners)
    ]
    return Trail(tuple(points), role, 0.5, 1.0)


def _entries(chart: Chart, speaker: Speaker) -> list[tuple[str, str]]:
    return [(f"series-{number % SERIES}", speaker.say(series.label)) for number, series in enumerate(chart.series)]


def _legend(placed: Sequence[tuple[float, float, str, str]], chart: Chart) -> list[Shape]:
    """A sample of each series as it is drawn, and its name."""
    shapes: list[Shape] = []
    for number, (x, y, role, words) in enumerate(placed):
        if chart.form in ("lines", "curves"):
            dashes = _dashes(number, _has_marks(chart))
            shapes.append(Trail(((x, y + 6), (x + 20, y + 6)), role, 1.6, dashes=dashes))
            shapes += [_mark(x + 10, y + 6, number)] if _has_marks(chart) else []
        else:
            shapes.append(Box(x + 4, y + 1, 10, 10, role, radius=1.5))
        shapes.append(Words(x + 26, y + SMALL, words, SMALL))
    return shapes


class _Frame:
    """The field between a value axis on the left and something below, with grid lines and a legend."""

    def __init__(self, chart: Chart, speaker: Speaker, zero: bool) -> None:
        self.chart, self.speaker = chart, speaker
        placed, legend = place_legend(_entries(chart, speaker), 0, WIDTH) if len(chart.series) > 1 else ([], 0.0)
        self.top = legend + (26 if chart.y_label else 14)
        self.axis, ticks, step = _value_axis(chart, self.top, PLOT_HEIGHT, True, zero)
        words = axes.written(ticks, chart.format, speaker, step=step)
        self.left = max([text_width(word, SMALL) for word in words] or [0.0]) + 10
        self.right = WIDTH - 8
        self.bottom = self.top + PLOT_HEIGHT
        self.drawing = _sheet(chart, speaker, self.bottom + 8)
        self.drawing.add(*_legend(placed, chart))
        if chart.y_label:
            self.drawing.add(Words(0, self.top - 12, speaker.say(chart.y_label), SMALL, role="muted"))
        for tick, word in zip(ticks, words, strict=True):
            y = self.axis.at(tick)
            self.drawing.add(
                Trail(((self.left, y), (self.right, y)), "grid", 0.7), Words(self.left - 6, y + 4, word, SMALL, "end",
                "muted")
            )
        self.drawing.add(Trail(((self.left, self.axis.base), (self.right, self.axis.base)), "muted", 1.0))

    @property
    def width(self) -> float:
        """From the value axis to the right end."""
        return self.right - self.left

    def labels(self, labels: Sequence[str], *, centred: bool) -> None:
        """Names below: level where they fit, slanted where they do not, some of them where there are too many."""
        if not labels:
            return self._below(0.0)
        step = self.width / len(labels)
        widest = max(text_width(label, SMALL) for label in labels)
        if widest + 6 <= step or len(labels) == 1:
            shown = [(place, label) for place, label in enumerate(labels)]
            for place, label in shown:
                x = self.left + step * (place + (0.5 if centred else 0))
                self.drawing.add(Words(x, self.bottom + 16, shorten(label, max(step - 4, 30), SMALL), SMALL, "middle",
                "muted"))
            return self._below(18.0)
        every = max(1, math.ceil(len(labels) / MOST_LABELS), math.ceil(13 / step))
        numeric = all(label.replace("\u00a0", "").replace(",", "").replace(".",
        "").lstrip("\u2212").isdigit() for label in labels)
        if numeric:
            every = max(1, math.ceil(len(labels) * (widest + 14) / self.width))
            for place in range(0, len(labels), every):
                x = self.left + step * (place + 0.5)
                self.drawing.add(Words(x, self.bottom + 16, labels[place], SMALL, "middle", "muted"))
            return self._below(18.0)
        for place in range(0, len(labels), every):
            x = self.left + step * (place + 0.5)
            text = shorten(labels[place], 150, SMALL)
            self.drawing.add(
                Words(x + 4, self.bottom + 12, text, SMALL, "end", "muted", angle=-55,
                title=labels[place] if text != labels[place] else "")
            )
        return self._below(min(150.0, widest) * math.sin(math.radians(55)) + 16)

    def ticks_below(self, places: Sequence[float], words: Sequence[str]) -> None:
        """Numbers below."""
        for x, word in zip(places, words, strict=True):
            self.drawing.add(
                Trail(((x, self.bottom), (x, self.bottom + 4)), "muted", 0.8), Words(x, self.bottom + 17, word, SMALL,
                "middle", "muted")
            )
        self._below(19.0)

    def _below(self, used: float) -> None:
        self.drawing.height = self.bottom + used + 6
        if self.chart.x_label:
            self.drawing.height += 16
            x = (self.left + self.right) / 2
            self.drawing.add(Words(x, self.drawing.height - 5, self.speaker.say(self.chart.x_label), SMALL, "middle",
            "muted"))

