"""Ready-made stems are found, refused with a reason, and written with one format and length."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from desktop.audio.peaks import Peaks
from desktop.audio.ready_stems import WrittenStems, find_ready_stems
from desktop.audio.stem_import import write_ready_stems
from desktop.audio.stems import has_stem_comment
from desktop.errors import UnusableTrackError
from tests.helpers.command import ROOT
from tests.helpers.multitrack import read_stem
from tests.helpers.ready_stems import RATE, write_ni_stems, write_sounds, write_stem_folder
from tests.helpers.shared import FIXTURES
from tests.helpers.sound import make_noise, make_tone


class Result:
    def __init__(self, stems: Path, out: Path) -> None:
        self.ready = find_ready_stems([stems])
        self.folder, self.mixture, self.peaks = out / "run-1", out / "source" / "sum.wav", out / "mixture.peaks"
        self.progress: list[float] = []
        out.mkdir()
        self.written: WrittenStems = write_ready_stems(
            self.ready.stems, self.folder, self.mixture, self.peaks, self.progress.append
        )

    def read(self, name: str) -> NDArray[np.float64]:
        return soundfile.read(self.folder / f"{name}.wav", always_2d=True)[0].T

    def subtype(self, name: str) -> str:
        return soundfile.info(self.folder / f"{name}.wav").subtype


def test_stems_are_the_same_samples_and_their_sum_is_the_mixture(tmp_path: Path) -> None:
    result = Result(FIXTURES / "multitrack" / "ballad76", tmp_path / "out")
    assert [stem.name for stem in result.ready.stems] == ["bass", "drums", "other", "vocals"]
    assert "mixture.flac" in str(result.ready.notices[0])
    total = np.zeros(read_stem("ballad76", "bass").shape)
    for stem in result.ready.stems:
        assert np.array_equal(result.read(stem.name), read_stem("ballad76", stem.name))
        assert result.subtype(stem.name) == "PCM_16"
        total += result.read(stem.name)
    mixture, rate = soundfile.read(result.mixture, always_2d=True)
    assert np.array_equal(mixture.T, total)
    assert (rate, result.written.frames, result.written.channels) == (44100, total.shape[1], 2)
    assert Peaks.open(result.peaks).frames == total.shape[1]
    assert sorted(path.suffix for path in result.folder.iterdir()) == [".peaks"] * 4 + [".wav"] * 4
    assert result.progress == sorted(result.progress)
    assert result.progress[-1] == 1.0


def test_stem_file_gives_the_stems_behind_its_mixture(tmp_path: Path) -> None:
    path, stems = write_ni_stems(tmp_path)
    result = Result(path, tmp_path / "out")
    assert [stem.name for stem in result.ready.stems] == ["drums", "bass", "other", "vocals"]
    assert result.ready.song == "Band - Hit"
    for stem, sound in zip(result.ready.stems, stems, strict=True):
        assert np.array_equal(result.read(stem.name), sound)


def test_files_do_not_claim_that_unbraid_separated_them(tmp_path: Path) -> None:
    result = Result(write_stem_folder(tmp_path / "song"), tmp_path / "out")
    assert not any(has_stem_comment(path) for path in result.folder.glob("*.wav"))


def test_shorter_stems_end_in_silence_and_other_rates_are_resampled_to_the_first(tmp_path: Path) -> None:
    sounds = {
        "1 bass": (make_tone(RATE, RATE), RATE),
        "2 drums": (make_tone(3 * 48000, 48000), 48000),
        "3 vocals": (make_noise(RATE // 2, 2), RATE),
    }
    result = Result(write_sounds(tmp_path / "song", sounds), tmp_path / "out")
    assert (result.written.sample_rate, result.written.channels, result.written.frames) == (RATE, 2, 3 * RATE)
    assert result.read("vocals").shape == (2, 3 * RATE)
    assert not result.read("vocals")[:, RATE // 2 :].any()
    assert np.array_equal(*result.read("bass"))
    middle = slice(RATE, 2 * RATE)
    tone = make_tone(3 * RATE, RATE)[0, middle]
    assert np.abs(result.read("drums")[0, middle] - tone).max() < 1e-3
    assert [str(notice) for notice in result.written.notices] == [
        "Shorter stems were filled up with silence.",
        "Stems with other sample rates were resampled to 44.1 kHz.",
    ]


def test_stems_above_full_scale_are_kept_in_float(tmp_path: Path) -> None:
    loud = make_noise(RATE, 2, 1.0) * 3
    sounds = {"vocals": (loud, RATE), "drums": (make_noise(RATE, 2, 0.1, 1), RATE)}
    result = Result(write_sounds(tmp_path / "song", sounds, "FLOAT"), tmp_path / "out")
    assert np.array_equal(result.read("vocals"), loud.astype(np.float32))


@pytest.mark.parametrize(("subtype", "stored"), [("PCM_16", "PCM_16"), ("PCM_24", "PCM_24"), ("PCM_32", "PCM_32")])
def test_stems_keep_the_bits_of_their_source(subtype: str, stored: str, tmp_path: Path) -> None:
    sounds = {name: (make_noise(RATE, 2, 0.1), RATE) for name in ("vocals", "drums")}
    result = Result(write_sounds(tmp_path / "song", sounds, subtype), tmp_path / "out")
    assert result.subtype("vocals") == stored
    assert np.array_equal(result.read("vocals"), soundfile.read(tmp_path / "song" / "vocals.wav")[0].T)


def test_same_stems_have_the_same_digest_under_other_names(tmp_path: Path) -> None:
    one = Result(write_stem_folder(tmp_path / "one", names=("vocals", "drums")), tmp_path / "out 1")
    other = Result(write_stem_folder(tmp_path / "other", names=("x", "a")), tmp_path / "out 2")
    different = Result(write_stem_folder(tmp_path / "third", names=("a", "b", "c")), tmp_path / "out 3")
    assert one.written.digest == other.written.digest != different.written.digest


def test_stems_that_differ_by_more_than_five_seconds_are_refused(tmp_path: Path) -> None:
    sounds = {"vocals": (make_noise(RATE), RATE), "drums": (make_noise(7 * RATE), RATE)}
    folder = write_sounds(tmp_path / "song", sounds)
    with pytest.raises(UnusableTrackError, match=r"^vocals\.wav and drums\.wav differ in length by 6 seconds, so "):
        Result(folder, tmp_path / "out")


def test_stem_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song")
    (folder / "piano.wav").write_bytes(b"no sound " * 1000)
    with pytest.raises(UnusableTrackError, match=r"^piano\.wav is not an audio file, or it is damaged\."):
        Result(folder, tmp_path / "out")


@pytest.mark.parametrize(("count", "text"), [(0, "0 audio files"), (1, "1 audio file"), (9, "9 audio files")])
def test_too_few_and_too_many_files_are_refused(count: int, text: str, tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song", 0.1, tuple(f"part {chr(97 + number)}" for number in range(count)))
    with pytest.raises(UnusableTrackError, match=rf"^song has {text}; the stems of a song are 2 to 8 files\.$"):
        find_ready_stems([folder])


def test_covers_hidden_files_and_subfolders_are_left_out(tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song", 0.1)
    (folder / "cover.jpg").write_bytes(b"picture")
    (folder / "._vocals.wav").write_bytes(b"metadata of macOS")
    write_stem_folder(folder / "more.wav", 0.1)
    assert [stem.name for stem in find_ready_stems([folder]).stems] == ["bass", "drums", "vocals"]


def test_chosen_files_are_the_stems(tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song", 0.1)
    ready = find_ready_stems([folder / "vocals.wav", folder / "bass.wav"])
    assert [stem.name for stem in ready.stems] == ["bass", "vocals"]
    assert (ready.source, ready.song) == (folder, "song")


@pytest.mark.parametrize("content", [b"no MP4 at all", b"\0\0\0\x08moov", b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42"])
def test_file_without_stems_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "song.stem.mp4"
    path.write_bytes(content)
    with pytest.raises(UnusableTrackError, match=r"^song\.stem\.mp4 is not a stem file, or it is damaged\."):
        find_ready_stems([path])


def test_single_file_is_refused_unless_it_is_a_stem_file(tmp_path: Path) -> None:
    folder = write_stem_folder(tmp_path / "song", 0.1)
    with pytest.raises(UnusableTrackError, match=r"^vocals\.wav is one file, not the stems of a song"):
        find_ready_stems([folder / "vocals.wav"])


_MEASURE = """
import sys
from pathlib import Path
from desktop.audio.ready_stems import find_ready_stems
from desktop.audio.stem_import import write_ready_stems
from tests.helpers.memory import peak_memory
folder, out = map(Path, sys.argv[1:])
out.mkdir()
write_ready_stems(find_ready_stems([folder]).stems, out / "run-1", out / "source" / "sum.wav", out / "peaks", lambda _: None)
print(peak_memory())
"""


def test_long_stems_need_no_more_memory_than_short_ones(tmp_path: Path) -> None:
    peaks: list[int] = []
    for minutes in (1, 30):
        sounds = {name: (np.zeros((1, minutes * 60 * 8000)), 8000) for name in ("vocals", "drums", "bass")}
        folder = write_sounds(tmp_path / f"{minutes} minutes", sounds)
        command = [sys.executable, "-c", _MEASURE, str(folder), str(tmp_path / f"out {minutes}")]
        peaks.append(int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout))
    # One stem of half an hour takes 115 MB as the float64 in which it is read.
    assert peaks[1] - peaks[0] < 30e6
