"""Compares two builds: `python packaging/compare_builds.py A B`, for folders, .deb files or tars.

Prints every file that differs, and how. Archives, .pyc files and PyInstaller executables are compared by their content,
so that differences only in timestamps are reported as such. Modification times are compared in archives only, because
they always differ in folders. The exit status is 0 if only timestamps differ, 1 if something else differs, and 2 if a
build cannot be read.
"""

import argparse
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from build_members import read_members, zero_timestamps


@dataclass(frozen=True, order=True)
class Difference:
    """Difference between two builds."""

    path: str
    description: str
    only_time: bool = False
    """True if only timestamps differ."""


class UnreadableError(Exception):
    """A build cannot be read; the message says why."""


def main(argv: Sequence[str]) -> int:
    """Compare two builds, print the differences, and return the exit status."""
    parser = argparse.ArgumentParser(prog="compare_builds.py", description="Show how two builds differ.")
    parser.add_argument("builds", type=Path, nargs=2, metavar="BUILD", help="a folder, a .deb or a tar")
    one, other = parser.parse_args(argv).builds
    try:
        found = compare(one, other)
    except UnreadableError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for difference in found:
        sys.stdout.write(
            f"{'time   ' if difference.only_time else 'differs'} {difference.path}: {difference.description}\n"
        )
    serious = sum(not difference.only_time for difference in found)
    summary = (
        f"{serious} differences, and {len(found) - serious} of times alone." if found else "The builds are the same."
    )
    sys.stdout.write(f"{summary}\n")
    return 1 if serious else 0


def compare(one: Path, other: Path) -> list[Difference]:
    """Return all differences between two builds, sorted by path. Raises UnreadableError."""
    archives = not one.is_dir() and not other.is_dir()
    if archives and one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes():
        return []
    with ExitStack() as stack:
        found = sorted(_compare_folders(unpack(one, stack), unpack(other, stack), times=archives))
    if archives and not found:
        return [Difference(other.name, "the same files, packed in another way")]
    return found


def unpack(build: Path, stack: ExitStack) -> Path:
    """Return the folder of a build; an archive is unpacked until `stack` closes. Raises UnreadableError."""
    if build.is_dir():
        return build
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="unbraid-compare-"))
    deb = ["dpkg-deb", "--raw-extract", str(build), folder]
    command = deb if build.suffix == ".deb" else ["tar", "-xpf", str(build), "-C", folder]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = str(getattr(error, "stderr", "") or error).strip()
        raise UnreadableError(f"{build} cannot be read. Give a folder, a .deb or a tar. {reason}") from error
    return Path(folder)


def compare_contents(name: str, one: bytes, other: bytes) -> Iterator[Difference]:
    """Yield the differences between two contents of the file `name`: by member for archives, else by size or byte."""
    if one == other:
        return
    if zero_timestamps(name, one) == zero_timestamps(name, other):
        yield Difference(name, "the time within it", only_time=True)
        return
    left, right = read_members(one), read_members(other)
    if left is None or right is None:
        yield Difference(name, _describe_byte_difference(one, other))
    elif left == right:
        yield Difference(name, "the same members, packed in another way")
    else:
        yield from _compare_members(name, left, right)


def _describe_byte_difference(one: bytes, other: bytes) -> str:
    if len(one) != len(other):
        return f"{len(one)} bytes and {len(other)} bytes"
    offsets = [offset for offset, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    return f"the same size, {len(offsets)} bytes of it others, the first at {offsets[0]}"


def _compare_members(name: str, one: Mapping[str, bytes], other: Mapping[str, bytes]) -> Iterator[Difference]:
    for member in sorted({*one, *other}):
        if member in one and member in other:
            yield from compare_contents(f"{name} → {member}", one[member], other[member])
        else:
            yield _only_in_one(f"{name} → {member}", member in one)


def _only_in_one(name: str, first: bool) -> Difference:
    return Difference(name, f"only in the {'first' if first else 'second'}")


def _compare_folders(one: Path, other: Path, *, times: bool) -> Iterator[Difference]:
    left, right = _relative_paths(one), _relative_paths(other)
    for name in sorted(left | right):
        if name in left and name in right:
            yield from _compare_paths(name, one / name, other / name, times=times)
        else:
            yield _only_in_one(name, name in left)


def _relative_paths(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _compare_paths(name: str, one: Path, other: Path, *, times: bool) -> Iterator[Difference]:
    left, right = one.lstat(), other.lstat()
    if left.st_mode != right.st_mode:
        yield Difference(name, f"{stat.filemode(left.st_mode)} and {stat.filemode(right.st_mode)}")
    if times and int(left.st_mtime) != int(right.st_mtime):
        yield Difference(name, "when it was written", only_time=True)
    if one.is_symlink() and other.is_symlink():
        if one.readlink() != other.readlink():
            yield Difference(name, f"points to {one.readlink()} and {other.readlink()}")
    elif one.is_file() and other.is_file():
        yield from compare_contents(name, one.read_bytes(), other.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
