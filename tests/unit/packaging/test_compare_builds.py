"""Two builds, compared: what differs is named, and a time is told from anything else."""

import gzip
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import compare_builds
import pytest
from compare_builds import Difference, compare


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two builds that are the same."""
    for name in ("a", "b"):
        (tmp_path / name / "_internal").mkdir(parents=True)
        (tmp_path / name / "unbraid").write_bytes(b"\x7fELF" + bytes(64))
        (tmp_path / name / "_internal" / "data").write_text("data")
    return tmp_path / "a", tmp_path / "b"


def pyc(time: int, code: bytes) -> bytes:
    return b"\xa7\x0d\x0d\x0a" + bytes(4) + time.to_bytes(4, "little") + len(code).to_bytes(4, "little") + code


def zipped(path: Path, year: int, members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), content, how)


def tarred(folder: Path, path: Path, time: int) -> Path:
    def at(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.mtime = time
        return info

    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        archive.add(folder, "unbraid", filter=at)
    return path


def test_builds_with_the_same_files_are_the_same_whenever_they_were_written(two: tuple[Path, Path]) -> None:
    os.utime(two[1] / "unbraid", (1, 1))
    assert compare(*two) == []


def test_a_file_that_only_one_build_has_is_named(two: tuple[Path, Path]) -> None:
    (two[0] / "left").touch()
    (two[1] / "_internal" / "right").touch()
    assert compare(*two) == [
        Difference("_internal/right", "only in the second"),
        Difference("left", "only in the first"),
    ]


def test_sizes_bytes_modes_and_links_that_differ_are_told(two: tuple[Path, Path]) -> None:
    (two[1] / "unbraid").chmod(0o755)
    (two[0] / "unbraid").chmod(0o644)
    for build, text, target in zip(two, ("short", "longer"), ("unbraid", "_internal"), strict=True):
        (build / "size").write_text(text)
        (build / "bytes").write_text(f"same{text[0]}size")
        (build / "link").symlink_to(target)
    assert compare(*two) == [
        Difference("bytes", "the same size, 1 bytes of it others, the first at 4"),
        Difference("link", "points to unbraid and _internal"),
        Difference("size", "5 bytes and 6 bytes"),
        Difference("unbraid", "-rw-r--r-- and -rwxr-xr-x"),
    ]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("m.pyc", lambda path, year: path.write_bytes(pyc(year, b"code"))),
        ("m.gz", lambda path, year: path.write_bytes(gzip.compress(b"text", mtime=year))),
        ("m.zip", lambda path, year: zipped(path, year, {"one": b"1", "two": b"2" * 99})),
    ],
)
def test_a_time_within_a_file_is_told_from_anything_else(
    two: tuple[Path, Path], name: str, make: Callable[[Path, int], None]
) -> None:
    for build, year in zip(two, (2020, 2021), strict=True):
        make(build / name, year)
    assert compare(*two) == [Difference(name, "the time within it", only_time=True)]


def test_a_member_of_an_archive_is_named(two: tuple[Path, Path]) -> None:
    for build, code, time in zip(two, (b"one", b"two"), (1, 2), strict=True):
        zipped(build / "base_library.zip", 2020, {"a.pyc": pyc(time, b"same"), "b.pyc": pyc(1, code), "c": b"c"})
    assert compare(*two) == [
        Difference("base_library.zip → a.pyc", "the time within it", only_time=True),
        Difference("base_library.zip → b.pyc", "the same size, 3 bytes of it others, the first at 16"),
    ]


def test_the_same_members_packed_in_another_way_are_no_matter_of_time(two: tuple[Path, Path]) -> None:
    for build, how in zip(two, (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED), strict=True):
        zipped(build / "m.zip", 2020, {"one": b"1" * 99}, how)
    assert compare(*two) == [Difference("m.zip", "the same members, packed in another way")]


def test_in_a_tar_the_times_of_files_count_and_are_named(two: tuple[Path, Path], tmp_path: Path) -> None:
    one, other = tarred(two[0], tmp_path / "a.tar.gz", 100), tarred(two[0], tmp_path / "b.tar.gz", 200)
    found = compare(one, other)
    assert Difference("unbraid/_internal/data", "when it was written", only_time=True) in found
    assert all(difference.only_time for difference in found)
    assert compare(one, one) == []


@pytest.mark.skipif(not Path("/usr/bin/dpkg-deb").exists(), reason="no Debian")
def test_debs_are_looked_into(two: tuple[Path, Path], tmp_path: Path) -> None:
    for build, text in zip(two, ("data", "other"), strict=True):
        (build / "DEBIAN").mkdir()
        (build / "DEBIAN" / "control").write_text(
            "Package: unbraid\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@b.c>\nDescription: test\n"
        )
        (build / "_internal" / "data").write_text(text)
        words = ["dpkg-deb", "--root-owner-group", "--build", build, tmp_path / f"{build.name}.deb"]
        subprocess.run(words, check=True, capture_output=True)
    found = [difference for difference in compare(tmp_path / "a.deb", tmp_path / "b.deb") if not difference.only_time]
    assert found == [Difference("_internal/data", "4 bytes and 5 bytes")]


def test_the_exit_status_tells_a_time_from_a_difference_and_from_trouble(
    two: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(build) for build in two]
    assert compare_builds.main(words) == 0
    assert capsys.readouterr().out == "The builds are the same.\n"
    for build, time in zip(two, (1, 2), strict=True):
        (build / "m.pyc").write_bytes(pyc(time, b""))
    assert compare_builds.main(words) == 0
    assert capsys.readouterr().out.startswith("time    m.pyc: the time within it\n")
    (two[0] / "more").touch()
    assert compare_builds.main(words) == 1
    assert "differs more: only in the first" in capsys.readouterr().out
    (tmp_path / "no.tar").write_text("no archive")
    assert compare_builds.main([words[0], str(tmp_path / "no.tar")]) == 2
    assert "no.tar cannot be read" in capsys.readouterr().err


def test_modules_that_pyinstaller_packed_are_named(tmp_path: Path) -> None:
    pytest.importorskip("PyInstaller", reason="needs packaging/lock/build.txt")
    for name, said in (("a", "one"), ("b", "two")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "said.py").write_text(f"WORD = {said!r}\n")
        (tmp_path / name / "main.py").write_text("import said\n")
        words = [
            sys.executable,
            "-m",
            "PyInstaller",
            "--log-level",
            "ERROR",
            "--distpath",
            str(tmp_path / name),
            "main.py",
        ]
        environment = os.environ | {"PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "1790000000"}
        subprocess.run(words, cwd=tmp_path / name, env=environment, check=True)
    serious = [one.path for one in compare(tmp_path / "a" / "main", tmp_path / "b" / "main") if not one.only_time]
    assert serious == ["main → PYZ.pyz/said"]
