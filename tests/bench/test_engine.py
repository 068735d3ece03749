"""Our engine against stock demucs, in one run, interleaved. Prints; never fails.

A full-size HTDemucs of random weights: the compute is that of the real one. `UNBRAID_BENCH_RUNS` (default 5) and
`UNBRAID_BENCH_SECONDS` (default 60) choose how often and how long.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.helpers.command import ROOT
from tests.helpers.engines import write_full_htdemucs

pytestmark = pytest.mark.bench
RATE = 44100
RUNS = int(os.environ.get("UNBRAID_BENCH_RUNS", "5"))
SECONDS = int(os.environ.get("UNBRAID_BENCH_SECONDS", "60"))
STEMS = ("drums", "bass", "other", "vocals")
OURS = """
import resource, sys, time
from pathlib import Path
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import Request, run
model, song, folder = map(Path, sys.argv[1:])
engine = load_engine(EngineSpec("full", "demucs", (model,)))
began = time.perf_counter()
run(Request(song, folder, "wav", "32f", "raw", folder / "peaks"), engine, lambda step: None, lambda: False)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
STOCK = """
import resource, sys, time
from pathlib import Path
import numpy as np, soundfile, torch
from demucs.apply import apply_model
from desktop.pipeline.engines.architecture import build
from desktop.pipeline.engines.weights import read_package
model_file, song, folder = map(Path, sys.argv[1:])
model = build(model_file, read_package(model_file))
began = time.perf_counter()
mix = torch.from_numpy(soundfile.read(song, dtype="float32")[0].T)
ref = mix.mean(0)
stems = apply_model(model, ((mix - ref.mean()) / (ref.std() + 1e-8))[None], shifts=0, split=True, overlap=0.25)[0]
stems = stems * (ref.std() + 1e-8) + ref.mean()
folder.mkdir()
for name, stem in zip(model.sources, stems):
    soundfile.write(folder / f"{name}.wav", stem.numpy().T, 44100, subtype="FLOAT")
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@pytest.mark.timeout(7200)
def test_our_engine_against_stock_demucs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = write_full_htdemucs(tmp_path / "full.th")
    song = tmp_path / "song.wav"
    soundfile.write(song, np.random.default_rng(0).normal(0, 0.1, (SECONDS * RATE, 2)), RATE, subtype="PCM_16")
    took: dict[str, list[tuple[float, float]]] = {"stock": [], "ours": []}
    for number in range(RUNS):
        for name, code in (("stock", STOCK), ("ours", OURS)):
            took[name].append(run(code, model, song, tmp_path / f"{name}-{number}"))
    ratio = statistics.median(stock[0] / ours[0] for stock, ours in zip(took["stock"], took["ours"], strict=True))
    worst = min(snr(tmp_path / "stock-0" / f"{stem}.wav", tmp_path / "ours-0" / f"{stem}.wav") for stem in STEMS)
    with capsys.disabled():
        for name, runs in took.items():
            seconds, memory = (statistics.median(values) for values in zip(*runs, strict=True))
            print(f"\n{name}: median {seconds:.1f} s for {SECONDS} s of music, peak {memory:.0f} MB", end="")
        print(f"\nours is {ratio:.2f} times as fast (median of {RUNS} pairs), SNR to stock at least {worst:.0f} dB")


def run(code: str, *words: Path) -> tuple[float, float]:
    said = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, memory = said.stdout.split()
    return float(seconds), float(memory)


def snr(reference: Path, other: Path) -> float:
    expected, found = (soundfile.read(path, dtype="float64")[0] for path in (reference, other))
    return float(10 * np.log10(np.square(expected).sum() / max(np.square(expected - found).sum(), 1e-30)))
