"""A song as a stem file for DJs: the mix and four stems in one file, with what the player has set."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from desktop.analysis.harmony import Key
from desktop.audio.ni_stem_file import read_ni_stem_file
from desktop.audio.tags import read_tags
from desktop.errors import UnusableTrackError
from desktop.export.settings import ExportKind
from desktop.jobs.model import Job, Stem
from desktop.paths import Home
from desktop.playback.mix import LaneMix, Mix
from desktop.playback.practice import Click, Loop
from desktop.playback.song_state import SongState
from desktop.runtime.settings_file import SettingsFile
from tests.helpers.exports import export_to
from tests.helpers.ni_stems import decode_tracks
from tests.helpers.pictures import make_picture
from tests.helpers.stems import SAMPLE_RATE, write_library_job

SIX = ("vocals", "drums", "bass", "guitar", "piano", "other")
FRAMES = SAMPLE_RATE
NI_STEM = ExportKind.NI_STEM


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


def write_job(
    home: Home,
    names: tuple[str, ...] = SIX,
    state: SongState | None = None,
    subtype: str = "PCM_24",
    peak: float = 0.15,
) -> Job:
    """Write a song of one second with a stem of noise for each name, which peaks at `peak`."""
    job = write_library_job(home, stem_count=1)
    stems: list[Stem] = []
    for number, name in enumerate(names):
        stem = Stem(name, job.stems[0].path.with_name(f"{name}.wav"), job.stems[0].peaks)
        noise = np.random.default_rng(number).uniform(-1, 1, (FRAMES, 2))
        sf.write(stem.path, noise / np.abs(noise).max() * peak, SAMPLE_RATE, subtype=subtype)
        stems.append(stem)
    if state:
        home.job_folder(job.id).song_state.write_bytes(state.to_json())
    return replace(job, stems=tuple(stems), seconds=1.0, frames=FRAMES)


def read_stems(job: Job) -> dict[str, NDArray[np.float64]]:
    return {stem.name: sf.read(stem.path, dtype="float64")[0] for stem in job.stems}


def test_stem_file_is_aac_whatever_other_format_is_chosen(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    (path,) = export_to(tmp_path / "out", job, "wav", kind=NI_STEM)
    assert path.name == "Mara Lind - Night Drive.stem.mp4"
    assert list((tmp_path / "out").iterdir()) == [path]
    with av.open(str(path)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["aac"] * 5
    file = read_ni_stem_file(path)
    assert [name for name, _ in file.stems] == ["Drums", "Bass", "Other", "Vocals"]
    assert [track.is_enabled for track in file.tracks] == [True, False, False, False, False]


def test_six_stems_become_four_and_nothing_is_lost_in_apple_lossless(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    (path,) = export_to(tmp_path / "out", job, "alac", kind=NI_STEM)
    stems, tracks = read_stems(job), decode_tracks(path)
    other = stems["other"] + stems["guitar"] + stems["piano"]
    wanted = [sum(stems.values()), stems["drums"], stems["bass"], other, stems["vocals"]]
    for track, samples in zip(tracks, wanted, strict=True):
        np.testing.assert_array_equal(track, samples)


def test_stem_file_has_tags_and_cover_of_the_song_without_a_part(home: Home, tmp_path: Path) -> None:
    job = replace(write_job(home), album="Roads", tempo_bpm=128.0, key=Key.parse("A minor"))
    cover = make_picture("mjpeg")
    home.job_folder(job.id).cover.write_bytes(cover)
    (path,) = export_to(tmp_path / "out", job, kind=NI_STEM)
    tags = read_tags(path)
    assert (tags.title, tags.artist, tags.album, tags.cover) == ("Night Drive", "Mara Lind", "Roads", cover)
    assert len(read_ni_stem_file(path).stems) == 4
    (bare,) = export_to(tmp_path / "bare", job, kind=NI_STEM, has_tags=False)
    assert read_tags(bare).title == ""


def test_levels_and_loop_of_the_player_are_applied_and_the_mix_stays_the_sum_of_the_stems(
    home: Home, tmp_path: Path
) -> None:
    mix = Mix({"drums": LaneMix(mute=True), "bass": LaneMix(-20.0), "guitar": LaneMix(mute=True)})
    state = SongState({"A": mix}, loops=(Loop(0.25, 0.75),), loop_index=0, click=Click(is_on=True, gain_db=0.0))
    job = write_job(home, state=state)
    SettingsFile(home).change(limiter=True)
    (path,) = export_to(tmp_path / "out", job, "alac", kind=NI_STEM, applies_levels=True, is_loop_only=True)
    passage = slice(FRAMES // 4, FRAMES * 3 // 4)
    stems = {name: samples[passage] for name, samples in read_stems(job).items()}
    mixture, drums, bass, other, vocals = decode_tracks(path)
    assert not drums.any()
    np.testing.assert_allclose(bass, stems["bass"] * 0.1, atol=2.0**-22)
    np.testing.assert_array_equal(other, stems["other"] + stems["piano"])
    np.testing.assert_array_equal(vocals, stems["vocals"])
    np.testing.assert_allclose(mixture, drums + bass + other + vocals, atol=2.0**-21)


def test_speed_and_key_change_length_and_tags(home: Home, tmp_path: Path) -> None:
    job = replace(write_job(home, state=SongState(speed_percent=80.0, cents=200)), tempo_bpm=100.0)
    (path,) = export_to(
        tmp_path / "out", job, "alac", kind=NI_STEM, applies_practice=True, name_template="{title} {tempo}"
    )
    assert path.name == "Night Drive 80.stem.mp4"
    assert {len(track) for track in decode_tracks(path)} == {round(FRAMES / 0.8)}


def test_stems_that_are_not_chosen_are_neither_in_the_mix_nor_in_their_tracks(home: Home, tmp_path: Path) -> None:
    job = write_job(home)
    (path,) = export_to(tmp_path / "out", job, "alac", kind=NI_STEM, stems=("drums", "piano"))
    stems, (mixture, drums, bass, other, vocals) = read_stems(job), decode_tracks(path)
    np.testing.assert_array_equal(mixture, stems["drums"] + stems["piano"])
    np.testing.assert_array_equal(drums, stems["drums"])
    np.testing.assert_array_equal(other, stems["piano"])
    assert not bass.any()
    assert not vocals.any()


def test_mix_that_apple_lossless_would_clip_becomes_aac_unless_a_depth_is_chosen(home: Home, tmp_path: Path) -> None:
    job = write_job(home, subtype="FLOAT", peak=0.9)
    codecs: list[str] = []
    for depth in (None, "16"):
        (path,) = export_to(tmp_path / "out", job, "alac", kind=NI_STEM, depth=depth)
        with av.open(str(path)) as container:
            codecs.append(container.streams[0].codec_context.name)
    assert codecs == ["aac", "alac"]
    (normalised,) = export_to(tmp_path / "loud", job, "alac", kind=NI_STEM, normalises=True)
    assert max(float(np.abs(track).max()) for track in decode_tracks(normalised)) == pytest.approx(1.0, abs=1e-6)


def test_sample_rate_is_the_next_that_aac_holds(home: Home, tmp_path: Path) -> None:
    (path,) = export_to(tmp_path / "out", write_job(home), kind=NI_STEM, sample_rate=176_400)
    with av.open(str(path)) as container:
        assert {stream.rate for stream in container.streams.audio} == {96_000}


def test_stem_file_of_the_same_name_is_numbered_before_its_suffix(home: Home, tmp_path: Path) -> None:
    job = write_job(home, names=("vocals",))
    for _ in range(2):
        export_to(tmp_path / "out", job, kind=NI_STEM, name_template="{part}")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Night Drive 2.stem.mp4",
        "Night Drive.stem.mp4",
    ]


def test_song_with_a_stem_that_has_no_place_in_the_file_is_left_out_with_a_sentence(home: Home, tmp_path: Path) -> None:
    job = write_job(home, names=("vocals", "birds"))
    with pytest.raises(UnusableTrackError, match="A stem file holds drums, bass, vocals and other"):
        export_to(tmp_path / "out", job, kind=NI_STEM)
    assert list((tmp_path / "out").iterdir()) == []
