"""Stems of a song as real files: copied, converted, and none left behind after an error."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray
from tinytag import TinyTag

from desktop.audio.stems import has_stem_comment
from desktop.audio_formats import AUDIO_FORMATS
from desktop.errors import CancelledError, StorageError, UnusableTrackError
from desktop.export.settings import ExportSettings
from desktop.export.song import needed_bytes
from desktop.export.target_folder import prepare_target_folder
from desktop.jobs.model import Job
from desktop.text.message import verbatim
from tests.helpers.exports import export_to
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import write_completed_job


def _write_job(
    folder: Path, subtype: str = "PCM_16", rate: int = 44100, peak: float = 0.9, suffix: str = ".wav"
) -> Job:
    """Write a job with two stems of noise that peak at `peak`."""
    job = write_completed_job(folder, stem_count=2, seconds=0.1)
    stems = tuple(replace(stem, path=stem.path.with_suffix(suffix)) for stem in job.stems)
    for number, stem in enumerate(stems):
        noise = np.random.default_rng(number).uniform(-1, 1, (rate // 5, 2))
        sf.write(stem.path, noise / np.abs(noise).max() * peak, rate, subtype=subtype)
    return replace(job, stems=stems)


def _read_samples(path: Path) -> NDArray[np.float64]:
    return sf.read(path, dtype="float64")[0]


def _record_sizes() -> tuple[list[int], Callable[[int], None]]:
    sizes: list[int] = []
    return sizes, sizes.append


def test_wav_stems_without_tags_are_copied_byte_for_byte(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library", "PCM_24")
    sizes, advance = _record_sizes()
    files = export_to(tmp_path / "out", job, "wav", advance, has_tags=False)
    assert [path.name for path in files] == [
        "Mara Lind - Night Drive (Vocals).wav",
        "Mara Lind - Night Drive (Drums).wav",
    ]
    assert [path.read_bytes() for path in files] == [stem.path.read_bytes() for stem in job.stems]
    assert sum(sizes) == sum(stem.path.stat().st_size for stem in job.stems)
    assert sorted((tmp_path / "out").iterdir()) == sorted(files)


def test_tags_of_copied_stems_follow_their_samples(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library", "PCM_24")
    for path, stem in zip(export_to(tmp_path / "out", job, "wav"), job.stems, strict=True):
        samples = stem.path.read_bytes()[8:]
        assert path.read_bytes()[8 : 8 + len(samples)] == samples
        assert TinyTag.get(path).title == f"Night Drive ({stem.name.capitalize()})"


@pytest.mark.parametrize(("subtype", "suffix"), [("PCM_16", ".wav"), ("PCM_24", ".wav"), ("PCM_32", ".wav")])
def test_flac_has_the_same_samples_up_to_24_bits(tmp_path: Path, subtype: str, suffix: str) -> None:
    job = _write_job(tmp_path / "library", subtype, suffix=suffix)
    files = export_to(tmp_path / "out", job, "flac")
    for stem, path in zip(job.stems, files, strict=True):
        assert sf.info(path).subtype == ("PCM_16" if subtype == "PCM_16" else "PCM_24")
        error = np.abs(_read_samples(stem.path) - _read_samples(path)).max()
        assert error <= (1.5 * 2.0**-23 if subtype == "PCM_32" else 0.0)  # rounded with dither


def test_flac_stems_become_wav_with_the_same_samples_and_bit_depth(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library", "PCM_24", suffix=".flac")
    files = export_to(tmp_path / "out", job, "wav")
    for stem, path in zip(job.stems, files, strict=True):
        assert sf.info(path).subtype == "PCM_24"
        np.testing.assert_array_equal(_read_samples(stem.path), _read_samples(path))


def test_all_stems_become_wav_if_one_is_too_loud_for_flac(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library", "FLOAT", peak=1.5)
    quiet = sf.read(job.stems[0].path, dtype="float32")[0] / 2
    sf.write(job.stems[0].path, quiet, 44100, subtype="FLOAT")
    files = export_to(tmp_path / "out", job, "flac", has_tags=False)
    assert [path.suffix for path in files] == [".wav", ".wav"]
    assert [path.read_bytes() for path in files] == [stem.path.read_bytes() for stem in job.stems]
    assert sorted((tmp_path / "out").iterdir()) == sorted(files)


def test_mp3_has_the_length_of_the_song_and_an_unsupported_rate_becomes_flac(tmp_path: Path) -> None:
    files = export_to(tmp_path / "out", _write_job(tmp_path / "one"), "mp3")
    assert {sf.info(path).format for path in files} == {"MP3"}
    assert all(abs(sf.info(path).frames - 8820) <= 2400 for path in files)
    files = export_to(tmp_path / "out", _write_job(tmp_path / "two", rate=96000), "mp3")
    assert {path.suffix for path in files} == {".flac"}
    assert {sf.info(path).samplerate for path in files} == {96000}


def test_opus_is_resampled_and_m4a_of_an_unsupported_rate_becomes_flac(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library", rate=192_000)
    files = export_to(tmp_path / "out", job, "opus")
    assert {(path.suffix, sf.info(path).samplerate, sf.info(path).frames) for path in files} == {(".opus", 48000, 9600)}
    files = export_to(tmp_path / "out", job, "m4a")
    assert {(path.suffix, sf.info(path).samplerate) for path in files} == {(".flac", 192_000)}


@pytest.mark.parametrize("file_format", [name for name in AUDIO_FORMATS if name != "wav"])
def test_stems_in_another_format_are_marked_as_stems(tmp_path: Path, file_format: str) -> None:
    files = export_to(tmp_path / "out", _write_job(tmp_path / "library"), file_format)
    assert all(has_stem_comment(path) for path in files)


def test_chosen_stems_are_written_under_the_names_of_the_template(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library")
    (path,) = export_to(tmp_path / "out", job, "wav", stems=("drums", "flute"), name_template="{part} of {title}")
    assert path.name == "Drums of Night Drive.wav"
    np.testing.assert_array_equal(_read_samples(path), _read_samples(job.stems[1].path))
    with pytest.raises(UnusableTrackError, match="none of the chosen stems"):
        export_to(tmp_path / "out", job, "wav", stems=("flute",))


def test_chosen_depth_converts_only_stems_of_another_depth(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library", "PCM_24")
    (first, _) = export_to(tmp_path / "out", job, "wav", depth="24", has_tags=False)
    assert first.read_bytes() == job.stems[0].path.read_bytes()
    (first, _) = export_to(tmp_path / "out", job, "wav", depth="16")
    assert sf.info(first).subtype == "PCM_16"
    assert np.abs(_read_samples(first) - _read_samples(job.stems[0].path)).max() <= 1.5 * 2.0**-15  # with dither
    (first, _) = export_to(tmp_path / "out", job, "wav", depth="32f")
    np.testing.assert_array_equal(_read_samples(first), _read_samples(job.stems[0].path))


def test_missing_stem_is_reported_and_no_files_are_left(tmp_path: Path) -> None:
    job = _write_job(tmp_path / "library")
    job.stems[1].path.unlink()
    with pytest.raises(UnusableTrackError, match="The drums stem of “Night Drive” cannot be read"):
        export_to(tmp_path / "out", job, "wav")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("file_format", ["wav", "flac", "alac", "opus"])
def test_cancelled_export_leaves_no_files(tmp_path: Path, file_format: str) -> None:
    def stop(_: int) -> None:
        assert list((tmp_path / "out").glob("[!.]*")) == []  # no file has its final name before it is complete
        raise CancelledError(verbatim("Cancelled."))

    with pytest.raises(CancelledError):
        export_to(tmp_path / "out", _write_job(tmp_path / "library"), file_format, stop)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("file_format", list(AUDIO_FORMATS))
def test_full_disk_is_reported_and_no_files_are_left(tmp_path: Path, file_format: str) -> None:
    job = _write_job(tmp_path / "library")
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        with pytest.raises(StorageError, match=r"could not be exported to .*: the disk is full\. Free up space there"):
            export_to(disk.mount_point, job, file_format)
        assert [path.name for path in disk.mount_point.iterdir()] == ["filler"]
        with pytest.raises(StorageError, match=r"The files need .* has only 0 kB free"):
            prepare_target_folder(disk.mount_point, needed_bytes([job], ExportSettings()))


def test_read_only_disk_is_reported(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.remount("ro")
        with pytest.raises(StorageError, match="the disk is read-only"):
            export_to(disk.mount_point, _write_job(tmp_path / "library"))


def test_leftovers_of_a_killed_export_are_deleted_a_day_later(tmp_path: Path) -> None:
    old, new = tmp_path / "out" / ".unbraid-export-old", tmp_path / "out" / ".unbraid-export-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "0.wav").touch()
    os.utime(old, (0, 0))
    export_to(tmp_path / "out", _write_job(tmp_path / "library"), "wav")
    assert (old.exists(), new.exists()) == (False, True)
