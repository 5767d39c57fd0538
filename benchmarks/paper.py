"""The lab report: seconds, memory and bytes for 40 pages with 60 figures, beside WeasyPrint alone on the same pictures.

`python -m benchmarks.paper`: both are set in fresh processes, in turns; the ratio is of the best of each.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np

from reportgen import imaging, scales
from reportgen.render import pdf
from reportgen.render.fonts import import_weasyprint
from reportgen.render.language import Speaker
from reportgen.report.blocks import Block, Column, Fact, Figure, Note, Table
from reportgen.report.document import Report, Section
from reportgen.text import _

FIGURES, PER_SECTION, ROUNDS = 60, 3, 3
TEXT = _("What the network makes of the picture at this place, told step by step; compare bright places with it.")


def report() -> Report:
    """Twenty sections of three figures (maps of 28 x 28 and 112 x 112, photographs), a table and a finding."""
    random = np.random.default_rng(0)
    sections = []
    for number in range(FIGURES // PER_SECTION):
        blocks: list[Block] = []
        for place in range(PER_SECTION):
            side, channels = ((28, 64), (112, 16), (256, 3))[place]
            noise = random.random((side, side, channels), dtype=np.float32)
            smooth = sum(np.roll(noise, step, axis=axis) for step in (-1, 0, 1) for axis in (0, 1)) / 6
            maps = np.maximum(smooth - 0.5, 0) if channels != 3 else smooth
            scale = scales.shared(maps, TEXT)
            picture = imaging.photo(maps, lossy=True) if channels == 3 else imaging.mosaic(maps, scale)
            blocks.append(Figure(f"f{number}_{place}", picture, TEXT, TEXT, scale))
        if number % 4 == 0:
            rows = tuple((f"layer_{row}", row * 1.5, row) for row in range(8))
            columns = (Column("a", code=True), Column("b", ".2f"), Column("c", "d"))
            blocks.append(Table(f"t{number}", columns, rows, TEXT))
        blocks += [Fact("x", TEXT, number), Note(TEXT)]
        sections.append(Section(f"s{number}", f"s{number}", "overview", TEXT, TEXT, TEXT, tuple(blocks)))
    return Report("Benchmark", tuple(sections))


def ours() -> bytes:
    """The report as it is printed."""
    data, complaints = pdf.document(report(), Speaker("en"))
    assert not complaints
    return data


def bare() -> bytes:
    """The same pictures in the plainest document that WeasyPrint can set."""
    shelf = pdf._Shelf()
    pieces = []
    for section in report().sections:
        pieces += [f"<p>{TEXT.id}</p>" * 4]
        for block in section.blocks:
            if isinstance(block, Figure):
                pieces.append(f'<img alt="{TEXT.id}" width="400" src="pictures/{shelf.picture(block.picture).name}">')
    text = f"<html lang=en><title>x</title>{''.join(pieces)}</html>"
    made = import_weasyprint().HTML(string=text, base_url=pdf.BASE, url_fetcher=pdf._fetcher(shelf))
    data: bytes = made.write_pdf(pdf_variant="pdf/ua-1")
    return data


def measure(what: str) -> tuple[float, float, int]:
    """Seconds, megabytes of memory and bytes of one run in this process."""
    start = time.perf_counter()
    data = {"ours": ours, "bare": bare}[what]()
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(data)


def main() -> None:
    """Print what was measured."""
    runs: dict[str, list[tuple[float, float, int]]] = {"ours": [], "bare": []}
    for _round in range(ROUNDS):
        for what, found in runs.items():
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.paper", what], capture_output=True, text=True, check=True
            )
            seconds, memory, size = done.stdout.split()
            found.append((float(seconds), float(memory), int(size)))
    best = {what: min(found) for what, found in runs.items()}
    for what, (seconds, memory, size) in best.items():
        print(f"{what}: {seconds:.2f} s, {memory:.0f} MB of memory, {size / 1e6:.2f} MB")  # noqa: T201
    print(f"ours / bare: {best['ours'][0] / best['bare'][0]:.2f}")  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:2] in (["ours"], ["bare"]):
        print(*measure(sys.argv[1]))  # noqa: T201
    else:
        main()
