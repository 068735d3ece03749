"""Trial process: does everything that the app does with a file, under limits that no undamaged file reaches.

Each input line is the path of a file; the reply is one line of JSON. It holds what the app reports about the file,
such as an error message for the user. Anything else ends the process, which is a finding.
"""

import faulthandler
import json
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from desktop.audio.files import RejectedPath, find_tracks
from desktop.audio.mixture import decode_mixture
from desktop.audio.tags import read_tags
from desktop.errors import UnbraidError
from desktop.pipeline.draft import make_draft
from desktop.probe.picture import read_picture
from desktop.runtime.streams import reserve_stdout
from desktop.segments.grid import Segmentation
from tests.helpers.engines import IdentityEngine
from tests.helpers.memory import peak_memory
from tests.helpers.sound import read_track_info

# CPU seconds for one file, peak memory of the process in bytes, and address space in bytes that the process may request
# beyond what it has at the start. FFmpeg requests much that it never touches, and fills 400 MB for a table that a MOV
# of 10 kB claims to have; besides that the process may have grown to 150 MB.
CPU_SECONDS = 20
MAX_USED_BYTES, MAX_REQUESTED_BYTES = 768 << 20, 3 << 30
# Largest file that the process may write: a few hours of silence compress to a small input.
MAX_FILE_BYTES = 2 << 30
MAX_SENTENCE_LENGTH = 300
PICTURE_SUFFIXES = {".png", ".jpg", ".gif", ".webp", ".bmp"}
PICTURE_SIDE = 50
# Short segments, so that a short track has several.
ENGINE = IdentityEngine(Segmentation(length=16384, stride=12288, centre_last=True))


def main() -> int:
    """Try every file whose path is on standard input."""
    faulthandler.enable()
    faulthandler.register(signal.SIGXCPU, chain=True)
    limit_memory()
    out = reserve_stdout()
    for line in sys.stdin:
        limit_time()
        path = Path(json.loads(line))
        results = list(check_file(path))
        assert peak_memory() < MAX_USED_BYTES
        out.write(json.dumps(results).encode() + b"\n")
        out.flush()
    return 0


def check_file(path: Path) -> Iterator[str]:
    """Yield what the app reports about a file, step by step."""
    if path.suffix in PICTURE_SUFFIXES:
        yield check_picture(path)
        return
    yield check_tags(path)
    for found in find_tracks([path]):
        if isinstance(found, RejectedPath):
            yield check_sentence(str(found.reason))
            return
    for check in (check_probe, check_decoding, check_draft):
        try:
            yield check(path)
        except UnbraidError as error:
            yield check_sentence(str(error))


def check_probe(path: Path) -> str:
    return repr(read_track_info(path))


def check_decoding(path: Path) -> str:
    out = path.with_name("mixture.wav")
    mixture = decode_mixture(path, out, check_fraction, lambda: False)
    out.unlink()
    assert mixture.frames > 0
    assert mixture.channels in (1, 2)
    for notice in mixture.notices:
        check_sentence(str(notice))
    return f"{mixture.frames} frames"


def check_draft(path: Path) -> str:
    folder = path.with_name("draft")
    try:
        make_draft(path, folder, ENGINE, lambda: None, lambda: False)
    except OSError as error:
        if "too much of the disk" not in str(error):
            raise
        return str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return "drafted"


def check_picture(path: Path) -> str:
    picture = read_picture(path, PICTURE_SIDE)
    if picture is None:
        return "no picture"
    assert len(picture.pixels) == 4 * PICTURE_SIDE * PICTURE_SIDE
    assert isinstance(picture.rotation, int)
    return "a picture"


def check_tags(path: Path) -> str:
    tags = read_tags(path)
    if tags.cover:
        cover = path.with_name("cover")
        cover.write_bytes(tags.cover)
        check_picture(cover)
    for text in (tags.title, tags.artist, tags.album):
        assert len(text) <= MAX_SENTENCE_LENGTH
        assert text.isprintable()
    assert tags.seconds is None or tags.seconds > 0
    return tags.title


def check_fraction(fraction: float) -> None:
    assert 0 <= fraction <= 1


def check_sentence(sentence: str) -> str:
    """Check that the sentence can be shown to the user, and return it."""
    assert sentence.endswith("."), sentence
    assert sentence.isprintable(), sentence
    assert len(sentence) < MAX_SENTENCE_LENGTH, sentence
    return sentence


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + MAX_REQUESTED_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time() -> None:
    """Limit the CPU time from now on; the kernel counts all that the process has ever used."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + CPU_SECONDS, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
