"""Mixes, minus-ones and stems with the settings of the player: the samples of `Rendering`, in real files."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray
from tinytag import TinyTag

from desktop.analysis.beat_grid import BeatGrid
from desktop.analysis.harmony import Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.errors import CancelledError, StorageError, UnusableTrackError
from desktop.export.settings import ExportKind, ExportSettings
from desktop.export.song import export_song, needed_bytes
from desktop.jobs.analysis_files import KeptAnalysis, save_analysis
from desktop.jobs.model import AnalysisInput, Job
from desktop.paths import Home
from desktop.playback.chain_settings import ChainSettings
from desktop.playback.engine import Gains
from desktop.playback.mix import LaneMix, Mix
from desktop.playback.practice import Click, Loop
from desktop.playback.rendering import Rendering
from desktop.playback.song_state import SongState
from desktop.playback.source import StemFileSource
from desktop.runtime.processes import own_environment
from desktop.runtime.settings_file import SettingsFile
from desktop.text.message import verbatim
from tests.helpers.exports import export_to
from tests.helpers.small_disk import small_disk
from tests.helpers.stems import SAMPLE_RATE, write_library_job

# A process that exports the song whose stems are in a folder, and prints by how many bytes its peak of memory has grown.
MEASURED = """
import sys
from pathlib import Path
from desktop.export.settings import ExportKind
from tests.helpers.exports import export_to
from tests.helpers.jobs import make_job
from desktop.jobs.model import Stem
from tests.helpers.memory import peak_memory

out, *paths = map(Path, sys.argv[1:])
job = make_job(stems=tuple(Stem(path.stem, path, path.with_suffix(".peaks")) for path in paths))
before = peak_memory()
export_to(out, job, "flac", kind=ExportKind.MINUS, normalises=True)
print(peak_memory() - before)
"""
MIX, MINUS = ExportKind.MIX, ExportKind.MINUS
GRID = BeatGrid((0.0, 0.5, 1.0, 1.5))
STATE = SongState(
    mixes={"A": Mix({"vocals": LaneMix(-6.0, pan=0.5), "drums": LaneMix(mute=True)})},
    loops=(Loop(0.5, 1.0),),
    loop_index=0,
    speed_percent=80.0,
    cents=200,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def write_job(
    home: Home, subtype: str = "PCM_16", peak: float = 0.3, channels: int = 2, state: SongState = STATE
) -> Job:
    """Write a song of three stems of noise that peak at `peak`, left in `state`."""
    job = write_library_job(home, stem_count=3)
    for number, stem in enumerate(job.stems):
        noise = np.random.default_rng(number).uniform(-1, 1, (2 * SAMPLE_RATE, channels))
        sf.write(stem.path, noise / np.abs(noise).max() * peak, SAMPLE_RATE, subtype=subtype)
    home.job_folder(job.id).song_state.write_bytes(state.to_json())
    return job


def read(path: Path) -> NDArray[np.float32]:
    return np.asarray(sf.read(path, dtype="float32", always_2d=True)[0], np.float32)


def render(job: Job, state: SongState) -> NDArray[np.float32]:
    """Return what the player plays of a song in `state`."""
    names = [stem.name for stem in job.stems]
    source = StemFileSource([stem.path for stem in job.stems])
    rendering = Rendering(source, ChainSettings.of(state, names, None), [Gains.of(state, names)])
    return np.concatenate([block for (block,) in rendering.blocks()])


@pytest.mark.parametrize("file_format", ["wav", "flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_mix_of_untouched_stems_is_their_sum_at_their_bit_depth(home: Home, tmp_path: Path, file_format: str, subtype: str) -> None:  # fmt: skip
    job = write_job(home, subtype)
    (mix,) = export_to(tmp_path / "out", job, file_format, kind=MIX)
    assert mix.name == f"Mara Lind - Night Drive (Mix).{file_format}"
    assert sf.info(mix).subtype == ("PCM_24" if (file_format, subtype) == ("flac", "FLOAT") else subtype)
    difference = np.abs(read(mix) - np.sum([read(stem.path) for stem in job.stems], axis=0)).max()
    assert difference <= (1.5 * 2.0**-23 if (file_format, subtype) == ("flac", "FLOAT") else 0.0)  # with dither
    assert list((tmp_path / "out").iterdir()) == [mix]


def test_mix_with_the_levels_and_the_practice_tools_is_what_the_player_plays(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    (mix,) = export_to(tmp_path / "out", job, kind=MIX, applies_levels=True, applies_practice=True, depth="32f")
    np.testing.assert_array_equal(read(mix), render(job, STATE))
    (plain,) = export_to(tmp_path / "out", job, kind=MIX, depth="32f")
    np.testing.assert_array_equal(read(plain), render(job, SongState()))


def test_master_is_that_of_the_settings_as_in_the_player(home: Home, tmp_path: Path) -> None:
    job = write_job(home, state=SongState())
    SettingsFile(home).change(master_db=-6.0)
    (mix,) = export_to(tmp_path / "out", job, kind=MIX, applies_levels=True, depth="32f")
    np.testing.assert_allclose(read(mix), render(job, SongState()) * 10 ** (-6 / 20), atol=1e-6)


def test_click_is_in_a_mix_with_levels_if_it_is_on(home: Home, tmp_path: Path) -> None:
    job = write_job(home, peak=0.001, state=SongState(click=Click(is_on=True, gain_db=0.0)))
    save_analysis(home.job_folder(job.id), KeptAnalysis(SongAnalysis(grid=GRID), AnalysisInput.STEMS))
    (plain,) = export_to(tmp_path / "out", job, kind=MIX)
    (clicking,) = export_to(tmp_path / "out", job, kind=MIX, applies_levels=True)
    assert np.abs(read(plain)).max() < 0.01 < np.abs(read(clicking)).max()


def test_minus_ones_add_up_to_twice_the_song(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    files = export_to(tmp_path / "out", job, kind=MINUS)
    assert [path.name for path in files] == [
        f"Mara Lind - Night Drive (No {name}).wav" for name in ("vocals", "drums", "bass")
    ]
    song = np.sum([read(stem.path) for stem in job.stems], axis=0)
    np.testing.assert_allclose(np.sum([read(path) for path in files], axis=0), 2 * song, atol=1e-6)


def test_loop_is_exported_alone_with_the_samples_of_its_stems(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    files = export_to(tmp_path / "out", job, is_loop_only=True)
    for stem, path in zip(job.stems, files, strict=True):
        np.testing.assert_array_equal(read(path), read(stem.path)[SAMPLE_RATE // 2 : SAMPLE_RATE])


def test_normalised_stems_are_raised_alike_until_the_loudest_is_at_full_scale(home: Home, tmp_path: Path) -> None:
    job = write_job(home, peak=0.3)
    quiet = job.stems[1].path
    sf.write(quiet, read(quiet) / 2, SAMPLE_RATE, subtype="PCM_16")
    sizes: list[int] = []
    files = export_to(tmp_path / "out", job, advance=sizes.append, normalises=True)
    peaks = [float(np.abs(read(path)).max()) for path in files]
    assert peaks == pytest.approx([1.0, 0.5, 1.0], abs=2e-4)
    total = sum(stem.path.stat().st_size for stem in job.stems)
    assert sum(sizes) == pytest.approx(total, rel=0.001), "progress of both passes is that of one song"


def test_minus_one_above_full_scale_becomes_floating_point_unless_a_depth_is_chosen(home: Home, tmp_path: Path) -> None:
    job = write_job(home, peak=0.9)
    files = export_to(tmp_path / "out", job, "flac", kind=MINUS, stems=("vocals",))
    assert (files[0].suffix, sf.info(files[0]).subtype) == (".wav", "FLOAT")
    np.testing.assert_array_equal(read(files[0]), read(job.stems[1].path) + read(job.stems[2].path))
    (clipped,) = export_to(tmp_path / "out", job, "flac", kind=MINUS, stems=("vocals",), depth="16")
    assert (clipped.suffix, sf.info(clipped).subtype) == (".flac", "PCM_16")
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".wav", ".flac"}


def test_sample_rate_is_the_chosen_one_or_the_next_that_mp3_holds(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    (first, *_) = export_to(tmp_path / "out", job, sample_rate=48000)
    assert (sf.info(first).samplerate, sf.info(first).frames) == (48000, pytest.approx(96000, abs=1))
    (mix,) = export_to(tmp_path / "out", job, "mp3", kind=MIX, sample_rate=96000)
    assert (sf.info(mix).format, sf.info(mix).samplerate) == ("MP3", 48000)


def test_mono_song_stays_mono_unless_a_lane_is_panned(home: Home, tmp_path: Path) -> None:
    job = write_job(home, channels=1)
    (mix,) = export_to(tmp_path / "out", job, kind=MIX)
    np.testing.assert_array_equal(read(mix), np.sum([read(stem.path) for stem in job.stems], axis=0))
    (panned,) = export_to(tmp_path / "out", job, kind=MIX, applies_levels=True)
    assert (sf.info(mix).channels, sf.info(panned).channels) == (1, 2)


def test_tags_and_names_have_tempo_and_key_as_they_sound(home: Home, tmp_path: Path) -> None:
    job = replace(write_job(home), tempo_bpm=100.0, key=Key.parse("A minor"))
    (mix,) = export_to(tmp_path / "out", job, kind=MIX, applies_practice=True, name_template="{title} {tempo} {key}")
    assert mix.name == "Night Drive 80 B minor.wav"
    assert TinyTag.get(mix).other.get("bpm") == ["80"]
    (bare,) = export_to(tmp_path / "out", job, kind=MIX, has_tags=False)
    assert TinyTag.get(bare).other.get("bpm") is None


def test_song_with_nothing_to_write_and_damaged_stems_are_reported(home: Home, tmp_path: Path) -> None:
    muted = SongState(mixes={"A": Mix({"vocals": LaneMix(mute=True)})})
    job = write_job(home, state=muted)
    with pytest.raises(UnusableTrackError, match="none of the chosen stems, or all of them are muted"):
        export_to(tmp_path / "out", job, applies_levels=True, stems=("vocals",))
    job.stems[1].path.write_bytes(b"RIFF no audio")
    for kind in (MIX, MINUS):
        with pytest.raises(UnusableTrackError, match="cannot be read"):
            export_to(tmp_path / "out", job, kind=kind)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("normalises", [False, True])
def test_cancelled_rendering_leaves_no_files(home: Home, tmp_path: Path, normalises: bool) -> None:
    blocks = 0

    def stop_in_the_middle(_: int) -> None:
        nonlocal blocks
        blocks += 1
        if blocks > (16 if normalises else 5):
            raise CancelledError(verbatim("Cancelled."))

    with pytest.raises(CancelledError):
        export_to(tmp_path / "out", write_job(home), advance=stop_in_the_middle, kind=MIX, normalises=normalises)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("file_format", ["wav", "flac", "mp3"])
def test_full_disk_is_reported_and_no_files_are_left(home: Home, tmp_path: Path, file_format: str) -> None:
    job = write_job(home)
    with small_disk(tmp_path / "disk", 1) as disk:
        disk.fill()
        with pytest.raises(StorageError, match=r"could not be exported to .*: the disk is full\. Free up space there"):
            export_to(disk.mount_point, job, file_format, kind=MINUS)
        assert [path.name for path in disk.mount_point.iterdir()] == ["filler"]


@pytest.mark.parametrize(
    "settings",
    [ExportSettings(MIX), ExportSettings(MINUS, depth="24"), ExportSettings(normalises=True, sample_rate=48000)],
    ids=["mix", "minus-ones", "stems at another rate"],
)
def test_space_of_wav_files_is_known_before_they_are_written(
    home: Home, tmp_path: Path, settings: ExportSettings
) -> None:
    job = write_job(home)
    (tmp_path / "out").mkdir()
    files = export_song(job, settings, tmp_path / "out", home, lambda _: None)
    written = sum(path.stat().st_size for path in files)
    assert written * 0.99 < needed_bytes([job], settings) <= written
    assert needed_bytes([job], replace(settings, is_loop_only=True)) == 0


def test_memory_does_not_grow_with_the_length_of_the_song(home: Home, tmp_path: Path) -> None:
    job = write_library_job(home, stem_count=2, seconds=120.0)
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "out"), *(str(stem.path) for stem in job.stems)]
    result = subprocess.run(command, env=own_environment(), capture_output=True, text=True, check=True, timeout=60)
    song_bytes = sum(read(stem.path).nbytes for stem in job.stems)
    assert int(result.stdout) < song_bytes / 2


@pytest.mark.parametrize("kind", ExportKind)
def test_folder_that_has_vanished_is_not_made_again(home: Home, tmp_path: Path, kind: ExportKind) -> None:
    with pytest.raises(StorageError, match="it was moved or deleted"):
        export_song(write_job(home), ExportSettings(kind), tmp_path / "stick", home, lambda _: None)
    assert not (tmp_path / "stick").exists()
