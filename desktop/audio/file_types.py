"""What the suffix of a file says, as resources/file_types.toml lists it. Whether it can be decoded, its content decides."""

import tomllib
from functools import cache

from desktop.paths import resources

# What lies beside songs and is never missed: covers, texts, playlists, lyrics, logs of rippers, waveforms of editors.
_COMPANIONS = frozenset(
    f".{suffix}"
    for suffix in (
        *("avif", "bmp", "gif", "heic", "ico", "jfif", "jpeg", "jpg", "png", "psd", "svg", "tif", "tiff", "webp"),
        *("ass", "doc", "docx", "htm", "html", "lrc", "md", "nfo", "odt", "pdf", "rtf", "srt", "sub", "txt", "vtt"),
        *("asx", "cue", "m3u", "m3u8", "pls", "wpl", "xspf", "accurip", "ffp", "log", "md5", "sfv", "toc"),
        *("db", "ini", "json", "lnk", "plist", "torrent", "url", "xml", "asd", "pek", "pkf", "reapeaks", "sfk"),
    )
)


@cache
def audio_suffixes() -> frozenset[str]:
    """Return the suffixes of files that may be songs, with the dot, in lower case."""
    listed = tomllib.loads((resources() / "file_types.toml").read_text(encoding="utf-8"))
    return frozenset(f".{extension}" for kind in listed["type"] for extension in kind["extensions"])


def is_companion(suffix: str) -> bool:
    """Return whether files with this suffix (with the dot, in lower case) go along with songs and are none."""
    return suffix in _COMPANIONS
