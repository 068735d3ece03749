"""A file appears at its path complete, or the path stays as it was."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.atomic_file import AtomicFile, atomic_file, write_atomically


@pytest.fixture
def small_files() -> Iterator[None]:
    """Limit files to 64 KiB: a write beyond fails as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, previous)


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("data", ["für alle", "für alle".encode(), memoryview("für alle".encode())])
def test_content_is_written_as_utf8_or_as_it_is(tmp_path: Path, data: str | bytes | memoryview, durable: bool) -> None:
    write_atomically(tmp_path / "a.json", "old, and longer than the new content")
    write_atomically(tmp_path / "a.json", data, durable=durable)
    assert (tmp_path / "a.json").read_bytes() == "für alle".encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.usefixtures("small_files")
def test_failed_write_keeps_the_old_content_and_leaves_no_other_file(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", "old")
    with pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        write_atomically(tmp_path / "a", bytes(1 << 17))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_block_that_raises_leaves_no_file(tmp_path: Path, error: type[BaseException]) -> None:
    def write_half() -> None:
        with atomic_file(tmp_path / "a") as part:
            part.write_bytes(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_path_has_the_old_content_until_the_block_ends(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with atomic_file(tmp_path / "a") as part:
        part.write_bytes(b"new")
        assert (tmp_path / "a").read_bytes() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_killed_process_leaves_the_old_content(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"old")
    code = (
        "import os, sys; from pathlib import Path; from desktop.atomic_file import atomic_file\n"
        "with atomic_file(Path(sys.argv[1])) as part:\n"
        "    part.write_bytes(b'half')\n"
        "    os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == 9
    assert target.read_bytes() == b"old"


def test_two_writers_of_one_file_do_not_mix_their_content(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a") as first, atomic_file(tmp_path / "a") as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


def test_name_of_the_maximum_length_can_be_written(tmp_path: Path) -> None:
    name = "n" * (os.pathconf(tmp_path, "PC_NAME_MAX") - 4) + ".wav"
    write_atomically(tmp_path / name, "content")
    assert (tmp_path / name).read_text() == "content"


def test_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write_atomically(tmp_path / "a", "content")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("usual", "a")}
    assert len(modes) == 1


def test_existing_file_is_kept_if_it_must_not_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    file = AtomicFile(tmp_path / "a")
    file.part.write_bytes(b"new")
    with pytest.raises(FileExistsError):
        file.commit(overwrite=False)
    file.discard()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}
