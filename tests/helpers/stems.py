"""Completed jobs with real stems and peaks, written quickly."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from desktop.jobs.folders import name_job_folder
from desktop.jobs.model import Job, JobState, Stem
from desktop.paths import Home
from tests.helpers.jobs import make_job
from tests.helpers.sound import write_peaks

SAMPLE_RATE = 44100
_BLOCK_FRAMES = 10 * SAMPLE_RATE
STEM_NAMES = ("vocals", "drums", "bass", "other", "guitar", "piano")


def write_stems(folder: Path, stem_count: int = 4, seconds: float = 2.0, suffix: str = ".wav") -> tuple[Stem, ...]:
    """Write stems that are tones of different pitch, with their peaks, into `folder`; hours of them take little memory."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = round(seconds * SAMPLE_RATE)
    return tuple(
        _write_stem(folder / f"{name}{suffix}", 110.0 * (n + 1), frames)
        for n, name in enumerate(STEM_NAMES[:stem_count])
    )


def write_library_job(
    home: Home, title: str = "Night Drive", stem_count: int = 4, seconds: float = 2.0, suffix: str = ".wav"
) -> Job:
    """Return a completed job with stems in the library's own folder, named by the song, to be inserted."""
    job = make_job(title)
    home.job_folder(job.id).root.mkdir()
    folder = name_job_folder(home, job)
    return replace(write_completed_job(folder.result_folder(1), stem_count, seconds, suffix), id=job.id, title=title)


def write_completed_job(folder: Path, stem_count: int = 4, seconds: float = 2.0, suffix: str = ".wav") -> Job:
    """Return a job whose stems are tones of different pitch, written into `folder`."""
    frames = round(seconds * SAMPLE_RATE)
    written_stems = write_stems(folder, stem_count, seconds, suffix)
    return make_job(
        state=JobState.COMPLETED,
        token=1,
        seconds=seconds,
        sample_rate=SAMPLE_RATE,
        channels=2,
        frames=frames,
        model_used="htdemucs",
        null_dbfs=-300.0,
        stems=written_stems,
    )


def _write_stem(path: Path, frequency_hz: float, frames: int) -> Stem:
    peaks = path.with_suffix(".peaks")
    with sf.SoundFile(path, "w", SAMPLE_RATE, 2, "PCM_16") as file:
        write_peaks(_write_tone(file, frequency_hz, frames), peaks)
    return Stem(path.stem, path, peaks)


def _write_tone(file: sf.SoundFile, frequency_hz: float, frames: int) -> Iterator[NDArray[np.float64]]:
    """Write a tone in blocks, and yield each `[channels, frames]`."""
    for start in range(0, frames, _BLOCK_FRAMES):
        numbers = np.arange(start, min(start + _BLOCK_FRAMES, frames))
        tone = 0.5 * np.sin(2 * np.pi * frequency_hz * numbers / SAMPLE_RATE)
        file.write(np.stack([tone, tone], axis=1))
        yield np.stack([tone, tone])
