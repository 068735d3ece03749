"""Peak memory of a separation by length of the song. Prints; never fails.

`UNBRAID_BENCH_MINUTES` (default "1 10 60") chooses the lengths. The Demucs model is a thin one of random weights: its
memory is small, so growth with the length would be seen all the better.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.helpers.command import ROOT
from tests.helpers.engines import write_tiny_htdemucs

pytestmark = pytest.mark.bench
RATE = 44100
MINUTES = [int(word) for word in os.environ.get("UNBRAID_BENCH_MINUTES", "1 10 60").split()]
CHILD = """
import resource, sys, time
from pathlib import Path
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import Request, run
kind, song, folder, *files = sys.argv[1:]
engine = load_engine(EngineSpec(kind, kind, tuple(map(Path, files))))
folder = Path(folder)
began = time.monotonic()
outcome = run(Request(Path(song), folder, "wav", None, "exact", folder / "peaks"), engine, lambda step: None, lambda: False)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"{peak:.0f} MB, {outcome.seconds / (time.monotonic() - began):.0f}x real time, null {outcome.null_dbfs:.0f} dBFS")
"""


@pytest.mark.parametrize("kind", ["sketch", "demucs"])
@pytest.mark.timeout(3600)
def test_memory_of_long_songs(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [write_tiny_htdemucs(tmp_path / "tiny.th")] if kind == "demucs" else []
    for minutes in MINUTES:
        song = write_noise(tmp_path / "song.wav", minutes)
        words = [sys.executable, "-c", CHILD, kind, song, tmp_path / f"stems-{minutes}", *files]
        said = subprocess.run(words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
        with capsys.disabled():
            print(f"\n{kind}, {minutes} min: {(said.stdout or said.stderr[-300:]).decode().strip()}", end="")


def write_noise(path: Path, minutes: int) -> Path:
    random = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(minutes * 60):
            file.write(random.normal(0, 0.1, (RATE, 2)))
    return path
