"""Completed jobs with real stems and peaks, written quickly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile as sf

from desktop.jobs.folders import name_job_folder
from desktop.jobs.model import Job, JobState, Stem
from desktop.paths import Home
from tests.helpers.jobs import make_job
from tests.helpers.sound import write_peaks

SAMPLE_RATE = 44100
STEM_NAMES = ("vocals", "drums", "bass", "other", "guitar", "piano")


def write_stems(folder: Path, stem_count: int = 4, seconds: float = 2.0) -> tuple[Stem, ...]:
    """Write stems that are tones of different pitch, with their peaks, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = round(seconds * SAMPLE_RATE)
    return tuple(_write_stem(folder, name, 110.0 * (n + 1), frames) for n, name in enumerate(STEM_NAMES[:stem_count]))


def write_library_job(home: Home, title: str = "Night Drive", stem_count: int = 4, seconds: float = 2.0) -> Job:
    """Return a completed job with stems in the library's own folder, named by the song, to be inserted."""
    job = make_job(title)
    home.job_folder(job.id).root.mkdir()
    folder = name_job_folder(home, job)
    return replace(write_completed_job(folder.result_folder(1), stem_count, seconds), id=job.id, title=title)


def write_completed_job(folder: Path, stem_count: int = 4, seconds: float = 2.0) -> Job:
    """Return a job whose stems are tones of different pitch, written into `folder`."""
    frames = round(seconds * SAMPLE_RATE)
    written_stems = write_stems(folder, stem_count, seconds)
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


def _write_stem(folder: Path, name: str, frequency_hz: float, frames: int) -> Stem:
    tone = 0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / SAMPLE_RATE)
    sound = np.stack([tone, tone])
    path, peaks = folder / f"{name}.wav", folder / f"{name}.peaks"
    sf.write(path, sound.T, SAMPLE_RATE, subtype="PCM_16")
    write_peaks([sound], peaks)
    return Stem(name, path, peaks)
