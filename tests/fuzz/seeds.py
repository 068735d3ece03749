"""Small songs and covers of every format that the app reads: what is mutated."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tests.helpers.shared import FIXTURES

FORMATS = FIXTURES / "formats"
# Larger ones are cut: what matters is in the first and the last of them.
_LARGEST = 96 << 10
_SECONDS, _RATE = 0.2, 44100
_TAGS = "-metadata title=Night -metadata artist=Mara -metadata album=Neon"
# By libsndfile: container and samples. Some are of one channel only.
_WRITTEN = """
WAV PCM_U8, WAV PCM_16, WAV PCM_24, WAV PCM_32, WAV FLOAT, WAV DOUBLE, WAV ULAW, WAV ALAW, WAV IMA_ADPCM, WAV MS_ADPCM,
WAV GSM610, WAV NMS_ADPCM_16, WAV G721_32, WAVEX PCM_16, W64 PCM_16, RF64 PCM_24, AU PCM_16, AU G723_24, AIFF PCM_16,
AIFF FLOAT, AIFF IMA_ADPCM, AIFF GSM610, CAF ALAC_16, CAF PCM_24, NIST PCM_16, FLAC PCM_24, OGG VORBIS, OGG OPUS,
MP3 MPEG_LAYER_III
"""
_ONE_CHANNEL = ("GSM610", "NMS_ADPCM_16", "G721_32", "G723_24")
# By ffmpeg: what makes the sound, and the file's suffix.
_ENCODED = """
libmp3lame mp3, mp2 mp2, aac m4a, alac m4a, aac mp4, pcm_s24le mov, adpcm_ima_qt mov, pcm_mulaw mov, aac 3gp, aac aac,
ac3 ac3, eac3 eac3, wmav1 wma, wmav2 wma, wavpack wv, tta tta, dca dts, flac mka, libvorbis mka, truehd mka, pcm_f32le mka,
libopus webm, mp3 avi, adpcm_ms avi, adpcm_swf flv, aac flv, mp2 ts, mp2 mpg, pcm_u8 voc, adpcm_ima_qt caf, libspeex oga, flac ogg,
real_144 rm, pcm_alaw aiff
"""
# In eight channels.
_SURROUND = "flac flac, libvorbis ogg, aac m4a, pcm_s16le mov, pcm_s16le wav, wavpack wv"
# Files of several files in a row.
_JOINED = ("MPEG_LAYER_III.mp3", "mp2.mp2", "VORBIS.ogg", "OPUS.ogg", "PCM_24.flac", "aac.aac", "mp2.ts")
_PICTURES = ("png", "jpg", "gif", "webp", "bmp")


@dataclass(frozen=True)
class Seed:
    """A good file."""

    name: str
    data: bytes


def make_seeds(folder: Path) -> list[Seed]:
    """All of them, in an order that is always the same. What this machine's ffmpeg cannot make is left out."""
    wav, picture = _sound(folder / "sound.wav"), folder / "picture.png"
    _ffmpeg(picture, "-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1")
    for entry in _WRITTEN.split(","):
        _write(folder, *entry.split())
    for entry in _ENCODED.split(","):
        codec, suffix = entry.split()
        words = "-ar 8000 -ac 1" if codec == "real_144" else "-strict -2"
        _ffmpeg(folder / f"{codec}.{suffix}", "-i", wav, *_TAGS.split(), "-c:a", codec, *words.split())
    cover = ("-i", wav, "-i", picture, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    for suffix in ("mp3", "flac", "m4a"):
        _ffmpeg(folder / f"cover.{suffix}", *cover, *_TAGS.split())
    for entry in _SURROUND.split(","):
        codec, suffix = entry.split()
        _ffmpeg(folder / f"surround.{suffix}", "-i", wav, "-t", "0.1", "-af", "pan=7.1|" + "|".join(f"c{n}=c0" for n in range(8)),
                "-c:a", codec)  # fmt: skip
    for name in filter(lambda name: (folder / name).exists(), _JOINED):
        data = (folder / name).read_bytes()
        (folder / f"joined {name}").write_bytes(data + _of_one_channel(folder, name) + data)
    for suffix in _PICTURES:
        _ffmpeg(folder / f"painted.{suffix}", "-i", picture)
    files = [*folder.iterdir(), *(FORMATS.iterdir() if FORMATS.exists() else ())]
    seeds = [Seed(file.name, _shortened(file.read_bytes())) for file in sorted(files, key=lambda file: file.name)]
    return [seed for seed in seeds if seed.data]


def _sound(path: Path) -> Path:
    steps = np.random.default_rng(0).standard_normal((int(_RATE * _SECONDS), 2)).cumsum(axis=0)
    soundfile.write(path, 0.4 * np.sin(steps / 40), _RATE)
    return path


def _of_one_channel(folder: Path, name: str) -> bytes:
    mono = folder / f"mono {name}"
    _ffmpeg(mono, "-i", folder / name, "-ac", "1", "-ar", "48000")
    data = mono.read_bytes() if mono.exists() else b""
    mono.unlink(missing_ok=True)
    return data


def _write(folder: Path, container: str, samples: str) -> None:
    sound, _ = soundfile.read(folder / "sound.wav")
    sound = sound[:, :1] if samples in _ONE_CHANNEL else sound
    rate = 48000 if samples == "OPUS" else _RATE
    soundfile.write(folder / f"{samples}.{container.lower()}", sound, rate, samples, format=container)


def _ffmpeg(out: Path, *words: str | Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, words), str(out)]
    if subprocess.run(command, capture_output=True, timeout=60, check=False).returncode:
        out.unlink(missing_ok=True)


def _shortened(data: bytes) -> bytes:
    return data if len(data) <= _LARGEST else data[: _LARGEST * 3 // 4] + data[-_LARGEST // 4 :]
