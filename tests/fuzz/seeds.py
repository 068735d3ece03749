"""Seeds of the mutations: small audio files and covers in every format that the app reads."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tests.helpers.shared import FIXTURES

FORMATS = FIXTURES / "formats"
# Larger files are cut in the middle: headers and indexes are at the start and at the end.
_MAX_BYTES = 96 << 10
_SECONDS, _RATE = 0.2, 44100
_TAGS = "-metadata title=Night -metadata artist=Mara -metadata album=Neon"
# Written by libsndfile: container and sample format. Some have to be mono.
_SNDFILE_FORMATS = """
WAV PCM_U8, WAV PCM_16, WAV PCM_24, WAV PCM_32, WAV FLOAT, WAV DOUBLE, WAV ULAW, WAV ALAW, WAV IMA_ADPCM, WAV MS_ADPCM,
WAV GSM610, WAV NMS_ADPCM_16, WAV G721_32, WAVEX PCM_16, W64 PCM_16, RF64 PCM_24, AU PCM_16, AU G723_24, AIFF PCM_16,
AIFF FLOAT, AIFF IMA_ADPCM, AIFF GSM610, CAF ALAC_16, CAF PCM_24, NIST PCM_16, FLAC PCM_24, OGG VORBIS, OGG OPUS,
MP3 MPEG_LAYER_III
"""
_MONO_ONLY = ("GSM610", "NMS_ADPCM_16", "G721_32", "G723_24")
# Written by ffmpeg: audio encoder and suffix of the file.
_FFMPEG_FORMATS = """
libmp3lame mp3, mp2 mp2, aac m4a, alac m4a, aac mp4, pcm_s24le mov, adpcm_ima_qt mov, pcm_mulaw mov, aac 3gp, aac aac,
ac3 ac3, eac3 eac3, wmav1 wma, wmav2 wma, wavpack wv, tta tta, dca dts, flac mka, libvorbis mka, truehd mka, pcm_f32le mka,
libopus webm, mp3 avi, adpcm_ms avi, adpcm_swf flv, aac flv, mp2 ts, mp2 mpg, pcm_u8 voc, adpcm_ima_qt caf, libspeex oga, flac ogg,
real_144 rm, pcm_alaw aiff
"""
# Written by ffmpeg with eight channels.
_SURROUND = "flac flac, libvorbis ogg, aac m4a, pcm_s16le mov, pcm_s16le wav, wavpack wv"
# Files that are concatenated: the file, a mono version of it, and the file again.
_JOINED = ("MPEG_LAYER_III.mp3", "mp2.mp2", "VORBIS.ogg", "OPUS.ogg", "PCM_24.flac", "aac.aac", "mp2.ts")
_PICTURE_SUFFIXES = ("png", "jpg", "gif", "webp", "bmp")


@dataclass(frozen=True)
class Seed:
    """A file without damage."""

    name: str
    data: bytes


def make_seeds(folder: Path) -> list[Seed]:
    """Return all seeds in a fixed order, without those that this machine's ffmpeg cannot encode."""
    wav, picture = _write_sound(folder / "sound.wav"), folder / "picture.png"
    _run_ffmpeg(picture, "-f", "lavfi", "-i", "testsrc=s=64x48:d=1", "-frames:v", "1")
    for entry in _SNDFILE_FORMATS.split(","):
        _write_with_sndfile(folder, *entry.split())
    for entry in _FFMPEG_FORMATS.split(","):
        codec, suffix = entry.split()
        options = "-ar 8000 -ac 1" if codec == "real_144" else "-strict -2"
        _run_ffmpeg(folder / f"{codec}.{suffix}", "-i", wav, *_TAGS.split(), "-c:a", codec, *options.split())
    cover = ("-i", wav, "-i", picture, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    for suffix in ("mp3", "flac", "m4a"):
        _run_ffmpeg(folder / f"cover.{suffix}", *cover, *_TAGS.split())
    for entry in _SURROUND.split(","):
        codec, suffix = entry.split()
        _run_ffmpeg(folder / f"surround.{suffix}", "-i", wav, "-t", "0.1", "-af", "pan=7.1|" + "|".join(f"c{n}=c0" for n in range(8)),
                "-c:a", codec)  # fmt: skip
    for name in filter(lambda name: (folder / name).exists(), _JOINED):
        data = (folder / name).read_bytes()
        (folder / f"joined {name}").write_bytes(data + _convert_to_mono(folder, name) + data)
    for suffix in _PICTURE_SUFFIXES:
        _run_ffmpeg(folder / f"painted.{suffix}", "-i", picture)
    files = [*folder.iterdir(), *(FORMATS.iterdir() if FORMATS.exists() else ())]
    seeds = [Seed(file.name, _shorten(file.read_bytes())) for file in sorted(files, key=lambda file: file.name)]
    return [seed for seed in seeds if seed.data]


def _write_sound(path: Path) -> Path:
    steps = np.random.default_rng(0).standard_normal((int(_RATE * _SECONDS), 2)).cumsum(axis=0)
    soundfile.write(path, 0.4 * np.sin(steps / 40), _RATE)
    return path


def _convert_to_mono(folder: Path, name: str) -> bytes:
    mono = folder / f"mono {name}"
    _run_ffmpeg(mono, "-i", folder / name, "-ac", "1", "-ar", "48000")
    data = mono.read_bytes() if mono.exists() else b""
    mono.unlink(missing_ok=True)
    return data


def _write_with_sndfile(folder: Path, container: str, samples: str) -> None:
    sound, _ = soundfile.read(folder / "sound.wav")
    sound = sound[:, :1] if samples in _MONO_ONLY else sound
    rate = 48000 if samples == "OPUS" else _RATE
    soundfile.write(folder / f"{samples}.{container.lower()}", sound, rate, samples, format=container)


def _run_ffmpeg(out: Path, *arguments: str | Path) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments), str(out)]
    if subprocess.run(command, capture_output=True, timeout=60, check=False).returncode:
        out.unlink(missing_ok=True)


def _shorten(data: bytes) -> bytes:
    return data if len(data) <= _MAX_BYTES else data[: _MAX_BYTES * 3 // 4] + data[-_MAX_BYTES // 4 :]
