import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from desktop.errors import CancelledError, ModelRejectedError, StorageError
from desktop.pipeline import disk_space
from desktop.pipeline.engines.engine import Engine, Samples, Segmentation
from desktop.pipeline.progress import ProgressUpdate
from desktop.pipeline.request import Request
from desktop.pipeline.run import Outcome, run
from tests.helpers.engines import IdentityEngine
from tests.helpers.release import release_except
from tests.helpers.small_disk import small_disk

SHORT = Segmentation(length=4096, stride=3072, centre_last=True, normalise=True, takes_overlap=True)
PLAIN = Segmentation(length=4096, stride=3072, centre_last=True)
SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "32": "PCM_32", "32f": "FLOAT"}


class RoughEngine(IdentityEngine):
    """Returns stems whose sum is far from the mixture."""

    def stems(self, segments: Samples) -> Samples:
        stems = super().stems(segments)
        stems[:, 0] += 0.3 * np.roll(segments, 7, axis=-1)
        stems[:, 1] = np.tanh(stems[:, 1])
        return stems


class BrokenEngine(IdentityEngine):
    """Returns NaN instead of audio."""

    def stems(self, segments: Samples) -> Samples:
        return super().stems(segments) * np.float32(np.nan)


class LoudEngine(IdentityEngine):
    """Returns two stems louder than full scale that cancel each other."""

    def stems(self, segments: Samples) -> Samples:
        stems = super().stems(segments)
        stems[:, 0] += 1.5
        stems[:, 1] -= 1.5
        return stems


def make_audio(frames: int, channels: int, seed: int = 0) -> NDArray[np.float64]:
    """Return `[frames, channels]`: swelling noise with some silence, and full scale at the end."""
    noise = np.random.default_rng(seed).uniform(-0.7, 0.7, (frames, channels))
    sound = noise * np.abs(np.sin(np.arange(frames) / 3000.0))[:, None]
    sound[frames // 4 : frames // 3] = 0.0
    sound[-3:] = -1.0
    return sound


def write_track(folder: Path, bits: str, channels: int, rate: int, frames: int) -> Path:
    path = folder / "song.wav"
    soundfile.write(path, make_audio(frames, channels), rate, subtype=SUBTYPES[bits])
    return path


def make_request(source: Path, folder: Path, **changes: object) -> Request:
    values: dict[str, object] = {"format": "wav", "bits": None, "sum_mode": "exact"} | changes
    return Request(source=source, folder=folder, mixture_peaks=folder / "mixture.peaks", **values)  # type: ignore[arg-type]


def separate(request: Request, engine: Engine) -> Outcome:
    return run(request, engine, lambda _: None, lambda: False)


def read_integers(path: Path) -> NDArray[np.int64]:
    return soundfile.read(path, dtype="int32", always_2d=True)[0].astype(np.int64)


@pytest.mark.parametrize("rate", release_except((44100, 48000), (44100, 48000, 22050, 96000)))
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("bits", ["16", "24", "32"])
def test_stems_sum_to_the_mixture_sample_for_sample(tmp_path: Path, bits: str, channels: int, rate: int) -> None:
    source = write_track(tmp_path, bits, channels, rate, 30011)
    outcome = separate(make_request(source, tmp_path / "job"), RoughEngine(SHORT))
    assert (outcome.sample_rate, outcome.channels, outcome.frames) == (rate, channels, 30011)
    infos = [soundfile.info(stem.path) for stem in outcome.stems]
    assert {(info.samplerate, info.channels, info.frames, info.subtype) for info in infos} == {
        (rate, channels, 30011, SUBTYPES[bits])
    }
    np.testing.assert_array_equal(sum(read_integers(stem.path) for stem in outcome.stems), read_integers(source))
    assert outcome.null_dbfs == -300.0
    assert outcome.notices == ()


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_float_stems_sum_to_a_float_mixture_within_float_precision(tmp_path: Path, channels: int, rate: int) -> None:
    source = write_track(tmp_path, "32f", channels, rate, 30011)
    outcome = separate(make_request(source, tmp_path / "job"), RoughEngine(SHORT))
    assert {soundfile.info(stem.path).subtype for stem in outcome.stems} == {"FLOAT"}
    assert outcome.null_dbfs < -150.0


@pytest.mark.parametrize("bits", ["16", "24"])
def test_float_stems_sum_to_an_integer_mixture_exactly(tmp_path: Path, bits: str) -> None:
    source = write_track(tmp_path, bits, 2, 44100, 30011)
    outcome = separate(make_request(source, tmp_path / "job", bits="32f"), RoughEngine(SHORT))
    assert {soundfile.info(stem.path).subtype for stem in outcome.stems} == {"FLOAT"}
    assert outcome.null_dbfs == -300.0


def test_stems_with_fewer_bits_sum_to_the_rounded_mixture(tmp_path: Path) -> None:
    source = write_track(tmp_path, "24", 2, 44100, 30011)
    outcome = separate(make_request(source, tmp_path / "job", bits="16"), RoughEngine(SHORT))
    assert -97.0 < outcome.null_dbfs < -96.0


@pytest.mark.parametrize("bits", ["16", "24"])
@pytest.mark.parametrize("file_format", ["wav", "flac"])
def test_stems_too_loud_for_integer_samples_are_written_as_float(tmp_path: Path, bits: str, file_format: str) -> None:
    source = write_track(tmp_path, bits, 2, 44100, 200_000)
    outcome = separate(make_request(source, tmp_path / "job", format=file_format), LoudEngine(PLAIN))
    assert {soundfile.info(stem.path).subtype for stem in outcome.stems} == {"FLOAT"}
    assert outcome.null_dbfs == -300.0
    assert tuple(map(str, outcome.notices)) == (
        f"A stem is louder than {bits}-bit files can hold, so all stems were written as 32-bit float WAV.",
    )
    assert soundfile.read(outcome.stems[0].path)[0].max() > 1.2
    names = {path.name for path in (tmp_path / "job").iterdir()}
    assert names == {"mixture.peaks"} | {
        f"{source_name}.{extension}"
        for source_name in ("drums", "bass", "other", "vocals")
        for extension in ("wav", "peaks")
    }


@pytest.mark.parametrize("file_format", ["wav", "flac"])
def test_stems_that_get_loud_late_are_written_as_float_from_the_start(tmp_path: Path, file_format: str) -> None:
    sound = make_audio(200_000, 2)
    sound[150_000:] = 0.99
    source = tmp_path / "song.wav"
    soundfile.write(source, sound, 44100, subtype="PCM_24")
    engine = IdentityEngine(PLAIN, shares=(1.5, -0.5, 0.0, 0.0))
    outcome = separate(make_request(source, tmp_path / "job", format=file_format), engine)
    drums = soundfile.read(tmp_path / "job" / "drums.wav")[0]
    np.testing.assert_allclose(drums, 1.5 * sound, atol=1e-4)
    assert outcome.null_dbfs == -300.0


@pytest.mark.parametrize("sum_mode", ["exact", "raw"])
@pytest.mark.parametrize("frames", [1, 2, 100, 3071, 3072, 4096, 4097, 9999])
def test_identity_engine_returns_the_mixture_at_any_length(tmp_path: Path, frames: int, sum_mode: str) -> None:
    source = write_track(tmp_path, "16", 2, 44100, frames)
    outcome = separate(make_request(source, tmp_path / "job", bits="32f", sum_mode=sum_mode), IdentityEngine(PLAIN))
    for stem, share in zip(outcome.stems, (0.5, 0.25, 0.125, 0.125), strict=True):
        np.testing.assert_allclose(soundfile.read(stem.path)[0], share * soundfile.read(source)[0], atol=2e-6)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.integers(1, 3000),
    length=st.integers(2, 1000),
    overlap=st.floats(0.0, 0.9),
    context=st.integers(0, 40),
    centre=st.booleans(),
)
def test_identity_engine_returns_the_mixture_with_any_segmentation(
    tmp_path: Path, frames: int, length: int, overlap: float, context: int, centre: bool
) -> None:
    folder = tmp_path / str(uuid4())
    folder.mkdir()
    source = write_track(folder, "16", 2, 44100, frames)
    segmentation = Segmentation(length, max(1, int((1 - overlap) * length)), context, centre)
    outcome = separate(make_request(source, folder / "job", bits="32f", sum_mode="raw"), IdentityEngine(segmentation))
    assert outcome.null_dbfs < -120.0
    assert soundfile.info(outcome.stems[0].path).frames == frames


@pytest.mark.parametrize("rate", release_except((22050, 192_000), (8000, 22050, 48000, 192_000)))
@pytest.mark.parametrize("frames", [1, 2, 3, 17, 4099])
def test_stems_have_the_length_and_sum_of_the_track_at_any_rate_and_length(
    tmp_path: Path, rate: int, frames: int
) -> None:
    source = write_track(tmp_path, "24", 2, rate, frames)
    outcome = separate(make_request(source, tmp_path / "job"), IdentityEngine(SHORT))
    assert outcome.null_dbfs == -300.0
    assert {soundfile.info(stem.path).frames for stem in outcome.stems} == {frames}


def test_silence_separates_into_silence(tmp_path: Path) -> None:
    source = tmp_path / "song.wav"
    soundfile.write(source, np.zeros((20_000, 2)), 44100, subtype="PCM_16")
    outcome = separate(make_request(source, tmp_path / "job"), IdentityEngine(SHORT))
    assert all(not soundfile.read(stem.path)[0].any() for stem in outcome.stems)
    assert outcome.null_dbfs == -300.0


def test_progress_never_decreases_and_ends_at_one(tmp_path: Path) -> None:
    updates: list[ProgressUpdate] = []
    source = write_track(tmp_path, "16", 2, 48000, 100_000)
    run(make_request(source, tmp_path / "job"), IdentityEngine(SHORT), updates.append, lambda: False)
    assert [update.progress for update in updates] == sorted(update.progress for update in updates)
    assert list(dict.fromkeys(update.stage for update in updates)) == ["decoding", "separating", "writing"]
    assert updates[-1].progress == 1.0


@pytest.mark.parametrize("polls", [1, 2, 5, 20, 60])
def test_cancelled_run_leaves_no_files(tmp_path: Path, polls: int) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 200_000)
    cancel_replies = iter([False] * polls)
    with pytest.raises(CancelledError):
        run(
            make_request(source, tmp_path / "job"),
            LoudEngine(PLAIN),
            lambda _: None,
            lambda: next(cancel_replies, True),
        )
    assert list((tmp_path / "job").iterdir()) == []


def test_full_disk_of_the_copies_folder_is_reported_before_the_separation(tmp_path: Path) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 200_000)
    with small_disk(tmp_path / "disk", 1) as disk:
        request = make_request(source, tmp_path / "job", copies=disk.mount_point / "not there yet")
        with pytest.raises(StorageError, match=r"song\.wav need 3 MB in .*not there yet, but only 1 MB is free there"):
            separate(request, IdentityEngine(SHORT))
    assert list((tmp_path / "job").iterdir()) == []


@pytest.mark.parametrize("stage", ["decoding", "separating", "writing"])
def test_run_cancelled_in_any_stage_leaves_no_files(tmp_path: Path, stage: str) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 200_000)
    stages: list[str] = []
    with pytest.raises(CancelledError):
        run(
            make_request(source, tmp_path / "job"),
            IdentityEngine(SHORT),
            lambda update: stages.append(update.stage),
            lambda: stage in stages,
        )
    assert stages[-1] == stage
    assert list((tmp_path / "job").iterdir()) == []


def test_sources_with_any_name_become_files_in_the_folder(tmp_path: Path) -> None:
    source = write_track(tmp_path, "16", 2, 44100, 1000)
    engine = IdentityEngine(SHORT, sources=("lead/../vocals", "con", "été ", "..."))
    outcome = separate(make_request(source, tmp_path / "job"), engine)
    assert [stem.name for stem in outcome.stems] == list(engine.sources)
    assert {path.parent for stem in outcome.stems for path in (stem.path, stem.peaks)} == {tmp_path / "job"}
    assert len(list((tmp_path / "job").iterdir())) == 9


def test_full_disk_is_reported_before_the_separation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 200_000)
    usage = disk_space.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda _: usage._replace(free=3_000_000))
    with pytest.raises(StorageError, match=r"song\.wav need 46 MB of disk space, but only 3 MB is free"):
        separate(make_request(source, tmp_path / "job"), IdentityEngine(SHORT))
    assert list((tmp_path / "job").iterdir()) == []


def test_engine_that_returns_nan_fails_the_run(tmp_path: Path) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 30_000)
    with pytest.raises(ModelRejectedError, match="The model identity produced invalid audio"):
        separate(make_request(source, tmp_path / "job"), BrokenEngine(SHORT))
    assert list((tmp_path / "job").iterdir()) == []


def test_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 1000)
    with pytest.raises(StorageError, match=r"The stems of song\.wav could not be written"):
        separate(make_request(source, source / "job"), IdentityEngine(SHORT))


def test_pipeline_imports_without_torch() -> None:
    code = "import sys, desktop.pipeline.run, desktop.pipeline.engines.load; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    source = write_track(tmp_path, "16", 2, 48000, 1000)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "bass.wav").write_text("mine")
    with pytest.raises(StorageError, match=r"bass\.wav already exists"):
        separate(make_request(source, tmp_path / "job"), IdentityEngine(SHORT))
    assert [path.name for path in (tmp_path / "job").iterdir()] == ["bass.wav"]
    assert (tmp_path / "job" / "bass.wav").read_text() == "mine"


@pytest.mark.parametrize("channels", [1, 2])
def test_mp3_stems_sum_approximately_to_the_mixture(tmp_path: Path, channels: int) -> None:
    source = tmp_path / "song.wav"
    time = np.arange(100_000) / 44100
    tone = 0.4 * np.sin(2 * np.pi * 440 * time) * np.hanning(100_000)
    soundfile.write(source, np.stack([tone] * channels, axis=1), 44100, subtype="PCM_16")
    outcome = separate(make_request(source, tmp_path / "job", format="mp3"), IdentityEngine(SHORT))
    assert {stem.path.suffix for stem in outcome.stems} == {".mp3"}
    assert {soundfile.info(stem.path).frames for stem in outcome.stems} == {100_000}
    assert -80.0 < outcome.null_dbfs < -40.0


def test_sample_rate_that_mp3_cannot_hold_is_written_as_flac(tmp_path: Path) -> None:
    source = write_track(tmp_path, "24", 2, 96000, 10_000)
    outcome = separate(make_request(source, tmp_path / "job", format="mp3"), IdentityEngine(SHORT))
    assert {soundfile.info(stem.path).subtype for stem in outcome.stems} == {"PCM_24"}
    assert tuple(map(str, outcome.notices)) == ("MP3 cannot hold 96000 Hz, so the stems were written as FLAC.",)
    assert outcome.null_dbfs == -300.0


def test_flac_stems_of_a_float_track_have_24_bits_and_a_notice(tmp_path: Path) -> None:
    source = write_track(tmp_path, "32f", 2, 44100, 10_000)
    outcome = separate(make_request(source, tmp_path / "job", format="flac"), IdentityEngine(SHORT))
    assert tuple(map(str, outcome.notices)) == ("FLAC holds 24 bits at most, so the stems were written with 24 bits.",)
    assert outcome.null_dbfs < -144.0
