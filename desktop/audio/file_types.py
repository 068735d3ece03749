"""File suffixes of audio (resources/file_types.toml) and sidecar files, and signatures of files that are not audio.

The suffix only selects files in folders; whether a file can be decoded depends on its content.
"""

import re
import tomllib
from functools import cache

from desktop.paths import resources
from desktop.text.message import Message

# Files that accompany audio files and are skipped without a notice: covers, texts, playlists, lyrics, ripper logs,
# waveform caches of editors.
_SIDECAR_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("avif", "bmp", "gif", "heic", "ico", "jfif", "jpeg", "jpg", "png", "psd", "svg", "tif", "tiff", "webp"),
        *("ass", "doc", "docx", "htm", "html", "lrc", "md", "nfo", "odt", "pdf", "rtf", "srt", "sub", "txt", "vtt"),
        *("asx", "cue", "m3u", "m3u8", "pls", "wpl", "xspf", "accurip", "ffp", "log", "md5", "sfv", "toc"),
        *("db", "ini", "json", "lnk", "plist", "torrent", "url", "xml", "asd", "pek", "pkf", "reapeaks", "sfk"),
    )
)
DRM_PROBLEM = Message(
    "{name} is protected by DRM: only the app or device it was bought for can play it. Get a copy without protection."
)
# Case-insensitive patterns for the beginning of a file, and what such a file is; `{name}` is the file's name.
_NON_AUDIO_SIGNATURES = [
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), problem)
    for pattern, problem in (
        (rb"#EXTM3U|\[playlist\]", Message("{name} is a playlist, not audio. Add the songs that it lists.")),
        (rb"MThd", Message("{name} is a MIDI file: notes without sound. Render it to audio first.")),
        (rb"PK\x03\x04", Message("{name} is a ZIP archive. Unpack it, then add the songs inside.")),
        (rb"<!DOCTYPE|<html", Message("{name} is a web page, not audio: the download failed. Download it again.")),
        (rb"version https://git-lfs", Message("{name} is a pointer to a file, not audio. Download the file itself.")),
        # Audible's AAX and AA.
        (rb"....ftypaax|....\x57\x90\x75\x36", DRM_PROBLEM),
        # Encrypted files of music shops' apps: NetEase (.ncm), KuGou (.kgm, .vpr), Kuwo (.kwm), QQ Music (.qmc…: FLAC,
        # Ogg and ID3 under its mask), and the multitrack songs of music games (.mogg) from version 11 on.
        (rb"CTENFDAM|\x7c\xd5\x32\xeb\x86\x02\x7f\x4b|\x05\x28\xbc\x96\xe9\xe4\x5a\x43|yeelion-kuwo", DRM_PROBLEM),
        (rb"\xa5\x06\xb7\x89|\x8c\x2d\xb1\x99|\x8a\x0e\xe5[\xc8\xc9\xce]\x90|[\x0b-\x11]\0\0\0..\0\0", DRM_PROBLEM),
    )
]


@cache
def audio_suffixes() -> frozenset[str]:
    """Return the suffixes of files that may be tracks, with the dot, in lower case."""
    listed = tomllib.loads((resources() / "file_types.toml").read_text(encoding="utf-8"))
    return frozenset(f".{extension}" for kind in listed["type"] for extension in kind["extensions"])


def is_sidecar_suffix(suffix: str) -> bool:
    """Return whether files with this suffix (with the dot, in lower case) accompany tracks and are not audio."""
    return suffix in _SIDECAR_SUFFIXES


def describe_non_audio(head: bytes) -> Message | None:
    """Return what a file that begins with the bytes `head` is instead of audio; None if unknown.

    The field `{name}` of the message is still to be filled with the file's name.
    """
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return next(
        (problem for pattern, problem in _NON_AUDIO_SIGNATURES if pattern.match(head) or pattern.match(text)), None
    )
