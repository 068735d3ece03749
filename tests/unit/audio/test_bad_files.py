"""Every bad file is decoded, or refused with one message, quickly, and leaves no file behind."""

import os
import time
from pathlib import Path

import pytest

from desktop.audio.files import RejectedPath, find_tracks
from desktop.audio.mixture import Mixture, decode_mixture
from desktop.audio.names import printable
from desktop.audio.tags import read_tags
from desktop.errors import CancelledError, UnusableTrackError
from tests.helpers.bad_files import SPARSE_NAME, BadFile, list_bad_files
from tests.helpers.sound import decode_track, read_track_info

# CPU time, far above that of the slowest file (half a second for two hours), and far below that of an endless loop.
CPU_LIMIT_S = 10.0

# Words that the message must contain, so that it names the problem.
EXPECTED_REASONS = {
    "empty.wav": "empty",
    "header_only.wav": "no audio",
    "zero_frames.wav": "no audio",
    "zero_channels.wav": "damaged header",
    "ch_65535.wav": "channels, 65535",
    "rate_0.wav": "damaged header",
    "rate_4e9.wav": "sample rate",
    "rate_1.wav": "sample rate, 1 Hz",
    "bits_3.wav": "width",
    "codec_unknown.wav": "unknown codec",
    "all_nan.wav": "invalid samples",
    "huge_float.wav": "invalid samples",
    "text.wav": "not an audio file",
    "exe.mp3": "not an audio file",
    "random.wav": "not an audio file",
    "html.mp3": "web page",
    "lfs_pointer.flac": "pointer",
    "playlist.m3u": "playlist",
    "hls.mp3": "playlist",
    "no_audio.mp4": "no audio track",
    "midi.mid": "MIDI",
    "loop_a.wav": "points to itself",
    "dangling.wav": "not found",
    "fifo.wav": "a device or a pipe",
    "devzero.wav": "a device or a pipe",
    "emptydir": "no audio files",
}
# Words that the notices must contain: no repair is silent.
EXPECTED_NOTICES = {
    "sixch.wav": "mixed down to stereo",
    "trunc_half.wav": "incomplete",
    "trunc_half.mp3": "incomplete",
    "trunc_half.flac": "incomplete",
    "trunc_half.ogg": "incomplete",
    "trunc_half.opus": "incomplete",
    "bitflips.flac": "damaged",
    "nan.wav": "Invalid samples",
    "inf.wav": "Invalid samples",
    "two_tracks.mka": "2 audio tracks",
}
EXPECTED_SECONDS = {
    "claims_4gb.wav": 5.0,
    "data_size_zero.wav": 5.0,
    "vbr_noheader.mp3": 5.0,
    "two_hours_8k.wav": 7200.0,
}


def bad_file_params() -> list[object]:
    """Return one parameter per bad file, without the sparse one."""
    return [pytest.param(bad, id=bad.label) for bad in list_bad_files() if bad.name != SPARSE_NAME]


@pytest.mark.parametrize("bad", bad_file_params())
def test_bad_file_is_decoded_or_refused_with_one_sentence(bad: BadFile, bad_files: Path, tmp_path: Path) -> None:
    started_at = time.process_time()
    results = [decode_or_reject(item, tmp_path / "mixture.wav") for item in find_tracks([bad_files / bad.name])]
    assert time.process_time() - started_at < CPU_LIMIT_S
    assert len(results) == 1
    result = results[0]
    if isinstance(result, Mixture):
        assert bad.is_accepted or (bad.name == "noperm.wav" and os.access(bad_files / bad.name, os.R_OK))
        assert [path.name for path in tmp_path.iterdir()] == ["mixture.wav"]
        check_mixture(bad, result)
    else:
        assert not bad.is_accepted, result
        assert list(tmp_path.iterdir()) == []
        check_message(bad, result)


def decode_or_reject(item: Path | RejectedPath, out: Path) -> Mixture | str:
    """Return the decoded mixture, or the reason of the refusal."""
    if isinstance(item, RejectedPath):
        return str(item.reason)
    try:
        return decode_track(item, out)
    except UnusableTrackError as error:
        return str(error)


def check_mixture(bad: BadFile, mixture: Mixture) -> None:
    assert mixture.frames > 0
    assert mixture.channels in (1, 2)
    assert mixture.read(0, mixture.frames).shape == (mixture.channels, mixture.frames)
    assert EXPECTED_NOTICES.get(bad.name, "") in " ".join(map(str, mixture.notices))
    if bad.name in EXPECTED_SECONDS:
        assert mixture.frames / mixture.sample_rate == pytest.approx(EXPECTED_SECONDS[bad.name], abs=0.05)


def check_message(bad: BadFile, message: str) -> None:
    assert printable(bad.name) in message
    assert EXPECTED_REASONS.get(bad.name, "") in message
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 220


@pytest.mark.parametrize("bad", bad_file_params())
def test_tags_of_a_bad_file_are_short_and_printable(bad: BadFile, bad_files: Path) -> None:
    tags = read_tags(bad_files / bad.name)
    for text in (tags.title, tags.artist, tags.album):
        assert len(text) <= 300
        assert text.isprintable()


def test_decoding_of_eight_hours_can_be_cancelled_and_leaves_no_file(bad_files: Path, tmp_path: Path) -> None:
    track = bad_files / SPARSE_NAME
    assert read_track_info(track).channels == 2
    cancel_states = iter([False, False, True])
    with pytest.raises(CancelledError):
        decode_mixture(track, tmp_path / "mixture.wav", lambda fraction: None, lambda: next(cancel_states))
    assert list(tmp_path.iterdir()) == []


def test_both_tracks_of_a_chained_ogg_file_are_decoded(bad_files: Path, tmp_path: Path) -> None:
    mixture = decode_track(bad_files / "concat.ogg", tmp_path / "mixture.wav")
    assert mixture.frames / mixture.sample_rate == pytest.approx(10.0, abs=0.05)
