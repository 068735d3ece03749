from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest

from desktop.errors import UnknownJobError
from desktop.export.batch import export_batch
from desktop.export.result import ExportProgress
from desktop.jobs.model import Job
from desktop.text.message import verbatim
from tests.helpers.jobs import make_job
from tests.helpers.stems import write_completed_job


def _write_jobs(folder: Path, count: int) -> dict[str, Job]:
    jobs = [
        replace(write_completed_job(folder / str(n), stem_count=2, seconds=0.2), title=f"Song {n}")
        for n in range(count)
    ]
    return {job.id: job for job in jobs}


def test_every_song_is_exported_and_progress_reaches_the_end(tmp_path: Path) -> None:
    library = _write_jobs(tmp_path / "library", 3)
    reports: list[ExportProgress] = []
    result = export_batch([*library.values()], tmp_path / "out", "wav", library.__getitem__, reports.append)
    assert [job.title for job, _ in result.exported] == ["Song 0", "Song 1", "Song 2"]
    assert result.file_count == len(list((tmp_path / "out").iterdir())) == 6
    assert (reports[-1].songs_done, reports[-1].songs_total, reports[-1].fraction) == (3, 3, 1.0)
    assert [progress.fraction for progress in reports] == sorted(progress.fraction for progress in reports)


def test_songs_with_the_same_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    library = {job.id: replace(job, title="Same") for job in _write_jobs(tmp_path / "library", 2).values()}
    result = export_batch([*library.values()], tmp_path / "out", "wav", library.__getitem__)
    assert [[path.name[-14:] for path in files] for _, files in result.exported] == [
        ["e (Vocals).wav"[-14:], "me (Drums).wav"],
        ["(Vocals) 2.wav", " (Drums) 2.wav"],
    ]


def test_songs_without_stems_and_songs_removed_meanwhile_are_reported_as_skipped(tmp_path: Path) -> None:
    library = _write_jobs(tmp_path / "library", 3)
    first, removed, without_files = library.values()
    waiting = make_job()
    rmtree(without_files.stems[0].path.parent)

    def current_job(job_id: str) -> Job:
        if job_id == removed.id:
            raise UnknownJobError(verbatim("There is no such job."))
        return library[job_id]

    result = export_batch([waiting, first, removed, without_files], tmp_path / "out", "wav", current_job)
    assert [job for job, _ in result.exported] == [first]
    assert [job for job, _ in result.skipped] == [waiting, removed, without_files]


def test_song_separated_again_meanwhile_is_exported_with_its_new_stems(tmp_path: Path) -> None:
    (job,) = _write_jobs(tmp_path / "library", 1).values()
    new = replace(job, stems=write_completed_job(tmp_path / "run-2", stem_count=3).stems)
    rmtree(job.stems[0].path.parent)
    versions = iter((job, new))
    result = export_batch([job], tmp_path / "out", "wav", lambda _: next(versions))
    assert [len(files) for _, files in result.exported] == [3]


def test_cancelled_batch_keeps_the_finished_songs(tmp_path: Path) -> None:
    library = _write_jobs(tmp_path / "library", 3)
    reports: list[ExportProgress] = []
    result = export_batch(
        [*library.values()],
        tmp_path / "out",
        "wav",
        library.__getitem__,
        reports.append,
        lambda: bool(reports and reports[-1].songs_done),
    )
    assert result.cancelled
    assert [job.title for job, _ in result.exported] == ["Song 0"]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_remaining_time_is_reported_once_it_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _write_jobs(tmp_path / "library", 4)
    clock = iter(range(1000))
    monkeypatch.setattr("desktop.export.batch.monotonic", lambda: float(next(clock)))
    reports: list[ExportProgress] = []
    export_batch([*library.values()], tmp_path / "out", "wav", library.__getitem__, reports.append)
    remaining = [progress.seconds_left for progress in reports]
    assert all(seconds is not None for seconds in remaining[1:])
    assert remaining[-1] == 0.0
