"""What a build tells of its own end: from the plan and what was measured, and nothing where nobody can know."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from reportgen import foresight, terminal
from reportgen.artifacts import CATALOGUE
from reportgen.foresight import COSTS, Foresight, expected
from reportgen.formats import BUILT_IN
from reportgen.terminal import MOST_LINES, Lines, Telling, duration
from reportgen.watching import OPENING, Step

FILES = (Step("pdf uk", "PDF (uk)", "pdf"), Step("html uk", "Pages (uk)", "html"))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def steps(*kinds: str) -> list[Step]:
    return [OPENING, *(Step(kind, kind.title(), kind) for kind in kinds)]


def run(seen: Foresight, clock: Clock, names: list[str], speed: float, one_pass: float) -> None:
    """Let these steps take what a machine of this speed and a network of such passes would take."""
    for name in names:
        clock.now += expected("open" if name == OPENING.name else name, speed, one_pass)
        seen.finish(name)


def test_every_cost_is_that_of_something() -> None:
    assert set(COSTS) <= {*CATALOGUE, "open"}
    assert set(foresight.FILES) <= set(BUILT_IN)


def test_an_artifact_or_format_of_somebody_elses_costs_something(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin([Step("own", "Own", "own")], [Step("docx uk", "docx (uk)", "docx")], 0)
    clock.now += 4
    seen.finish("own")
    assert seen.left is not None
    assert seen.left > 0


def test_nothing_is_foretold_before_a_pass_was_measured(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin(steps("summary", "cam", "occlusion"), FILES, 0)
    assert seen.left is None
    run(seen, clock, [OPENING.name, "summary"], 1, 0.5)
    assert seen.left is None
    run(seen, clock, ["cam"], 1, 0.5)
    assert seen.left is not None


def test_before_the_plan_and_after_its_last_step_there_is_no_time_to_tell(clock: Clock) -> None:
    seen = Foresight(clock)
    clock.now += 3
    assert (seen.left, seen.share, seen.doing) == (None, 0.0, "Reading what goes in")
    seen.begin((), FILES, 1)
    for step in FILES:
        seen.finish(step.name)
    assert (seen.left, seen.share, seen.doing) == (None, 1.0, "Putting everything in its place")


def test_where_nothing_is_passed_through_the_network_the_end_is_foretold_at_once(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin(steps("summary", "filter_images"), FILES, 0)
    assert seen.left is not None


@pytest.mark.parametrize("speed", [1.0, 3.0])
@pytest.mark.parametrize("one_pass", [0.001, 0.02, 1.0])
def test_the_end_is_foretold_from_what_was_measured(speed: float, one_pass: float, clock: Clock) -> None:
    kinds = ["summary", "prediction", "cam", "saliency", "occlusion", "sanity", "optimal_inputs", "deep_dream"]
    seen = Foresight(clock)
    seen.begin(steps(*kinds), (), 0)
    run(seen, clock, [OPENING.name, *kinds[:4]], speed, one_pass)
    truth = sum(expected(kind, speed, one_pass) for kind in kinds[4:])
    assert seen.left == pytest.approx(truth, rel=0.3, abs=6 * speed)
    run(seen, clock, kinds[4:], speed, one_pass)
    assert (seen.left, seen.done, seen.share) == (None, 9, 1.0)


def test_what_was_done_with_one_image_takes_as_long_with_the_next(clock: Clock) -> None:
    images = [Step(f"saliency-{number}", "Saliency", "saliency") for number in range(3)]
    seen = Foresight(clock)
    seen.begin(images, (), 0)
    clock.now += 77
    seen.finish(images[0].name)
    assert seen.left == pytest.approx(2 * 77)


def test_a_step_that_tells_its_share_foretells_its_end(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin(steps("cam", "occlusion"), (), 0)
    run(seen, clock, [OPENING.name, "cam"], 1, 0.01)
    clock.now += 30
    seen.within("occlusion", 0.25, "hiding parts")
    assert seen.left == pytest.approx(90)
    assert seen.doing == "Occlusion: hiding parts"


def test_kept_sections_and_files_are_counted(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin(steps("cam"), FILES, 12)
    assert (seen.done, seen.total) == (12, 16)
    for name in (OPENING.name, "cam", "pdf uk", "pdf uk", "html uk", "unknown"):
        seen.finish(name)
    assert (seen.done, seen.total) == (16, 16)


def test_with_everything_kept_the_files_alone_are_foretold(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin((), FILES, 30)
    before = seen.left
    assert before is not None
    assert before > 1
    assert seen.doing == "PDF (uk), Pages (uk)"
    clock.now += 1
    assert seen.left == pytest.approx(before - 1)
    clock.now += 100
    assert seen.left == pytest.approx(foresight.LATE * 101), "late, but not at its end"


def test_the_bar_never_goes_back(clock: Clock) -> None:
    seen = Foresight(clock)
    seen.begin(steps("prediction", "cam", "saliency"), FILES, 0)
    shares = []
    for name in (OPENING.name, "prediction", "cam", "saliency", "pdf uk", "html uk"):
        for _second in range(40):
            clock.now += 1
            shares.append(seen.share)
        seen.finish(name)
        shares.append(seen.share)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("count", [1, 9, 1000])
def test_lines_are_few_however_many_steps_there_are(count: int, clock: Clock) -> None:
    told: list[str] = []
    seen = Lines(told.append, clock=clock)
    seen.begin([Step(f"cam-{number}", f"CAM ({number})", "cam") for number in range(count)], FILES, 0)
    for number in range(count):
        clock.now += 20
        seen.finish(f"cam-{number}")
    for step in FILES:
        clock.now += 20
        seen.finish(step.name)
    assert min(count, 5) <= len(told) + 1 <= MOST_LINES + 1
    assert all(" of " in line and "left" in line for line in told)


def test_a_quick_build_needs_no_line(clock: Clock) -> None:
    told: list[str] = []
    seen = Lines(told.append, clock=clock)
    seen.begin((), FILES, 30)
    for step in FILES:
        clock.now += 1
        seen.finish(step.name)
    assert told == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 s"), (7.4, "7 s"), (43, "45 s"), (59, "60 s"), (100, "2 min"), (3600, "1 h 0 min"), (5000, "1 h 23 min")],
)
def test_times_are_told_as_roughly_as_they_are_known(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_the_bar_goes_on_while_nothing_happens(clock: Clock) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    seen = Telling(written.write, clock=clock)
    seen.begin(steps("cam", "saliency"), FILES, 3)
    with terminal._living(console, seen) as progress:
        for name in (OPENING.name, "cam"):
            clock.now += 4
            seen.finish(name)
        for second in range(3):
            clock.now += 1
            progress.refresh()
            assert f"0:{9 + second:02}" in written.getvalue()
    assert "5 of 8" in written.getvalue()
    assert "Saliency" in written.getvalue()
    assert "left" in written.getvalue()


def test_a_narrow_terminal_keeps_the_bar_on_one_line(clock: Clock) -> None:
    written = io.StringIO()
    seen = Telling(written.write, clock=clock)
    seen.begin([Step("x", "A title that is far too long for this" * 4, "cam")], FILES, 3)
    with terminal._living(Console(file=written, force_terminal=True, width=60), seen) as progress:
        progress.refresh()
        assert "\n" not in written.getvalue()


def test_a_second_network_is_foretold_by_its_own_passes_and_needs_no_second_start(clock: Clock) -> None:
    kinds = ("cam", "saliency", "occlusion")
    first, second = (
        [Step(f"{kind}-{number}", kind, kind, number) for kind in kinds] for number in range(2)
    )
    seen = Foresight(clock)
    seen.begin([OPENING, *first, *second], (), 0)
    clock.now += expected("open", 1, 0)
    seen.finish(OPENING.name)
    for step in first:
        clock.now += expected(step.kind, 1, 0.05)
        seen.finish(step.name)
    clock.now += expected("cam", 1, 0.002, again=True)
    seen.finish(second[0].name)
    truth = sum(expected(kind, 1, 0.002, again=True) for kind in kinds[1:])
    assert seen.left == pytest.approx(truth, abs=2)


def test_what_is_logged_meanwhile_stands_above_the_bar(clock: Clock) -> None:
    written, elsewhere = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(elsewhere)
    logging.getLogger().addHandler(handler)
    try:
        with terminal._living(Console(file=written, force_terminal=True, width=80), Telling(written.write, clock=clock)):
            logging.getLogger().warning("told meanwhile")
        logging.getLogger().warning("told later")
    finally:
        logging.getLogger().removeHandler(handler)
    assert "told meanwhile\n" in written.getvalue()
    assert elsewhere.getvalue() == "told later\n"
