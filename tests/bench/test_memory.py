"""Peak memory of a separation by length of the song, each in a process of its own. Prints; never fails.

`UNBRAID_BENCH_MINUTES` (default "1 3 10 60 180") chooses the lengths, `UNBRAID_BENCH_ENGINES` (default "sketch draft
openvino torch stock") what separates. Demucs is a thin one of random weights: its memory is small, so growth with the
length would be seen all the better. "stock" is demucs' own `apply_model` with the same model and the whole track in
memory; where that would not fit, it is left out.
"""

import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from tests.helpers.command import ROOT
from tests.helpers.engines import TINY_KWARGS, write_htdemucs

pytestmark = pytest.mark.bench
RATE = 44100
MINUTES = [int(word) for word in os.environ.get("UNBRAID_BENCH_MINUTES", "1 3 10 60 180").split()]
ENGINES = os.environ.get("UNBRAID_BENCH_ENGINES", "sketch draft openvino torch stock").split()
THIN = TINY_KWARGS | {"channels": 2, "bottom_channels": 8, "t_layers": 0, "segment": Fraction(8)}
# What stock demucs was seen to need: 16.6 GB for an hour (bytes a second of the song), and the most it is given.
STOCK_BYTES, STOCK_MOST = 4.6e6, 20e9
# Bytes a second of the song on the disk, all at once: song, mixture, segments, stems.
DISK_BYTES = 3.2e6
LIMIT = 3600
BEGIN = """
import sys, time
from pathlib import Path
from tests.helpers.memory import peak_memory
kind, song, folder, model = sys.argv[1], *map(Path, sys.argv[2:])

def tell(seconds, began, more):
    print(f"{peak_memory() >> 20} MB, {seconds / (time.monotonic() - began):.0f}x real time{more}")
"""
SEPARATE = """
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import Request, run
files = (model,) if kind != "sketch" else ()
name = "sketch" if kind == "sketch" else "demucs"
engine = load_engine(EngineSpec(name, name, files, runtime=kind, cache=folder.parent / "converted"))
request = Request(song, folder, "wav", None, "exact", folder / "peaks", segments=folder / "segments")
began = time.monotonic()
outcome = run(request, engine, lambda step: None, lambda: False)
tell(outcome.seconds, began, f", {engine.runtime}, null {outcome.null_dbfs:.0f} dBFS")
"""
DRAFT = """
import os, soundfile
from desktop.pipeline.draft import make_draft
from desktop.pipeline.engines.sketch import SketchEngine
began = time.monotonic()
make_draft(song, folder, SketchEngine(threads=os.cpu_count() or 1), lambda: None, lambda: False)
tell(soundfile.info(song).duration, began, "")
"""
# As the demucs command does it: load, bring to mean 0 and deviation 1, apply, undo.
STOCK = """
import soundfile, torch
from demucs.apply import apply_model
from desktop.pipeline.engines.architecture import build_model
from desktop.weights.package import read_package
engine = build_model(model, read_package(model)).eval()
began = time.monotonic()
sound = torch.from_numpy(soundfile.read(song, dtype="float32", always_2d=True)[0].T.copy())
mono = sound.mean(0)
sound -= mono.mean()
sound /= mono.std()
stems = apply_model(engine, sound[None], shifts=0, split=True, overlap=0.25)[0]
stems *= mono.std()
stems += mono.mean()
tell(sound.shape[1] / 44100, began, "")
"""
CHILDREN = {"draft": DRAFT, "stock": STOCK}


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.timeout(LIMIT * len(MINUTES))
def test_memory_of_long_songs(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_htdemucs(tmp_path / "thin.th", THIN)
    if kind == "openvino":
        _separated(kind, 1, tmp_path, model)  # the first run converts the model, which takes memory of its own
    peaks: dict[int, float] = {}
    for minutes in MINUTES:
        why_not = _too_much(kind, minutes, tmp_path)
        said = why_not or _separated(kind, minutes, tmp_path, model)
        peak = re.match(r"(\d+) MB", said)
        if peak:
            peaks[minutes] = float(peak[1])
        versus = f", {peaks[minutes] / peaks[3]:.2f} of 3 min" if {3, minutes} <= peaks.keys() and minutes > 3 else ""
        with capsys.disabled():
            print(f"\n{kind}, {minutes} min: {said}{versus}", end="", flush=True)


def _separated(kind: str, minutes: int, folder: Path, model: Path) -> str:
    song, out = write_noise(folder / "song.wav", minutes), folder / "out"
    words = [sys.executable, "-c", BEGIN + CHILDREN.get(kind, SEPARATE), kind, song, out, model]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    try:
        run = subprocess.run(
            words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
        return run.stdout.strip() or f"failed ({run.returncode}): {run.stderr[-300:].strip()}"
    except subprocess.TimeoutExpired:
        return f"more than {LIMIT} s"
    finally:
        shutil.rmtree(out, ignore_errors=True)
        song.unlink()


def _too_much(kind: str, minutes: int, folder: Path) -> str | None:
    """Why this is left out on this machine; None when it is not."""
    memory = min(STOCK_MOST, psutil.virtual_memory().available)
    if kind == "stock" and minutes * 60 * STOCK_BYTES > memory:
        return f"left out: about {minutes * 60 * STOCK_BYTES / 1e9:.0f} GB"
    if minutes * 60 * DISK_BYTES > shutil.disk_usage(folder).free:
        return "left out: the disk has too little room"
    return None


def write_noise(path: Path, minutes: int) -> Path:
    random = np.random.default_rng(0)
    second = random.normal(0, 0.1, (2 * RATE, 2))
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(minutes * 60):
            start = int(random.integers(RATE))
            file.write(second[start : start + RATE])
    return path
