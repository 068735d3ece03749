"""Real stems in, real files out."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from desktop.errors import CancelledError, StorageError, UnusableTrackError
from desktop.export.stems import check_free_space, export_stems
from desktop.jobs.model import Job
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import write_completed_job


def _job(folder: Path, subtype: str = "PCM_16", rate: int = 44100, loud: float = 0.9, suffix: str = ".wav") -> Job:
    """A job of two stems of noise, `loud` at their loudest."""
    job = write_completed_job(folder, stem_count=2, seconds=0.1)
    stems = tuple(replace(stem, path=stem.path.with_suffix(suffix)) for stem in job.stems)
    for number, stem in enumerate(stems):
        noise = np.random.default_rng(number).uniform(-1, 1, (rate // 5, 2))
        sf.write(stem.path, noise / np.abs(noise).max() * loud, rate, subtype=subtype)
    return replace(job, stems=stems)


def _samples(path: Path) -> NDArray[np.float64]:
    return sf.read(path, dtype="float64")[0]


def _counted() -> tuple[list[int], Callable[[int], None]]:
    sizes: list[int] = []
    return sizes, sizes.append


def test_wav_stems_are_copied_byte_for_byte(tmp_path: Path) -> None:
    job = _job(tmp_path / "library", "PCM_24")
    sizes, advance = _counted()
    files = export_stems(job, tmp_path / "out", "wav", advance)
    assert [path.name for path in files] == [
        "Mara Lind - Night Drive (Vocals).wav",
        "Mara Lind - Night Drive (Drums).wav",
    ]
    assert [path.read_bytes() for path in files] == [stem.path.read_bytes() for stem in job.stems]
    assert sum(sizes) == sum(stem.path.stat().st_size for stem in job.stems)
    assert sorted((tmp_path / "out").iterdir()) == sorted(files)


@pytest.mark.parametrize(("subtype", "suffix"), [("PCM_16", ".wav"), ("PCM_24", ".wav"), ("PCM_32", ".wav")])
def test_flac_holds_the_same_samples_as_far_as_it_can(tmp_path: Path, subtype: str, suffix: str) -> None:
    job = _job(tmp_path / "library", subtype, suffix=suffix)
    files = export_stems(job, tmp_path / "out", "flac", lambda _: None)
    for stem, path in zip(job.stems, files, strict=True):
        assert sf.info(path).subtype == ("PCM_16" if subtype == "PCM_16" else "PCM_24")
        assert np.abs(_samples(stem.path) - _samples(path)).max() <= (2.0**-24 if subtype == "PCM_32" else 0.0)


def test_flac_stems_become_wav_of_the_same_samples_and_bits(tmp_path: Path) -> None:
    job = _job(tmp_path / "library", "PCM_24", suffix=".flac")
    files = export_stems(job, tmp_path / "out", "wav", lambda _: None)
    for stem, path in zip(job.stems, files, strict=True):
        assert sf.info(path).subtype == "PCM_24"
        np.testing.assert_array_equal(_samples(stem.path), _samples(path))


def test_stems_too_loud_for_flac_become_wav_all_of_them(tmp_path: Path) -> None:
    job = _job(tmp_path / "library", "FLOAT", loud=1.5)
    quiet = sf.read(job.stems[0].path, dtype="float32")[0] / 2
    sf.write(job.stems[0].path, quiet, 44100, subtype="FLOAT")
    files = export_stems(job, tmp_path / "out", "flac", lambda _: None)
    assert [path.suffix for path in files] == [".wav", ".wav"]
    assert [path.read_bytes() for path in files] == [stem.path.read_bytes() for stem in job.stems]
    assert sorted((tmp_path / "out").iterdir()) == sorted(files)


def test_mp3_has_the_songs_length_and_a_rate_it_cannot_hold_becomes_flac(tmp_path: Path) -> None:
    files = export_stems(_job(tmp_path / "one"), tmp_path / "out", "mp3", lambda _: None)
    assert {sf.info(path).format for path in files} == {"MP3"}
    assert all(abs(sf.info(path).frames - 8820) <= 2400 for path in files)
    files = export_stems(_job(tmp_path / "two", rate=96000), tmp_path / "out", "mp3", lambda _: None)
    assert {path.suffix for path in files} == {".flac"}
    assert {sf.info(path).samplerate for path in files} == {96000}


def test_a_missing_stem_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    job = _job(tmp_path / "library")
    job.stems[1].path.unlink()
    with pytest.raises(UnusableTrackError, match="The drums stem of “Night Drive” cannot be read"):
        export_stems(job, tmp_path / "out", "wav", lambda _: None)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("file_format", ["wav", "flac"])
def test_a_cancelled_export_leaves_nothing(tmp_path: Path, file_format: str) -> None:
    def stop(_: int) -> None:
        assert list((tmp_path / "out").glob("[!.]*")) == []  # nothing has its name before it is whole
        raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        export_stems(_job(tmp_path / "library"), tmp_path / "out", file_format, stop)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("file_format", ["wav", "flac", "mp3"])
def test_a_full_disk_is_told_in_a_sentence_and_nothing_is_left(tmp_path: Path, file_format: str) -> None:
    job = _job(tmp_path / "library")
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        with pytest.raises(StorageError, match=r"could not be exported to .*: the disk is full\. Make room there"):
            export_stems(job, disk.mount_point, file_format, lambda _: None)
        assert [path.name for path in disk.mount_point.iterdir()] == ["filler"]
        with pytest.raises(StorageError, match=r"The stems need .* has 0 kB free"):
            check_free_space([job], disk.mount_point, "wav")


def test_a_read_only_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.remount("ro")
        with pytest.raises(StorageError, match="the disk is read-only"):
            export_stems(_job(tmp_path / "library"), disk.mount_point, "wav", lambda _: None)


def test_what_a_killed_export_left_is_deleted_a_day_later(tmp_path: Path) -> None:
    old, new = tmp_path / "out" / ".unbraid-export-old", tmp_path / "out" / ".unbraid-export-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "0.wav").touch()
    os.utime(old, (0, 0))
    export_stems(_job(tmp_path / "library"), tmp_path / "out", "wav", lambda _: None)
    assert (old.exists(), new.exists()) == (False, True)
