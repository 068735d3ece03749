"""The reader's chain: speed against real time, its share of a core, and how soon a change is heard. Prints; never fails."""

import statistics
import subprocess
import sys
from pathlib import Path
from time import monotonic

import numpy as np
import pytest
import soundfile

from desktop.analysis.beat_grid import BeatGrid
from desktop.playback.chain import Chain
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.practice import Loop
from desktop.playback.source import StemFileSource
from desktop.playback.time_map import Piece
from tests.helpers.command import ROOT

pytestmark = pytest.mark.bench
RATE, SECONDS, LANES = 44100, 40, 6
GRID = BeatGrid(tuple(0.5 * number for number in range(2 * SECONDS)))
SETTINGS = {
    "100 %": ChainSettings(),
    "100 %, click": ChainSettings(click_grid=GRID),
    "loop of 20 ms": ChainSettings(Loop(1.0, 1.02)),
    "75 %": ChainSettings(speed_percent=75.0),
    "75 %, click, loop of 4 s": ChainSettings(Loop(1.0, 5.0), 75.0, click_grid=GRID),
    "+3 semitones": ChainSettings(cents=300),
    "75 %, one lane transposed": ChainSettings(speed_percent=75.0, lane_cents=(0, 200, 0, 0, 0, 0)),
}
# Plays on a device that takes blocks of 10 ms in real time and does nothing with them; prints how soon each change of the
# speed is heard in milliseconds, without the latency of a device, and the CPU seconds of the threads while nothing changes.
SCRIPT = """
import sys, threading, time
from pathlib import Path
import numpy as np
from desktop.playback import player_output
from desktop.playback.practice import Loop
from desktop.playback.local_engine import LocalEngine
from desktop.playback.session import Session
from desktop.playback.source import StemFileSource
from dataclasses import replace

class Device:
    latency, sample_rate, channels, title, is_fallback = 0.0, 44100, 2, "", False
    def __init__(self, sample_rate, fill, on_lost, output, channels):
        self.fill, self.ends = fill, threading.Event()
    def start(self):
        threading.Thread(target=self.run, daemon=True, name="device").start()
    def run(self):
        out, due = np.zeros((441, 2), np.float32), time.monotonic()
        while not self.ends.wait(max(0.0, due - time.monotonic())):
            self.fill(out, False)
            due += 0.01
    def close(self):
        self.ends.set()

player_output.Device = Device
paths = [Path(word) for word in sys.argv[1:]]
engine = LocalEngine()
session = Session(engine)
session.open(StemFileSource(paths), [path.stem for path in paths])
loop = Loop(0.0, session.frames / session.sample_rate)
session.apply(replace(session.state, speed_percent=75.0, loops=(loop,), loop_index=0, is_looping=True))
session.play()
pause = threading.Event()
pause.wait(4)
before = time.process_time()
pause.wait(10)
print("cpu", (time.process_time() - before) / 10)
player = engine.player
for number in range(40):
    ring, began = player.current_ring, time.monotonic()
    session.apply(replace(session.state, speed_percent=70.0 + number))
    while player.current_ring is ring:
        pause.wait(0.001)
    print("heard", (time.monotonic() - began) * 1000)
    pause.wait(0.15)
print("late", player.late_reads)
session.close()
"""


@pytest.fixture
def stems(tmp_path: Path) -> list[Path]:
    random = np.random.default_rng(0)
    paths = [tmp_path / f"stem{number}.flac" for number in range(LANES)]
    for path in paths:
        soundfile.write(path, random.normal(0, 0.1, (SECONDS * RATE, 2)), RATE, subtype="PCM_24")
    return paths


def test_speed_of_the_chain(stems: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    source = StemFileSource(stems)
    for rate in (RATE, 48000):
        for name, settings in SETTINGS.items():
            chain = Chain(source, rate, settings, Piece(0, 1.0, 1.0, 1.0))
            frames, began = 0, monotonic()
            while frames < 15 * rate:
                frames += len(chain.read(8192))
            seconds = monotonic() - began
            chain.close()
            with capsys.disabled():
                print(f"\n{LANES} lanes at {rate} Hz, {name}: {frames / rate / seconds:.0f}x real time", end="")


def test_time_until_a_change_is_heard_and_share_of_a_core(
    stems: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    output = subprocess.run(
        [sys.executable, script, *stems],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    values = [line.split() for line in output.splitlines()]
    heard = sorted(float(value) for name, value in values if name == "heard")
    share, late = (next(value for key, value in values if key == name) for name in ("cpu", "late"))
    with capsys.disabled():
        print(f"\n{LANES} lanes at 75 %: {100 * float(share):.0f} % of a core for reader and callback")
        print(
            f"change of speed heard after {statistics.median(heard):.0f} ms, at most {heard[-1]:.0f} ms, "
            f"without the device's latency; {late} late reads"
        )
