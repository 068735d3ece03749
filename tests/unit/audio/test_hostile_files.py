"""No file can make the decoder read another file, access the network or use unlimited memory."""

import os
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from desktop.audio.av_source import ByteRangeFile
from desktop.audio.files import RejectedPath, find_tracks
from desktop.audio.tags import read_tags
from desktop.errors import UnusableTrackError
from tests.helpers.http_server import FileServer
from tests.helpers.sound import decode_track, make_noise, read_track_info, run_ffmpeg

# The file that must not be opened is a pipe without a writer: opening it blocks for ever, and the test times out.
pytestmark = [
    pytest.mark.timeout(30),
    pytest.mark.skipif(os.name == "nt", reason="the file that must not be read is a pipe"),
]
SUFFIXES = ("mp3", "wav", "m3u8", "mov")
BAITS = {
    "playlist": "#EXTM3U\n{target}\n",
    "hls": '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXT-X-MAP:URI="{target}"\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n',
    "hls with a key": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n',
    "dash": "<?xml version='1.0'?><MPD><Period><AdaptationSet mimeType='audio/mp4'><Representation>"
    "<BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>",
    "concat": "ffconcat version 1.0\nfile '{target}'\n",
    "subfile": "concat:{target}|{target}",
    "pls": "[playlist]\nFile1={target}\n",
    "asx": "<asx version='3.0'><entry><ref href='{target}'/></entry></asx>",
    "xspf": "<playlist xmlns='http://xspf.org/ns/0/'><trackList><track><location>{target}</location></track></trackList></playlist>",
    "smil": "<smil><body><audio src='{target}'/></body></smil>",
    "real": "{target}\n",
    "cue": 'FILE "{target}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "lavfi": "amovie='{target}'\n",
    "image list": "{target}%03d\n",
}


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary.wav"
    os.mkfifo(path)
    return path


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer({"canary.wav": b"RIFF"}) as server:
        yield server
        assert server.requests == []


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", BAITS)
def test_file_that_references_another_is_refused_and_the_target_is_not_opened(
    tmp_path: Path, canary: Path, server: FileServer, kind: str, suffix: str
) -> None:
    bait = tmp_path / f"song.{suffix}"
    for target in (canary, canary.name, canary.as_uri(), f"{server.url}/canary.wav", f"async:{server.url}/canary.wav"):
        bait.write_text(BAITS[kind].format(target=target), encoding="utf-8")
        with pytest.raises(UnusableTrackError, match=bait.name):
            decode_track(bait, tmp_path / "mixture.wav")
        assert read_tags(bait).title == ""


@pytest.mark.parametrize("kind", ["url ", "alis"])
def test_movie_that_references_external_audio_does_not_read_it(
    tmp_path: Path, canary: Path, server: FileServer, kind: str
) -> None:
    soundfile.write(tmp_path / "a.wav", make_noise(4410).T, 44100)
    run_ffmpeg("-i", tmp_path / "a.wav", "-c:a", "pcm_s16le", tmp_path / "original.mov")
    original = (tmp_path / "original.mov").read_bytes()
    song = tmp_path / "song.mov"
    for target in (str(canary), canary.name, f"{server.url}/canary.wav"):
        entry = _alias_record(target) if kind == "alis" else bytes(4) + target.encode() + b"\0"
        data_reference = struct.pack(">IIII", 0, 1, 8 + len(entry), int.from_bytes(kind.encode())) + entry
        song.write_bytes(_replace_box(original, (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"), data_reference))
        assert _decoded_frames(song, tmp_path / "mixture.wav") in (0, 4410)  # its own audio, or none


def test_linked_cover_is_not_fetched(tmp_path: Path, canary: Path, server: FileServer) -> None:
    soundfile.write(tmp_path / "a.wav", make_noise(4410).T, 44100)
    run_ffmpeg("-i", tmp_path / "a.wav", "-id3v2_version", "0", tmp_path / "a.mp3")
    for target in (canary.as_uri(), f"{server.url}/canary.wav"):
        frame = b"\0-->\0\x03\0" + target.encode()
        frame = b"APIC" + len(frame).to_bytes(4) + bytes(2) + frame
        song = tmp_path / "b.mp3"
        song.write_bytes(b"ID3\x03\0\0" + _synchsafe(len(frame)) + frame + (tmp_path / "a.mp3").read_bytes())
        read_tags(song)
        assert read_track_info(song).sample_rate == 44100


def test_folder_of_links_and_pipes_contains_no_track(tmp_path: Path, canary: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "pipe.wav").symlink_to(canary)
    (folder / "zero.wav").symlink_to("/dev/zero")
    (folder / "random.mp3").symlink_to("/dev/urandom")
    (folder / "up").symlink_to("/", target_is_directory=True)
    found = list(find_tracks([folder]))
    assert len(found) == 3
    assert all(isinstance(item, RejectedPath) and "a device or a pipe" in str(item.reason) for item in found)


@pytest.mark.parametrize("claimed", [1 << 20, 1 << 27, (1 << 28) - 1])
def test_tag_of_any_size_is_read_with_bounded_memory(tmp_path: Path, claimed: int) -> None:
    song = tmp_path / "song.mp3"
    with song.open("wb") as file:
        file.write(b"ID3\x04\0\0" + _synchsafe(claimed) + b"APIC" + _synchsafe(claimed - 10) + bytes(2))
        file.truncate(claimed + 1000)
    tracemalloc.start()
    read_tags(song)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 << 20


def test_byte_range_file_limits_the_size_of_each_read(tmp_path: Path) -> None:
    (tmp_path / "song").write_bytes(bytes(3 << 20))
    with ByteRangeFile(tmp_path / "song") as source:
        tracemalloc.start()
        sizes = [len(source.read(1 << 40)) for _ in range(4)]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert sizes == [1 << 20] * 3 + [0]
    assert peak < 4 << 20


def _decoded_frames(song: Path, out: Path) -> int:
    """Return the number of frames decoded, 0 if the track is refused."""
    try:
        frames = decode_track(song, out).frames
    except UnusableTrackError:
        return 0
    out.unlink()
    return frames


def _replace_box(data: bytes, path: tuple[bytes, ...], content: bytes) -> bytes:
    """Return the movie with the content of the first box at `path` replaced by `content`."""
    result, offset = b"", 0
    while offset < len(data):
        size, name = int.from_bytes(data[offset : offset + 4]), data[offset + 4 : offset + 8]
        body = data[offset + 8 : offset + size]
        if name == path[0]:
            body = _replace_box(body, path[1:], content) if path[1:] else content
        result += (8 + len(body)).to_bytes(4) + name + body
        offset += size
    return result


def _alias_record(path: str) -> bytes:
    """Return a Macintosh alias record with an absolute path, as QuickTime writes it."""
    name = path.encode()[-63:]
    head = bytes(4) + bytes(10) + bytes(28) + bytes(12) + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
    levels = struct.pack(">HH", 1, 1) + bytes(16)
    full_path = struct.pack(">HH", 2, len(path)) + path.encode() + bytes(len(path) % 2)
    return head + levels + full_path + struct.pack(">HH", 0xFFFF, 0)


def _synchsafe(number: int) -> bytes:
    """Return an ID3 size: four bytes of seven bits each."""
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))
