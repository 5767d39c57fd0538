"""A few of the trials of `make torture`: whatever happens to a build, a report is whole and the next build works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import torture

pytestmark = [pytest.mark.tf, pytest.mark.slow]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> torture.Bench:
    return torture.Bench(tmp_path_factory.mktemp("torture") / "bench")


@pytest.mark.parametrize("seed", [2, 7, 9], ids=["the worker is killed", "renderers lose their parent", "told to end while rendering"])
def test_a_kill_leaves_a_whole_report(bench: torture.Bench, seed: int) -> None:
    torture.kill(bench, seed)


@pytest.mark.skipif(not torture.can_mount(), reason="no mounts here")
@pytest.mark.parametrize("trial", ["disk 200000", "read_only_cache", "mounted_site"])
def test_a_place_with_no_room_leaves_a_whole_report(bench: torture.Bench, trial: str) -> None:
    torture.in_namespace(bench, trial)


def test_a_trial_that_goes_wrong_is_told(bench: torture.Bench, tmp_path: Path) -> None:
    place = torture.Place(tmp_path)
    with pytest.raises(torture.TortureError, match="exit code 2"):
        place.build("New", "--nonsense")
    (tmp_path / "litter").touch()
    (tmp_path / "tmp" / "more").touch()
    assert place.litter() == ["litter", "tmp/more"]
