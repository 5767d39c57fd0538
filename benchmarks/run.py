"""`make bench`: every case beside its yardstick, in turn, and the ratios of the medians.

The case is VGG16 at 224 × 224 with random weights, saved to a file here. L is `yardstick.py`. Ratios are of wall time
and of processor time, which a busy machine changes least.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Measure, measure

WORK = Path(__file__).parent / "work"
REPORTGEN = [sys.executable, "-m", "reportgen"]
HTML = ["--language", "uk", "--format", "html"]
SETUP = """
import os; os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np; from PIL import Image
keras.utils.set_random_seed(0)
keras.applications.VGG16(weights=None).save({model!r})
y, x = np.mgrid[:224, :224] / 224
wave = np.stack([np.sin(9 * x + 5 * y), np.cos(7 * y), np.sin(6 * x * y)], -1)
noise = np.random.default_rng(0).normal(0, .1, (224, 224, 3))
Image.fromarray(np.uint8(255 * np.clip(.5 + .4 * wave + noise, 0, 1))).save({image!r})
"""


def main() -> None:
    """Measure and print a table in Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--only", action="append", help="the name of a case; L is always measured")
    options.add_argument("--large", action="store_true", help="also the U-Net at 1024 × 1024 (needs 6 GiB)")
    arguments = options.parse_args()
    known = cases(*files())
    wanted = {"L", *(arguments.only or known)}
    chosen = {name: case for name, case in known.items() if name in wanted}
    table = run_rounds(chosen, arguments.rounds)
    print(report(table))  # noqa: T201 - it is what the program is for
    if arguments.large:
        print(large())  # noqa: T201


def files() -> tuple[Path, Path]:
    """VGG16 with random weights and an image, made when they are first wanted."""
    WORK.mkdir(exist_ok=True)
    model, image = WORK / "vgg16.keras", WORK / "image.png"
    if not (model.exists() and image.exists()):
        subprocess.run([sys.executable, "-c", SETUP.format(model=str(model), image=str(image))], check=True)
    return model, image


def cases(model: Path, image: Path) -> dict[str, tuple[str, Callable[[], Measure]]]:
    """Name → (what to reach, how to measure it)."""
    site, cache = WORK / "site", WORK / "cache"
    inputs = ["--model", str(model), "--image", str(image), "--preprocess", "vgg16", "-o", str(site)]
    everything = [*REPORTGEN, "build", *inputs]
    build = [*everything, "--artifacts", "overview,filters,activations"]
    kept = [*build, "--cache", str(cache)]

    def fresh(command: list[str]) -> Measure:
        shutil.rmtree(site, ignore_errors=True)
        shutil.rmtree(cache, ignore_errors=True)
        return measure(command)

    unit = [sys.executable, str(Path(__file__).parent / "yardstick.py"), str(model)]
    templates = WORK / "templates"
    (templates / "static").mkdir(parents=True, exist_ok=True)
    (templates / "static" / "custom.css").write_text("/* another look */\n")
    return {
        "L": ("", lambda: measure(unit)),
        "the default build": ("≤ 8 L", lambda: fresh([*everything, "--no-cache"])),
        "L as plain Keras does it": ("for comparison", lambda: measure([*unit, "--plain"])),
        "overview, filters and activations": ("≤ 2.5 L", lambda: fresh(kept)),
        "nothing changed": ("≤ 1 s", lambda: measure(kept)),
        "other templates": ("no TensorFlow", lambda: measure([*kept, "--templates", str(templates)])),
        "one language": ("no TensorFlow", lambda: measure([*kept, "--language", "uk"])),
        "HTML, one language": ("≤ 1.7 L", lambda: fresh([*build, "--no-cache", *HTML])),
        "--help": ("≤ 0.3 s", lambda: measure([*REPORTGEN, "--help"])),
        "naive: five figures": (
            "for comparison",
            lambda: measure([sys.executable, str(Path(__file__).parent / "naive.py"), str(model), str(WORK / "naive")]),
        ),
    }


def run_rounds(
    chosen: dict[str, tuple[str, Callable[[], Measure]]], rounds: int
) -> dict[str, tuple[str, list[Measure]]]:
    """Every case in turn, round after round."""
    table: dict[str, tuple[str, list[Measure]]] = {name: (aim, []) for name, (aim, _run) in chosen.items()}
    for _round in range(rounds):
        for name, (_aim, run) in chosen.items():
            table[name][1].append(run())
    return table


def report(table: dict[str, tuple[str, list[Measure]]]) -> str:
    """The medians and their ratios to L, with the range of the ratios."""
    unit = table["L"][1]
    lines = [
        f"Python {platform.python_version()}, {len(unit)} rounds, medians; ratios by round, with their range.", "",
        "| case | to reach | seconds | × L | processor, s | × L | largest process, MB | × L | all processes, MB |",
        f"|---|---|{'---:|' * 7}",
    ]
    for name, (aim, measures) in table.items():
        pairs = list(zip(measures, unit, strict=True))
        lines.append(
            f"| {name} | {aim} | {statistics.median(m.seconds for m in measures):.2f}"
            f" | {ranged([m.seconds / one.seconds for m, one in pairs])}"
            f" | {statistics.median(m.processor for m in measures):.2f}"
            f" | {ranged([m.processor / one.processor for m, one in pairs])}"
            f" | {statistics.median(m.largest_mb for m in measures):.0f}"
            f" | {statistics.median(m.largest_mb / one.largest_mb for m, one in pairs):.2f}"
            f" | {statistics.median(m.together_mb for m in measures):.0f} |"
        )
    return "\n".join(lines)


def ranged(ratios: list[float]) -> str:
    """The median, with the least and the largest where they differ."""
    middle = f"{statistics.median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.2f}–{max(ratios):.2f})"


def large() -> str:
    """The peak memory of the demo's U-Net on an image of 1024 × 1024."""
    from reportgen.labs import demo_files

    files = demo_files()
    rescaled = WORK / "unet-1024.keras"
    script = (
        "import os; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; import keras\n"
        f"old = keras.models.load_model({str(files.model)!r}, compile=False)\n"
        "def free(layer):\n"
        "    config = layer.get_config()\n"
        "    if isinstance(layer, keras.layers.InputLayer): config['batch_shape'] = (None, 1024, 1024, 3)\n"
        "    return layer.__class__.from_config(config)\n"
        "image = keras.Input((1024, 1024, 3), name='image')\n"
        "new = keras.models.clone_model(old, clone_function=free, input_tensors=image)\n"
        f"new.set_weights(old.get_weights()); new.save({str(rescaled)!r})"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    result = measure([
        *REPORTGEN, "build", "--model", str(rescaled), "--image", str(files.images[0]), "--no-cache",
        "-o", str(WORK / "large"),
    ])
    gibibytes = result.together_mb / 1074
    return f"\nU-Net at 1024 × 1024: {result.seconds:.1f} s, {gibibytes:.2f} GiB together (to reach: 6 GiB)"


if __name__ == "__main__":
    main()
