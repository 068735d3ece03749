"""What is found in songs whose tempo, beats, bars, key and chords are known."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile

from desktop.analysis import features
from desktop.analysis.analyse import analyse_file, analyse_stems
from desktop.analysis.features import OVERLAP_S
from desktop.analysis.harmony import NO_CHORD, Key
from desktop.analysis.song_analysis import SongAnalysis
from desktop.errors import CancelledError, UnusableTrackError
from tests.helpers.known_songs import (
    RATE,
    Song,
    analyse_samples,
    chord_accuracy,
    f_measure,
    fixture_song,
    synthetic_song,
)
from tests.helpers.multitrack import SONGS
from tests.helpers.shared import FIXTURES

STEMS = ("drums", "bass", "other", "vocals")


def stem_paths(song: str) -> dict[str, Path]:
    return {name: FIXTURES / "multitrack" / song / f"{name}.flac" for name in STEMS}


@cache
def analysis_of_stems(song: str) -> SongAnalysis:
    return analyse_stems(stem_paths(song), lambda: False)


def check(song: Song, analysis: SongAnalysis, beat_f: float = 0.95) -> None:
    assert analysis.grid is not None
    assert analysis.tempo_bpm == pytest.approx(song.tempo_bpm, rel=0.01)
    assert f_measure(analysis.grid.beats, song.beats) >= beat_f
    assert analysis.grid.beats_per_bar == song.beats_per_bar
    assert f_measure(analysis.grid.downbeats, song.downbeats) >= 0.9
    assert analysis.key == song.key
    assert chord_accuracy(analysis.chords, song.chords) >= 0.85


@pytest.mark.parametrize("song", SONGS)
def test_tempo_beats_bars_key_and_chords_of_the_fixture_songs_are_found(song: str) -> None:
    check(fixture_song(song), analysis_of_stems(song))


@pytest.mark.parametrize("song", SONGS)
def test_a_click_on_the_beats_is_within_10_ms_of_the_true_ones_throughout(song: str) -> None:
    """The tempo of these songs is constant, so the beats may not drift away from it."""
    grid = analysis_of_stems(song).grid
    assert grid is not None
    errors = [grid.nearest_beat(beat) - beat for beat in fixture_song(song).beats]
    assert max(map(abs, errors)) < 0.010
    assert np.ptp(np.diff(grid.beats)) < 1e-6


@pytest.mark.parametrize("song", SONGS)
@pytest.mark.parametrize(("ratio", "semitones"), [(0.8909, -2), (0.9439, -1), (1.0595, 1), (1.1225, 2)])
def test_a_song_played_faster_or_slower_is_found_in_its_new_tempo_and_key(
    song: str, ratio: float, semitones: int
) -> None:
    warp = np.arange(round(24 / ratio * RATE)) / RATE * ratio
    changed = fixture_song(song, warp, semitones)
    heard = changed.beats < len(warp) / RATE - 0.1
    changed = Song(
        changed.mixture, changed.harmonic, changed.beats[heard], 4, changed.key, changed.chords[: int(sum(heard)) // 4]
    )
    check(changed, changed.analyse())


@pytest.mark.parametrize("song", SONGS)
def test_a_tempo_that_drifts_by_5_percent_is_followed(song: str) -> None:
    time = np.arange(28 * RATE) / RATE
    # Speed 1 + 0.05 sin(2 pi t / 24), integrated.
    warp = time + 0.05 * 24 / (2 * np.pi) * (1 - np.cos(2 * np.pi * time / 24))
    drifting = fixture_song(song, warp)
    grid = drifting.analyse().grid
    assert grid is not None
    assert f_measure(grid.beats, drifting.beats) >= 0.95
    assert f_measure(grid.downbeats, drifting.downbeats) >= 0.9


def test_the_first_beat_comes_after_leading_silence() -> None:
    song = fixture_song("rock120", lead_s=2.3)
    analysis = song.analyse()
    check(song, analysis)
    assert analysis.grid is not None
    assert analysis.grid.beats[0] == pytest.approx(2.3, abs=0.010)
    assert analysis.grid.first_downbeat == 0


def test_a_beat_at_the_very_start_is_not_lost() -> None:
    song = synthetic_song(120, Key.parse("F major"), ["C", "Am", "F", "G"])
    grid = song.analyse().grid
    assert grid is not None
    assert grid.beats[0] == pytest.approx(0, abs=0.005)


def test_a_waltz_has_three_beats_in_a_bar() -> None:
    song = synthetic_song(132, Key.parse("G major"), ["C", "F", "G", "C"], beats_per_bar=3, bars=20)
    check(song, song.analyse())


def test_six_eighth_notes_in_a_bar_are_no_other_tempo() -> None:
    song = synthetic_song(174, Key.parse("E minor"), ["Am", "F", "Dm", "E"], beats_per_bar=6, bars=14)
    check(song, song.analyse())


@pytest.mark.parametrize("bpm", [68, 88, 112, 140, 160])
def test_the_tempo_is_neither_halved_nor_doubled(bpm: float) -> None:
    song = synthetic_song(bpm, Key.parse("D major"), ["C", "Am", "F", "G"], bars=round(bpm / 8), seed=int(bpm))
    assert song.analyse().tempo_bpm == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize(
    ("key", "progression"),
    [
        ("C major", ["Am", "F", "C", "G", "C"]),
        ("C major", ["Dm", "G", "C"]),
        ("C major", ["F", "G", "Am", "G", "F", "G", "C"]),
        ("C major", ["F", "C", "G", "C"]),
        ("A minor", ["F", "G", "Am"]),
        ("A minor", ["Dm", "E", "Am"]),
    ],
)
def test_the_key_of_a_song_that_does_not_begin_with_its_tonic_is_found(key: str, progression: list[str]) -> None:
    song = synthetic_song(118, Key.parse(key), progression, bars=2 * len(progression))
    assert song.analyse().key == song.key


@pytest.mark.parametrize("cents", [-52, -48, 48, 52])
def test_half_a_semitone_between_two_keys_is_one_of_them_for_key_chords_and_tuning(cents: float) -> None:
    ratio = 2 ** (cents / 1200)
    song = fixture_song("rock120", np.arange(20 * RATE) / RATE * ratio)
    analysis = song.analyse()
    assert analysis.key is not None
    higher = (analysis.key.tonic - song.key.tonic + 6) % 12 - 6
    assert higher in (-1, 0, 1)
    assert 100 * higher + analysis.tuning_cents == pytest.approx(cents, abs=5)
    expected = [replace(chord, name=chord.transposed_name(higher)) for chord in song.chords if chord.end_s < 20]
    assert chord_accuracy(analysis.chords, expected) >= 0.85


def test_a_song_of_several_excerpts_is_found_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Excerpts are shorter here than they are: the song has two, which overlap from 64 s to 128 s."""
    monkeypatch.setattr(features, "EXCERPT_S", 2 * OVERLAP_S)
    song = synthetic_song(120, Key.parse("F major"), ["C", "Am", "F", "G"], bars=80)
    analysis = song.analyse()
    check(song, analysis)
    assert analysis.grid is not None
    assert np.abs(np.asarray(analysis.grid.beats) - song.beats).max() < 0.010
    assert [chord.end_s for chord in analysis.chords[:-1]] == [chord.start_s for chord in analysis.chords[1:]]
    assert analysis.chords[-1].end_s == pytest.approx(len(song.mixture) / RATE)


@pytest.mark.parametrize("tonic", range(12))
def test_all_keys_are_found(tonic: int) -> None:
    major = synthetic_song(118 + 3 * tonic, Key(tonic), ["C", "F", "Am", "G"], bars=6, seed=tonic)
    check(major, major.analyse())
    minor = synthetic_song(118 + 3 * tonic, Key(tonic, is_minor=True), ["Am", "F", "Dm", "E"], bars=6, seed=tonic)
    check(minor, minor.analyse())


@pytest.mark.parametrize("cents", [-30, 20])
def test_the_tuning_is_found(cents: float) -> None:
    ratio = 2 ** (cents / 1200)
    song = fixture_song("ballad76", np.arange(20 * RATE) / RATE * ratio)
    analysis = song.analyse()
    assert analysis.tuning_cents == pytest.approx(cents, abs=4)
    assert analysis.key == song.key


@pytest.mark.parametrize("song", SONGS)
def test_a_voice_alone_has_no_steady_beat(song: str) -> None:
    voice, _ = soundfile.read(FIXTURES / "multitrack" / song / "vocals.flac")
    analysis = analyse_samples(voice.mean(axis=1))
    assert analysis.grid is None
    assert analysis.tempo_bpm is None


def test_noise_has_no_beat_and_no_chord() -> None:
    analysis = analyse_samples(0.1 * np.random.default_rng(1).standard_normal(30 * RATE))
    assert analysis.grid is None
    assert {chord.name for chord in analysis.chords} == {NO_CHORD}


@pytest.mark.parametrize("frames", [1, 100, RATE, 20 * RATE])
def test_silence_of_any_length_has_nothing_to_find(frames: int) -> None:
    analysis = analyse_samples(np.zeros(frames))
    assert (analysis.grid, analysis.tempo_bpm, analysis.key) == (None, None, None)
    assert [chord.name for chord in analysis.chords] == [NO_CHORD]


def test_chords_cover_the_song_without_gaps() -> None:
    chords = analysis_of_stems("house126").chords
    assert chords[0].start_s == 0
    assert [chord.end_s for chord in chords[:-1]] == [chord.start_s for chord in chords[1:]]
    assert chords[-1].end_s == pytest.approx(23.857, abs=0.001)


def test_a_file_is_analysed_at_any_rate_and_channel_count(tmp_path: Path) -> None:
    song = synthetic_song(104, Key.parse("D major"), ["C", "Am", "F", "G"], bars=8)
    path = tmp_path / "song.wav"
    # The same samples at 48 kHz: 8.8 % faster, and 1.47 semitones higher.
    soundfile.write(path, 0.3 * song.mixture, 48_000)
    reports: list[float] = []
    analysis = analyse_file(path, lambda: False, reports.append)
    assert analysis.tempo_bpm == pytest.approx(104 * 48 / 44.1, rel=0.01)
    assert reports[-1] == 1.0
    assert reports == sorted(reports)


def test_an_analysis_can_be_cancelled(tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        analyse_stems(stem_paths("rock120"), lambda: True)
    with pytest.raises(CancelledError):
        analyse_file(stem_paths("rock120")["bass"], lambda: True)


def test_a_file_that_is_no_audio_is_refused_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no music")
    with pytest.raises(UnusableTrackError, match=r"notes\.txt"):
        analyse_file(path, lambda: False)


def test_the_analysis_survives_its_json() -> None:
    analysis = analysis_of_stems("ballad76")
    assert msgspec.json.decode(msgspec.json.encode(analysis), type=SongAnalysis) == analysis
