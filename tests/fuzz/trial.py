"""The process that a damaged file is tried in: all that the app does with it, under limits that nothing good needs.

Each line that comes in is the path of a file; the answer is one line of JSON. What the app may say of a file is an
answer. Anything else ends the process, and that is the finding.
"""

import faulthandler
import json
import resource
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from desktop.audio.decode import read_track_info
from desktop.audio.files import RejectedPath, find_tracks
from desktop.audio.mixture import decode_mixture
from desktop.audio.tags import read_tags
from desktop.errors import UnbraidError
from desktop.pipeline.draft import make_draft
from desktop.probe.picture import read_picture
from desktop.probe.server import reserve_stdout
from desktop.segments.grid import Segmentation
from tests.helpers.engines import IdentityEngine
from tests.helpers.memory import peak_memory

# Seconds of processor time that one file may take, bytes of memory that the process may ever have used, and that a file
# may ask for beside what the process has to begin with. FFmpeg asks for much that it never touches, and fills 400 MB for
# a table that a MOV of 10 kB claims to have; beside that the process may have grown to 150 MB.
SECONDS = 20
USED, ASKED = 768 << 20, 3 << 30
# Bytes that any file may have that is written: a few hours of silence are packed into little.
LARGEST = 2 << 30
LONGEST_SENTENCE = 300
PICTURES = {".png", ".jpg", ".gif", ".webp", ".bmp"}
SIDE = 50
# Short segments, so that a short song has several.
ENGINE = IdentityEngine(Segmentation(length=16384, stride=12288, centre_last=True))


def main() -> int:
    """Try every file that is named on standard input."""
    faulthandler.enable()
    faulthandler.register(signal.SIGXCPU, chain=True)
    limit_memory()
    out = reserve_stdout()
    for line in sys.stdin:
        limit_time()
        path = Path(json.loads(line))
        answer = list(tried(path))
        assert peak_memory() < USED
        out.write(json.dumps(answer).encode() + b"\n")
        out.flush()
    return 0


def tried(path: Path) -> Iterator[str]:
    """What the app says of a file, step by step."""
    if path.suffix in PICTURES:
        yield looked_at(path)
        return
    yield check_tags(path)
    for found in find_tracks([path]):
        if isinstance(found, RejectedPath):
            yield check_sentence(found.reason)
            return
    for step in (probed, decoded, drafted):
        try:
            yield step(path)
        except UnbraidError as error:
            yield check_sentence(str(error))


def probed(path: Path) -> str:
    return repr(read_track_info(path))


def decoded(path: Path) -> str:
    out = path.with_name("mixture.wav")
    mixture = decode_mixture(path, out, check_part, lambda: False)
    out.unlink()
    assert mixture.frames > 0
    assert mixture.channels in (1, 2)
    for notice in mixture.notices:
        check_sentence(notice)
    return f"{mixture.frames} frames"


def drafted(path: Path) -> str:
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


def looked_at(path: Path) -> str:
    picture = read_picture(path, SIDE)
    if picture is None:
        return "no picture"
    assert len(picture.pixels) == 4 * SIDE * SIDE
    assert isinstance(picture.rotation, int)
    return "a picture"


def check_tags(path: Path) -> str:
    tags = read_tags(path)
    if tags.cover:
        cover = path.with_name("cover")
        cover.write_bytes(tags.cover)
        looked_at(cover)
    for text in (tags.title, tags.artist, tags.album):
        assert len(text) <= LONGEST_SENTENCE
        assert text.isprintable()
    assert tags.seconds is None or tags.seconds > 0
    return tags.title


def check_part(part: float) -> None:
    assert 0 <= part <= 1


def check_sentence(sentence: str) -> str:
    """What may be shown to the user."""
    assert sentence.endswith("."), sentence
    assert sentence.isprintable(), sentence
    assert len(sentence) < LONGEST_SENTENCE, sentence
    return sentence


def limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + ASKED
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time() -> None:
    """From now on: the kernel counts all that the process has ever used."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + SECONDS, resource.RLIM_INFINITY))


if __name__ == "__main__":
    sys.exit(main())
