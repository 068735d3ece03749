"""Peak memory of the Player page by the length of the song: of the window, and of the process that plays. Prints; never fails.

A user plays the song, jumps through it, zooms, looks at spectrograms, and repeats a passage at 75 % with the click.
`UNBRAID_BENCH_MINUTES` (default "4 180") sets the lengths.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Chord
from desktop.analysis.song_analysis import SongAnalysis
from desktop.jobs.analysis_files import KeptAnalysis, save_analysis
from desktop.jobs.model import AnalysisInput
from desktop.jobs.store import JobStore
from desktop.paths import Home
from tests.helpers.command import ROOT, command_environment
from tests.helpers.screen import virtual_screen
from tests.helpers.shared import TOOLS
from tests.helpers.stems import write_library_job

pytestmark = pytest.mark.bench
MINUTES = [int(minutes) for minutes in os.environ.get("UNBRAID_BENCH_MINUTES", "4 180").split()]
# Bytes on the disk per second of the song: four stems as FLAC.
DISK_BYTES_PER_SECOND = 4e5
SCRIPT = """
from pathlib import Path

def peak(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) >> 10

def act(window):
    player = window.player
    yield lambda: window.library.table_model.jobs
    window.navigation.show_player()
    yield lambda: player.is_ready
    view, panel = window.player_panel.waveforms, window.player_panel._lanes_or_none
    practice, duration = player.practice, player.duration
    engine = player._session._engine

    def heard_after(second):
        player.seek_to_seconds(second)
        return lambda: second < player.position_seconds

    def is_idle():
        return not (panel._spectrogram_reader._is_computing or panel._sample_reader._is_reading)

    player.toggle_playback()
    yield lambda: player.position_seconds > 1
    for part in range(20):
        yield heard_after(duration * part / 21)
    practice.set_click_on(True)
    practice.set_speed_percent(75.0)
    for part in range(8):
        begin = duration * part / 9
        practice.set_passage(begin, begin + 1.0)
        player.seek_to_seconds(begin)
        yield lambda: player.loop_round > 1
    for is_spectrogram in (False, True):
        practice.set_view(is_spectrogram=is_spectrogram, follows_playhead=False)
        for divisor in (1, 4, 30, 200, 2000, 20000):
            for part in range(8):
                start = (duration - duration / divisor) * part / 7
                view.view_box.show_range(start, start + duration / divisor)
                yield lambda: True  # painted
                yield is_idle
    assert player.is_playing
    print("peaks", peak("self"), peak(engine.pid), flush=True)
"""


@pytest.mark.timeout(3600)
def test_peak_memory_of_the_player_by_length_of_the_song(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for minutes in MINUTES:
        if minutes * 60 * DISK_BYTES_PER_SECOND > shutil.disk_usage(tmp_path).free:
            report = "skipped: too little room on the disk"
        else:
            report = _play(tmp_path, minutes)
        with capsys.disabled():
            print(f"\n{minutes} min: {report}", end="", flush=True)


def _play(folder: Path, minutes: int) -> str:
    script, home = folder / "script.py", Home(folder / "library")
    script.write_text(SCRIPT, encoding="utf-8")
    _add_song(home.create_folders(), minutes * 60)
    with virtual_screen(1920, 1080) as screen:
        command = [
            TOOLS / "virtual-sound-card",
            folder / "heard.wav",
            sys.executable,
            "-m",
            "tests.helpers.window_script",
            script,
        ]
        run = subprocess.run(
            command, cwd=ROOT, env=command_environment(home.root) | screen.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    shutil.rmtree(home.root)
    if run.returncode:
        return f"failed: {run.stderr[-800:]}"
    _, window, sound = run.stdout.splitlines()[-1].split()
    return f"{window} MB in the window, {sound} MB in the sound process"


def _add_song(home: Home, seconds: int) -> None:
    job = replace(
        write_library_job(home, seconds=seconds, suffix=".flac"), analysed=AnalysisInput.STEMS, tempo_bpm=120.0
    )
    shutil.copy(job.stems[0].peaks, home.job_folder(job.id).mixture_peaks)
    chords = tuple(Chord(float(second), second + 2.0, "F#m") for second in range(0, seconds, 2))
    analysis = SongAnalysis(BeatGrid(tuple(number * 0.5 for number in range(2 * seconds))), 120.0, chords=chords)
    save_analysis(home.job_folder(job.id), KeptAnalysis(analysis, AnalysisInput.STEMS))
    JobStore(home).insert(job)
