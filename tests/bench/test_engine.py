"""Speed of our engine against the stock demucs command, interleaved in one run. Prints; never fails.

A full-size HTDemucs with random weights costs as much computation as the real one. `UNBRAID_BENCH_RUNS` (default 5) and
`UNBRAID_BENCH_SECONDS` (default 60) set the number of runs and the length of the track, `UNBRAID_BENCH_SONGS`
(default 20) the number of short tracks for a warm worker. Targets: 1.7 times as fast at 80 dB SNR, 2.7 times in fast
mode at 30 dB, 2.5 times with a warm worker.
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
TRACK_COUNT = int(os.environ.get("UNBRAID_BENCH_SONGS", "20"))
STEMS = ("drums", "bass", "other", "vocals")
CONFIGURATIONS = {"torch": ("torch", ""), "openvino": ("openvino", ""), "openvino fast": ("openvino", "fast")}
UNBRAID_SCRIPT = """
import sys, time
from pathlib import Path
from desktop.pipeline.engines.load import EngineSpec, load_engine
from desktop.pipeline.run import run
from desktop.pipeline.request import Request
model, cache, folder = map(Path, sys.argv[1:4])
spec = EngineSpec("full", "demucs", (model,), runtime=sys.argv[4], fast=bool(sys.argv[5]), cache=cache)
engine = load_engine(spec)
began = time.perf_counter()
for number, song in enumerate(sys.argv[6:]):
    out = folder / str(number)
    run(Request(Path(song), out, "wav", "32f", "raw", out / "peaks"), engine, lambda step: None, lambda: False)
print(time.perf_counter() - began, engine.runtime.replace(" ", "-"))
"""
REFERENCE_SCRIPT = """
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
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a model that both demucs and Unbraid find, converted for OpenVINO already."""
    folder = tmp_path_factory.mktemp("bench")
    (folder / "repo").mkdir()
    write_full_htdemucs(folder / "repo" / "full.th")
    run_unbraid(folder, "nothing", "openvino", "")
    return folder


@pytest.mark.timeout(7200)
def test_speed_of_the_engine_against_the_demucs_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = write_noise(folder / "song.wav", SECONDS)
    run_python("-c", REFERENCE_SCRIPT, model_path(folder), track, folder / "reference")
    total: dict[str, list[float]] = {name: [] for name in ("demucs", *CONFIGURATIONS)}
    warm: dict[str, list[float]] = {name: [] for name in CONFIGURATIONS}
    cpu: dict[str, list[float]] = {name: [] for name in total}
    for number in range(RUNS):
        cpu_before = cpu_seconds()
        total["demucs"].append(run_demucs(folder, track))
        cpu["demucs"].append(cpu_seconds() - cpu_before)
        for name, configuration in CONFIGURATIONS.items():
            start, cpu_before = time.perf_counter(), cpu_seconds()
            warm[name].append(run_unbraid(folder, f"{name}-{number}", *configuration, track))
            total[name].append(time.perf_counter() - start)
            cpu[name].append(cpu_seconds() - cpu_before)
    with capsys.disabled():
        print(f"\ndemucs: median {statistics.median(total['demucs']):.1f} s for {SECONDS} s of music, {RUNS} runs")
        for name in CONFIGURATIONS:
            print(
                f"{name}: {statistics.median(total[name]):.1f} s, {median_ratio(total['demucs'], total[name]):.2f} times as "
                f"fast, {median_ratio(cpu['demucs'], cpu[name]):.2f} times by CPU time; with the model loaded {statistics.median(warm[name]):.1f} s, "
                f"{median_ratio(total['demucs'], warm[name]):.2f} times; SNR {worst_snr_db(folder, name):.0f} dB"
            )


@pytest.mark.timeout(7200)
def test_speed_of_a_warm_worker_against_one_demucs_command_per_track(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracks = [write_noise(folder / f"short-{number}.wav", 15, number) for number in range(TRACK_COUNT)]
    command_seconds = [run_demucs(folder, track) for track in tracks]
    lines: list[str] = []
    for name, configuration in CONFIGURATIONS.items():
        seconds = run_unbraid(folder, f"short-{name}", *configuration, *tracks)
        lines.append(f"{name}: {seconds:.1f} s, {sum(command_seconds) / seconds:.2f} times as fast")
    with capsys.disabled():
        print(
            f"\n{TRACK_COUNT} tracks of 15 s, one demucs command each: {sum(command_seconds):.1f} s; one warm worker:"
        )
        print("\n".join(lines))


def write_noise(path: Path, seconds: int, seed: int = 0) -> Path:
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, (seconds * RATE, 2)), RATE, subtype="PCM_16")
    return path


def model_path(folder: Path) -> Path:
    return folder / "repo" / "full.th"


def run_demucs(folder: Path, track: Path) -> float:
    """Return the seconds that the demucs command takes."""
    start = time.perf_counter()
    run_python(
        "-m", "demucs.separate", "-d", "cpu", "-n", "full", "--repo", folder / "repo", "-o", folder / "demucs",
        "--float32", track,
    )  # fmt: skip
    return time.perf_counter() - start


def run_unbraid(folder: Path, name: str, runtime: str, fast: str, *tracks: Path) -> float:
    """Return the seconds that Unbraid takes after the model is loaded."""
    output = run_python(
        "-c", UNBRAID_SCRIPT, model_path(folder), folder / "cache", folder / name, runtime, fast, *tracks
    )
    seconds, used_runtime = output.split()
    assert used_runtime.startswith(runtime)
    return float(seconds)


def run_python(*arguments: str | Path) -> str:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def cpu_seconds() -> float:
    """Return the CPU seconds of all child processes so far, which do not depend on the load of the machine."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def median_ratio(slow: list[float], fast: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))


def worst_snr_db(folder: Path, name: str) -> float:
    return min(
        snr_db(folder / "reference" / f"{stem}.wav", folder / f"{name}-0" / "0" / f"{stem}.wav") for stem in STEMS
    )


def snr_db(reference: Path, other: Path) -> float:
    expected, actual = (soundfile.read(path, dtype="float64")[0] for path in (reference, other))
    return float(10 * np.log10(np.square(expected).sum() / max(np.square(expected - actual).sum(), 1e-30)))
