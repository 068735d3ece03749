from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest

from desktop.errors import UnknownJobError
from desktop.export.batch import export_batch
from desktop.export.result import ExportProgress
from desktop.jobs.model import Job
from tests.helpers.stems import make_unseparated_job, write_completed_job


def _jobs(folder: Path, count: int) -> dict[str, Job]:
    made = [
        replace(write_completed_job(folder / str(n), stem_count=2, seconds=0.2), title=f"Song {n}")
        for n in range(count)
    ]
    return {job.id: job for job in made}


def test_every_song_is_exported_and_progress_ends_at_the_end(tmp_path: Path) -> None:
    library = _jobs(tmp_path / "library", 3)
    told: list[ExportProgress] = []
    result = export_batch([*library.values()], tmp_path / "out", "wav", library.__getitem__, told.append)
    assert [job.title for job, _ in result.exported] == ["Song 0", "Song 1", "Song 2"]
    assert result.file_count == len(list((tmp_path / "out").iterdir())) == 6
    assert (told[-1].songs_done, told[-1].songs_total, told[-1].fraction) == (3, 3, 1.0)
    assert [progress.fraction for progress in told] == sorted(progress.fraction for progress in told)


def test_songs_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    library = {job.id: replace(job, title="Same") for job in _jobs(tmp_path / "library", 2).values()}
    result = export_batch([*library.values()], tmp_path / "out", "wav", library.__getitem__)
    assert [[path.name[-14:] for path in files] for _, files in result.exported] == [
        ["e (Vocals).wav"[-14:], "me (Drums).wav"],
        ["(Vocals) 2.wav", " (Drums) 2.wav"],
    ]


def test_songs_without_stems_and_songs_removed_meanwhile_are_left_out_and_named(tmp_path: Path) -> None:
    library = _jobs(tmp_path / "library", 3)
    first, removed, gone = library.values()
    waiting = make_unseparated_job()
    rmtree(gone.stems[0].path.parent)

    def current(job_id: str) -> Job:
        if job_id == removed.id:
            raise UnknownJobError("There is no such job.")
        return library[job_id]

    result = export_batch([waiting, first, removed, gone], tmp_path / "out", "wav", current)
    assert [job for job, _ in result.exported] == [first]
    assert [job for job, _ in result.skipped] == [waiting, removed, gone]


def test_a_song_that_is_separated_again_meanwhile_is_exported_with_its_new_stems(tmp_path: Path) -> None:
    (job,) = _jobs(tmp_path / "library", 1).values()
    again = replace(job, stems=write_completed_job(tmp_path / "run-2", stem_count=3).stems)
    rmtree(job.stems[0].path.parent)
    answers = iter((job, again))
    result = export_batch([job], tmp_path / "out", "wav", lambda _: next(answers))
    assert [len(files) for _, files in result.exported] == [3]


def test_a_cancelled_batch_keeps_the_songs_that_are_finished(tmp_path: Path) -> None:
    library = _jobs(tmp_path / "library", 3)
    told: list[ExportProgress] = []
    result = export_batch(
        [*library.values()],
        tmp_path / "out",
        "wav",
        library.__getitem__,
        told.append,
        lambda: bool(told and told[-1].songs_done),
    )
    assert result.cancelled
    assert [job.title for job, _ in result.exported] == ["Song 0"]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_the_time_left_is_told_once_it_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _jobs(tmp_path / "library", 4)
    clock = iter(range(1000))
    monkeypatch.setattr("desktop.export.batch.monotonic", lambda: float(next(clock)))
    told: list[ExportProgress] = []
    export_batch([*library.values()], tmp_path / "out", "wav", library.__getitem__, told.append)
    lefts = [progress.seconds_left for progress in told]
    assert all(left is not None for left in lefts[1:])
    assert lefts[-1] == 0.0
