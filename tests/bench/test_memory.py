"""Peak memory of a separation by track length, each in a separate process. Prints; never fails.

`UNBRAID_BENCH_MINUTES` (default "1 3 10 60 180") sets the lengths, `UNBRAID_BENCH_ENGINES` (default "sketch draft
openvino torch stock") the engines. The Demucs model is thin and has random weights: it needs little memory, so growth
with the length is easier to see. "stock" is demucs' own `apply_model` with the same model and the whole track in
memory; it is skipped where that would not fit.
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
MINUTES = [int(minutes) for minutes in os.environ.get("UNBRAID_BENCH_MINUTES", "1 3 10 60 180").split()]
ENGINES = os.environ.get("UNBRAID_BENCH_ENGINES", "sketch draft openvino torch stock").split()
THIN_KWARGS = TINY_KWARGS | {"channels": 2, "bottom_channels": 8, "t_layers": 0, "segment": Fraction(8)}
# Memory of stock demucs per second of the track, measured as 16.6 GB for an hour, and its upper limit.
STOCK_BYTES_PER_SECOND, STOCK_MAX_BYTES = 4.6e6, 20e9
# Bytes on the disk per second of the track, all at once: track, mixture, segments, stems.
DISK_BYTES_PER_SECOND = 3.2e6
TIMEOUT_S = 3600
SCRIPT_HEADER = """
import sys, time
from pathlib import Path
from tests.helpers.memory import peak_memory
kind, song, folder, model = sys.argv[1], *map(Path, sys.argv[2:])

def report(seconds, began, details):
    print(f"{peak_memory() >> 20} MB, {seconds / (time.monotonic() - began):.0f}x real time{details}")
"""
SEPARATE_SCRIPT = """
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import run
from desktop.pipeline.request import Request
files = (model,) if kind != "sketch" else ()
name = "sketch" if kind == "sketch" else "demucs"
engine = load_engine(EngineSpec(name, name, files, runtime=kind, cache=folder.parent / "converted"))
request = Request(song, folder, "wav", None, "exact", folder / "peaks", segments=folder / "segments")
began = time.monotonic()
outcome = run(request, engine, lambda step: None, lambda: False)
report(outcome.seconds, began, f", {engine.runtime}, null {outcome.null_dbfs:.0f} dBFS")
"""
DRAFT_SCRIPT = """
import os, soundfile
from desktop.pipeline.draft import make_draft
from desktop.pipeline.engines.sketch import SketchEngine
began = time.monotonic()
make_draft(song, folder, SketchEngine(threads=os.cpu_count() or 1), lambda: None, lambda: False)
report(soundfile.info(song).duration, began, "")
"""
# Same as the demucs command: load, normalize to mean 0 and deviation 1, apply, restore.
STOCK_SCRIPT = """
import soundfile, torch
from demucs.apply import apply_model
from desktop.pipeline.engines.htdemucs_loader import build_model
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
report(sound.shape[1] / 44100, began, "")
"""
SCRIPTS = {"draft": DRAFT_SCRIPT, "stock": STOCK_SCRIPT}


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.timeout(TIMEOUT_S * len(MINUTES))
def test_peak_memory_by_track_length(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_htdemucs(tmp_path / "thin.th", THIN_KWARGS)
    if kind == "openvino":
        _separate(kind, 1, tmp_path, model)  # the first run converts the model, which needs additional memory
    peaks: dict[int, float] = {}
    for minutes in MINUTES:
        skip_reason = _skip_reason(kind, minutes, tmp_path)
        report = skip_reason or _separate(kind, minutes, tmp_path, model)
        peak = re.match(r"(\d+) MB", report)
        if peak:
            peaks[minutes] = float(peak[1])
        growth = f", {peaks[minutes] / peaks[3]:.2f} of 3 min" if {3, minutes} <= peaks.keys() and minutes > 3 else ""
        with capsys.disabled():
            print(f"\n{kind}, {minutes} min: {report}{growth}", end="", flush=True)


def _separate(kind: str, minutes: int, folder: Path, model: Path) -> str:
    track, out = write_noise(folder / "song.wav", minutes), folder / "out"
    command = [sys.executable, "-c", SCRIPT_HEADER + SCRIPTS.get(kind, SEPARATE_SCRIPT), kind, track, out, model]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    try:
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        return result.stdout.strip() or f"failed ({result.returncode}): {result.stderr[-300:].strip()}"
    except subprocess.TimeoutExpired:
        return f"more than {TIMEOUT_S} s"
    finally:
        shutil.rmtree(out, ignore_errors=True)
        track.unlink()


def _skip_reason(kind: str, minutes: int, folder: Path) -> str | None:
    """Return why this machine has to skip the measurement, or None if it does not."""
    memory = min(STOCK_MAX_BYTES, psutil.virtual_memory().available)
    if kind == "stock" and minutes * 60 * STOCK_BYTES_PER_SECOND > memory:
        return f"skipped: needs about {minutes * 60 * STOCK_BYTES_PER_SECOND / 1e9:.0f} GB"
    if minutes * 60 * DISK_BYTES_PER_SECOND > shutil.disk_usage(folder).free:
        return "skipped: too little room on the disk"
    return None


def write_noise(path: Path, minutes: int) -> Path:
    generator = np.random.default_rng(0)
    samples = generator.normal(0, 0.1, (2 * RATE, 2))
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(minutes * 60):
            start = int(generator.integers(RATE))
            file.write(samples[start : start + RATE])
    return path
