"""Automatic exports: a song that the model has separated is exported once, where the settings say."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.export.automatic import auto_export_folder, auto_export_settings, automatic_export, saved_preset_value
from desktop.export.presets import BUILT_IN_PRESETS
from desktop.export.settings import ExportKind, ExportSettings
from desktop.jobs.export_job import ExportState
from desktop.jobs.model import JobOptions, JobState
from desktop.jobs.queue import ExportChanged
from desktop.runtime.settings_file import SettingsFile
from desktop.settings import Settings
from desktop.tasks.export_runner import ExportOutcome, ExportRunner
from tests.helpers.bench import InProcessLibrary
from tests.helpers.jobs import make_job
from tests.helpers.library import write_song
from tests.helpers.rows import simulate_dead_owner

SKETCH = JobOptions(model="sketch")
STEMS = ["song (Bass).wav", "song (Drums).wav", "song (Other).wav", "song (Vocals).wav"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcessLibrary:
    monkeypatch.setenv("UNBRAID_MODEL_URL", "http://127.0.0.1:9")  # no server listens there
    return InProcessLibrary(tmp_path / "library")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song.wav", seconds=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "music" / "Stems"


def turn_on(bench: InProcessLibrary, folder: Path, **changes: Any) -> None:
    SettingsFile(bench.home).change(auto_export=True, auto_export_folder=str(folder), **changes)


def export_all(bench: InProcessLibrary) -> None:
    """Make the exports that wait, as the draft worker does."""
    runner = ExportRunner(bench.home, bench.store, bench.events, lambda: False)
    while runner.run() is not ExportOutcome.DROPPED:
        pass


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_finished_song_is_exported_once_for_each_completion(bench: InProcessLibrary, song: Path, folder: Path) -> None:
    turn_on(bench, folder)
    published: list[bool] = []
    runner = replace(bench.runner, publish_export=lambda: published.append(True))
    job = bench.service.add(song, SKETCH)
    for _ in range(2):  # the second message finds a completed job
        assert runner.run(job.id) == {"status": "completed"}
    (export,) = bench.service.exports()
    assert export.is_automatic
    assert published == [True]
    assert ExportChanged(export.id) in bench.events.events
    export_all(bench)
    assert names_in(folder) == STEMS
    bench.service.separate_again(job.id)
    assert runner.run(job.id) == {"status": "completed"}
    export_all(bench)
    assert len(names_in(folder)) == 2 * len(STEMS)


def test_nothing_is_exported_unless_the_user_has_turned_it_on(bench: InProcessLibrary, song: Path) -> None:
    job = bench.service.add(song, SKETCH)
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert bench.service.exports() == []


def test_song_with_an_output_folder_of_its_own_goes_there_only(
    bench: InProcessLibrary, song: Path, folder: Path, tmp_path: Path
) -> None:
    turn_on(bench, folder)
    job = bench.service.add(song, replace(SKETCH, out=tmp_path / "out"))
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert bench.service.exports() == []
    assert len(list((tmp_path / "out").glob("*/*.wav"))) == len(STEMS)


def test_stems_in_draft_quality_because_the_model_was_missing_are_not_exported(
    bench: InProcessLibrary, song: Path, folder: Path
) -> None:
    turn_on(bench, folder)
    job = bench.service.add(song)
    assert bench.runner.run(job.id) == {"status": "completed"}
    assert bench.service.job(job.id).model_used == "sketch"
    assert bench.service.exports() == []


def test_song_that_fails_or_is_cancelled_is_not_exported(
    bench: InProcessLibrary, song: Path, folder: Path, tmp_path: Path
) -> None:
    turn_on(bench, folder)
    failed = bench.service.add(song, JobOptions(model="nonesuch"))
    cancelled = bench.service.add(write_song(tmp_path / "long.wav", seconds=120), SKETCH)
    bench.call_when_separating(cancelled, lambda: bench.store.request_cancel(cancelled.id))
    assert [bench.runner.run(job.id)["status"] for job in (failed, cancelled)] == ["failed", "cancelled"]
    assert bench.service.exports() == []


def test_worker_that_lost_its_claim_exports_nothing(bench: InProcessLibrary, song: Path, folder: Path) -> None:
    turn_on(bench, folder)
    job = bench.service.add(song, SKETCH)

    def lose_claim() -> None:
        simulate_dead_owner(bench.home, job)
        assert bench.store.ownership.claim(job.id)

    bench.call_when_separating(job, lose_claim)
    assert bench.runner.run(job.id) == {"status": "dropped"}
    assert bench.service.exports() == []


def test_song_and_its_export_are_recorded_together(bench: InProcessLibrary, song: Path, folder: Path) -> None:
    """A worker that is killed right after the completion has queued the export."""
    turn_on(bench, folder)
    job = bench.service.add(song, SKETCH)

    class KilledError(Exception):
        pass

    def kill() -> None:
        raise KilledError

    with pytest.raises(KilledError):
        replace(bench.runner, publish_export=kill).run(job.id)
    assert bench.service.job(job.id).state is JobState.COMPLETED
    export_all(bench)
    assert names_in(folder) == STEMS


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder_ends_the_export_with_a_sentence_and_the_next_song_is_separated(
    bench: InProcessLibrary, song: Path, tmp_path: Path
) -> None:
    read_only = tmp_path / "read-only"
    read_only.mkdir(mode=0o500)
    _check_failing_folder(bench, song, read_only)


def test_folder_that_is_a_file_ends_the_export_with_a_sentence_and_the_next_song_is_separated(
    bench: InProcessLibrary, song: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    _check_failing_folder(bench, song, tmp_path / "file")


def _check_failing_folder(bench: InProcessLibrary, song: Path, folder: Path) -> None:
    turn_on(bench, folder)
    for _ in range(2):
        job = bench.service.add(song, SKETCH)
        assert bench.runner.run(job.id) == {"status": "completed"}
        assert bench.service.job(job.id).notices == ()
        export_all(bench)
    exports = bench.service.exports()
    assert [export.state for export in exports] == [ExportState.FAILED] * 2
    assert all(str(folder) in str(export.error) and str(export.error).count(". ") <= 1 for export in exports)


@pytest.mark.skipif(sys.platform != "linux", reason="the variable is that of Linux desktops")
def test_folder_is_the_one_that_was_chosen_or_unbraid_in_the_music_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_MUSIC_DIR", str(tmp_path / "Musik"))
    assert auto_export_folder(Settings()) == tmp_path / "Musik" / "Unbraid"
    assert auto_export_folder(Settings(auto_export_folder="/stems")) == Path("/stems")


@pytest.mark.parametrize("preset", BUILT_IN_PRESETS, ids=lambda preset: preset.key)
def test_built_in_preset_is_exported_in_the_format_of_the_settings(preset: Any) -> None:
    settings = Settings(auto_export_preset=preset.key, export_format="flac")
    expected = ExportSettings(preset.kind, preset.stems, file_format="flac")
    assert auto_export_settings(settings) == expected
    assert auto_export_settings(replace(settings, export_format="nonsense")).file_format == "wav"


def test_preset_that_the_user_saved_is_exported_as_it_was_saved(
    bench: InProcessLibrary, song: Path, folder: Path
) -> None:
    saved = '{"Band": {"kind": "mix", "stems": ["drums"], "file_format": "flac", "name_template": "{title}"}, "New": 3}'
    preset = saved_preset_value("Band")
    assert auto_export_settings(Settings(export_presets=saved, auto_export_preset=preset)).kind is ExportKind.MIX
    turn_on(bench, folder, export_presets=saved, auto_export_preset=preset)
    bench.runner.run(bench.service.add(song, SKETCH).id)
    export_all(bench)
    assert names_in(folder) == ["song.flac"]


@pytest.mark.parametrize("preset", ["saved:gone", "saved:New", "nonsense", ""])
def test_preset_that_is_gone_or_of_a_later_version_exports_all_stems(preset: str) -> None:
    settings = Settings(export_presets='{"New": 3}', auto_export_preset=preset, export_format="mp3")
    assert auto_export_settings(settings) == ExportSettings(file_format="mp3")


def test_song_that_the_user_separates_with_sketch_is_exported(folder: Path) -> None:
    settings = Settings(auto_export=True, auto_export_folder=str(folder))
    export = automatic_export(make_job(options=SKETCH), "sketch", settings)
    assert export is not None
    assert export.folder == folder
