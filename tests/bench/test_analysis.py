"""How right the analysis of the fixture songs is, and how fast; bars of issue 15 in brackets."""

from time import process_time

import pytest

from desktop.analysis.analyse import analyse_stems
from tests.helpers.known_songs import chord_accuracy, f_measure, fixture_song
from tests.helpers.multitrack import SONGS
from tests.helpers.shared import FIXTURES


@pytest.mark.bench
def test_accuracy_and_speed_of_the_analysis() -> None:
    """Compare with the truth of the fixtures; speed is CPU time of one thread, decoding included."""
    print(
        "\nsong      tempo [1 %]     beat F [0.95]  bar F  first beat   key                 chords [85 %]  speed [40x]"
    )
    for name in SONGS:
        truth = fixture_song(name)
        paths = {stem: FIXTURES / "multitrack" / name / f"{stem}.flac" for stem in ("drums", "bass", "other", "vocals")}
        start = process_time()
        analysis = analyse_stems(paths, lambda: False)
        seconds = process_time() - start
        grid, key = analysis.grid, analysis.key
        beats, downbeats = ((), ()) if grid is None else (grid.beats, grid.downbeats)
        print(
            f"{name:9} {analysis.tempo_bpm or 0:6.2f} ({truth.tempo_bpm:6.2f}) {f_measure(beats, truth.beats):8.2f}"
            f"{f_measure(downbeats, truth.downbeats):13.2f} {1000 * (beats[0] if beats else -1):6.1f} ms"
            f"     {key.name if key else 'none':8} ({truth.key.name:8}) {chord_accuracy(analysis.chords, truth.chords):8.0%}"
            f" {analysis.chords[-1].end_s / seconds:14.0f}x"
        )
