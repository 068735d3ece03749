"""A beat grid is in order, whatever a file says."""

from pathlib import Path

import msgspec
import pytest

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.song_analysis import SongAnalysis
from desktop.jobs.analysis_files import load_analysis
from desktop.paths import JobFolder

NO_GRIDS = ([], [1.0], [1.0, 1.0, 1.0], [3.0, 1.0, 2.0], [0.0, 1e308], [0.0, 5e-324], [0.0, 0.0005], [-1e300, 1.0])


@pytest.mark.parametrize("beats", NO_GRIDS)
def test_beats_that_are_equal_out_of_order_or_out_of_this_world_are_no_grid(beats: list[float]) -> None:
    with pytest.raises(ValueError, match="beat"):
        BeatGrid(tuple(beats))


@pytest.mark.parametrize("beats", NO_GRIDS)
def test_a_kept_analysis_with_such_beats_is_damaged(tmp_path: Path, beats: list[float]) -> None:
    folder = JobFolder(tmp_path)
    folder.analysis.write_bytes(msgspec.json.encode({"grid": {"beats": beats}, "made_from": "stems"}))
    assert load_analysis(folder) is None


def test_a_hundred_thousand_beats_are_read(tmp_path: Path) -> None:
    folder, grid = JobFolder(tmp_path), BeatGrid(tuple(0.15 * number for number in range(100_000)))
    folder.analysis.write_bytes(msgspec.json.encode({"grid": {"beats": grid.beats}, "made_from": "stems"}))
    kept = load_analysis(folder)
    assert kept is not None
    assert kept.analysis == SongAnalysis(grid)
