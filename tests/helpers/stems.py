"""A completed job with real stems and peaks, written in a moment."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import soundfile as sf

from desktop.audio.peaks import build_peaks
from desktop.jobs.model import Job, JobOptions, JobState, Stem
from desktop.paths import Home

RATE = 44100
NAMES = ("vocals", "drums", "bass", "other", "guitar", "piano")


def waiting_job(state: JobState = JobState.PENDING) -> Job:
    """Return a job that has no stems."""
    return Job(
        id=str(uuid4()),
        state=state,
        title="Night Drive",
        artist="Mara Lind",
        album="",
        source=Path("Night Drive.flac"),
        options=JobOptions(),
        position=1,
        added=datetime.now(UTC),
    )


def write_stems(folder: Path, stems: int = 4, seconds: float = 2.0) -> tuple[Stem, ...]:
    """Write stems that are tones of different pitch, with their peaks, into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = round(seconds * RATE)
    return tuple(_stem(folder, name, 110.0 * (n + 1), frames) for n, name in enumerate(NAMES[:stems]))


def separated_job(home: Home, title: str = "Night Drive", stems: int = 4, seconds: float = 2.0) -> Job:
    """Return a completed job with stems in the library's own folder, to be inserted."""
    job_id = str(uuid4())
    return replace(completed_job(home.job(job_id).run(1), stems, seconds), id=job_id, title=title)


def completed_job(folder: Path, stems: int = 4, seconds: float = 2.0) -> Job:
    """Return a job whose stems are tones of different pitch, written into `folder`."""
    frames = round(seconds * RATE)
    made = write_stems(folder, stems, seconds)
    return Job(
        id=str(uuid4()),
        state=JobState.COMPLETED,
        title="Night Drive",
        artist="Mara Lind",
        album="Neon Coast",
        source=Path("Night Drive.flac"),
        options=JobOptions(),
        position=1,
        added=datetime.now(UTC),
        token=1,
        seconds=seconds,
        sample_rate=RATE,
        channels=2,
        frames=frames,
        model_used="htdemucs",
        null_dbfs=-300.0,
        stems=made,
    )


def _stem(folder: Path, name: str, pitch: float, frames: int) -> Stem:
    tone = 0.5 * np.sin(2 * np.pi * pitch * np.arange(frames) / RATE)
    sound = np.stack([tone, tone])
    path, peaks = folder / f"{name}.wav", folder / f"{name}.peaks"
    sf.write(path, sound.T, RATE, subtype="PCM_16")
    build_peaks([sound], peaks)
    return Stem(name, path, peaks)
