"""How right the analysis is, how fast and in how much memory; bars of issue 15 in brackets. Prints; never fails.

`UNBRAID_BENCH_MINUTES` (default "4 60 180") sets the lengths of the songs whose memory is measured.
"""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, process_time

import pytest
import soundfile

from desktop.analysis.analyse import analyse_stems
from tests.helpers.command import ROOT
from tests.helpers.known_songs import chord_accuracy, f_measure, fixture_song
from tests.helpers.multitrack import SONGS
from tests.helpers.shared import FIXTURES

pytestmark = pytest.mark.bench
STEMS = ("drums", "bass", "other", "vocals")
MINUTES = [int(minutes) for minutes in os.environ.get("UNBRAID_BENCH_MINUTES", "4 60 180").split()]
SCRIPT = """
import sys, time
from pathlib import Path
from desktop.analysis.analyse import analyse_stems
from tests.helpers.memory import peak_memory
stems = {path.stem: path for path in Path(sys.argv[1]).iterdir()}
began, cpu = time.monotonic(), time.process_time()
analysis = analyse_stems(stems, lambda: False)
began, cpu, seconds = time.monotonic() - began, time.process_time() - cpu, analysis.chords[-1].end_s
print(f"{peak_memory() >> 20} MB, {seconds / cpu:.0f}x real time by CPU, {seconds / began:.0f}x by the clock, ", end="")
print(f"{len(analysis.grid.beats)} beats at {analysis.tempo_bpm:.2f}")
"""


def test_accuracy_and_speed_of_the_analysis() -> None:
    """Compare with the truth of the fixtures; speed is that of one thread, decoding included."""
    print(
        "\nsong      tempo [1 %]     beat F [0.95]  bar F  first beat   key                 chords [85 %]  speed [40x]  by CPU"
    )
    for name in SONGS:
        truth = fixture_song(name)
        paths = {stem: FIXTURES / "multitrack" / name / f"{stem}.flac" for stem in STEMS}
        began, cpu = monotonic(), process_time()
        analysis = analyse_stems(paths, lambda: False)
        began, cpu = monotonic() - began, process_time() - cpu
        grid, key = analysis.grid, analysis.key
        beats, downbeats = ((), ()) if grid is None else (grid.beats, grid.downbeats)
        seconds = analysis.chords[-1].end_s
        print(
            f"{name:9} {analysis.tempo_bpm or 0:6.2f} ({truth.tempo_bpm:6.2f}) {f_measure(beats, truth.beats):8.2f}"
            f"{f_measure(downbeats, truth.downbeats):13.2f} {1000 * (beats[0] if beats else -1):6.1f} ms"
            f"     {key.name if key else 'none':8} ({truth.key.name:8}) {chord_accuracy(analysis.chords, truth.chords):8.0%}"
            f" {seconds / began:14.0f}x {seconds / cpu:6.0f}x"
        )


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("minutes", MINUTES)
def test_peak_memory_of_the_analysis_by_length(
    minutes: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Measure in a separate process, with 24 seconds of a fixture song again and again."""
    for stem in STEMS:
        samples, rate = soundfile.read(FIXTURES / "multitrack" / "rock120" / f"{stem}.flac", dtype="int16")
        with soundfile.SoundFile(tmp_path / f"{stem}.flac", "w", rate, samples.shape[1], "PCM_16") as file:
            for _ in range(minutes * 60 // 24):
                file.write(samples[: 24 * rate])
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    with capsys.disabled():
        print(f"\n{minutes} min: {result.stdout.strip() or result.stderr[-300:].strip()}", end="", flush=True)
