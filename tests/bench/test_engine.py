"""Our engine against the stock demucs command, in one run, interleaved. Prints; never fails.

A full-size HTDemucs of random weights: the compute is that of the real one. `UNBRAID_BENCH_RUNS` (default 5) and
`UNBRAID_BENCH_SECONDS` (default 60) choose how often and how long, `UNBRAID_BENCH_SONGS` (default 20) how many short
songs go through a warm worker. Bars: 1.7 times as fast at 80 dB, in speed mode 2.7 times at 30 dB, warm 2.5 times.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
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
SONGS = int(os.environ.get("UNBRAID_BENCH_SONGS", "20"))
STEMS = ("drums", "bass", "other", "vocals")
WAYS = {"torch": ("torch", ""), "openvino": ("openvino", ""), "openvino fast": ("openvino", "fast")}
OURS = """
import sys, time
from pathlib import Path
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import Request, run
model, cache, folder = map(Path, sys.argv[1:4])
spec = EngineSpec("full", "demucs", (model,), runtime=sys.argv[4], fast=bool(sys.argv[5]), cache=cache)
engine = load_engine(spec)
began = time.perf_counter()
for number, song in enumerate(sys.argv[6:]):
    out = folder / str(number)
    run(Request(Path(song), out, "wav", "32f", "raw", out / "peaks"), engine, lambda step: None, lambda: False)
print(time.perf_counter() - began, engine.runtime.replace(" ", "-"))
"""
REFERENCE = """
import sys
from pathlib import Path
import soundfile, torch
from demucs.apply import apply_model
from demucs.states import load_model
model_file, song, folder = map(Path, sys.argv[1:])
model = load_model(model_file)
mix = torch.from_numpy(soundfile.read(song, dtype="float32")[0].T)
ref = mix.mean(0)
stems = apply_model(model, ((mix - ref.mean()) / (ref.std() + 1e-8))[None], shifts=0, split=True, overlap=0.25)[0]
stems = stems * (ref.std() + 1e-8) + ref.mean()
folder.mkdir()
for name, stem in zip(model.sources, stems):
    soundfile.write(folder / f"{name}.wav", stem.numpy().T, 44100, subtype="FLOAT")
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model as demucs and we find it, converted already."""
    place = tmp_path_factory.mktemp("bench")
    (place / "repo").mkdir()
    write_full_htdemucs(place / "repo" / "full.th")
    ours(place, "nothing", "openvino", "")
    return place


@pytest.mark.timeout(7200)
def test_our_engine_against_the_demucs_command(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    song = noise(place / "song.wav", SECONDS)
    python("-c", REFERENCE, model_of(place), song, place / "reference")
    whole: dict[str, list[float]] = {name: [] for name in ("demucs", *WAYS)}
    warm: dict[str, list[float]] = {name: [] for name in WAYS}
    work: dict[str, list[float]] = {name: [] for name in whole}
    for number in range(RUNS):
        before = cpu()
        whole["demucs"].append(stock(place, song))
        work["demucs"].append(cpu() - before)
        for name, way in WAYS.items():
            began, before = time.perf_counter(), cpu()
            warm[name].append(ours(place, f"{name}-{number}", *way, song))
            whole[name].append(time.perf_counter() - began)
            work[name].append(cpu() - before)
    with capsys.disabled():
        print(f"\ndemucs: median {statistics.median(whole['demucs']):.1f} s for {SECONDS} s of music, {RUNS} runs")
        for name in WAYS:
            print(
                f"{name}: {statistics.median(whole[name]):.1f} s, {ratio(whole['demucs'], whole[name]):.2f} times as "
                f"fast, {ratio(work['demucs'], work[name]):.2f} times by processor time; with the model loaded {statistics.median(warm[name]):.1f} s, "
                f"{ratio(whole['demucs'], warm[name]):.2f} times; SNR {worst_snr(place, name):.0f} dB"
            )


@pytest.mark.timeout(7200)
def test_a_warm_worker_against_one_command_a_song(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    songs = [noise(place / f"short-{number}.wav", 15, number) for number in range(SONGS)]
    commands = [stock(place, song) for song in songs]
    lines: list[str] = []
    for name, way in WAYS.items():
        took = ours(place, f"short-{name}", *way, *songs)
        lines.append(f"{name}: {took:.1f} s, {sum(commands) / took:.2f} times as fast")
    with capsys.disabled():
        print(f"\n{SONGS} songs of 15 s, one demucs command each: {sum(commands):.1f} s; one warm worker:")
        print("\n".join(lines))


def noise(path: Path, seconds: int, seed: int = 0) -> Path:
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, (seconds * RATE, 2)), RATE, subtype="PCM_16")
    return path


def model_of(place: Path) -> Path:
    return place / "repo" / "full.th"


def stock(place: Path, song: Path) -> float:
    """Seconds that the demucs command takes."""
    began = time.perf_counter()
    python(
        "-m", "demucs.separate", "-d", "cpu", "-n", "full", "--repo", place / "repo", "-o", place / "demucs",
        "--float32", song,
    )  # fmt: skip
    return time.perf_counter() - began


def ours(place: Path, name: str, runtime: str, fast: str, *songs: Path) -> float:
    """Seconds that we take once the model is loaded."""
    said = python("-c", OURS, model_of(place), place / "cache", place / name, runtime, fast, *songs)
    seconds, used = said.split()
    assert used.startswith(runtime)
    return float(seconds)


def python(*words: str | Path) -> str:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def cpu() -> float:
    """Processor seconds of all commands so far: they count the same when something else runs beside them."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def ratio(slow: list[float], fast: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))


def worst_snr(place: Path, name: str) -> float:
    return min(snr(place / "reference" / f"{stem}.wav", place / f"{name}-0" / "0" / f"{stem}.wav") for stem in STEMS)


def snr(reference: Path, other: Path) -> float:
    expected, found = (soundfile.read(path, dtype="float64")[0] for path in (reference, other))
    return float(10 * np.log10(np.square(expected).sum() / max(np.square(expected - found).sum(), 1e-30)))
