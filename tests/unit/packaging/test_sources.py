"""Source code for the packaged app is what was pinned, wherever it came from."""

import hashlib
import os
import shutil
import subprocess
import sysconfig
import tarfile
import tomllib
from pathlib import Path

import pytest
import sources
from ffmpeg import build as ffmpeg

from tests.helpers.http_server import FileServer

PINS = tomllib.loads((sources.ROOT / "packaging" / "sources.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sources, "BUILD", tmp_path)
    return tmp_path


def _pinned(monkeypatch: pytest.MonkeyPatch, content: bytes, *urls: str) -> None:
    file = {"name": "thing.tar", "sha256": hashlib.sha256(content).hexdigest(), "urls": urls}
    monkeypatch.setattr(sources, "read_pin", lambda name: {"files": [file]})


def test_a_file_is_taken_from_the_first_place_that_has_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"forged": b"other", "good": b"source"}) as server:
        _pinned(monkeypatch, b"source", f"{server.url}/missing", f"{server.url}/forged", f"{server.url}/good")
        assert [path.read_bytes() for path in sources.fetch_files("thing")] == [b"source"]


def test_a_file_that_is_another_everywhere_is_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, build: Path
) -> None:
    with FileServer({"forged": b"other"}) as server:
        _pinned(monkeypatch, b"source", f"{server.url}/forged")
        with pytest.raises(sources.BuildError, match=r"thing\.tar could not be fetched:\n.*not the file"):
            sources.fetch_files("thing")
    assert not list(build.rglob("thing.tar"))


def test_a_file_that_is_here_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"good": b"source"}) as server:
        _pinned(monkeypatch, b"source", f"{server.url}/good")
        for _ in range(2):
            sources.fetch_files("thing")
        assert len(server.requests) == 1


def test_python_of_debian_12_unpacks_a_source(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tarfile, "data_filter", raising=False)  # 3.11.2 has none
    source = build / "thing-1.0"
    source.mkdir()
    (source / "configure").touch()
    shutil.make_archive(str(build / "thing"), "tar", build, "thing-1.0")
    assert (sources.unpack(build / "thing.tar", build / "unpacked") / "configure").is_file()


def test_every_source_has_a_version_a_digest_and_a_place() -> None:
    for name, source in PINS.items():
        assert source["version"]
        for file in source["files"]:
            assert len(file["sha256"]) == 64, name
            assert all(url.startswith(("https://", "http://deb.debian.org/")) for url in file["urls"]), name


def test_what_fails_says_where_its_log_is_and_how_that_ends(tmp_path: Path) -> None:
    with pytest.raises(sources.BuildError, match=r"failed \(3\)(?s:.*)it broke"):
        sources.run_logged(["sh", "-c", "echo it broke; exit 3"], tmp_path / "log", tmp_path)


def _compiled(tree: Path) -> bytes:
    tree.mkdir(parents=True)
    (tree / "part.c").write_text("#include <assert.h>\nconst char *here = __FILE__;\nvoid f(int x) { assert(x); }\n")
    words = ["sh", "-c", 'cc $CFLAGS -g -c "$PWD/part.c" -o part.o']
    sources.run_compile_step(tree, words, tree / "log", CFLAGS="-O2")
    return (tree / "part.o").read_bytes()


@pytest.mark.skipif(os.name == "nt" or not shutil.which("cc"), reason="no compiler")
def test_what_is_compiled_is_the_same_wherever_its_source_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = _compiled(tmp_path / "one" / "source")
    monkeypatch.setenv("CFLAGS", "-O0 -DOTHER")
    assert _compiled(tmp_path / "another" / "source") == one
    assert str(tmp_path).encode() not in one


@pytest.mark.skipif(os.name == "nt" or not shutil.which("git"), reason="no git")
def test_what_is_compiled_is_the_same_at_every_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    tree = tmp_path / "build" / "source" / "redis"
    tree.mkdir(parents=True)
    sources.run_compile_step(
        tree, ["sh", "-c", "git rev-parse --git-dir; echo date $SOURCE_DATE_EPOCH"], tmp_path / "log"
    )
    said = (tmp_path / "log").read_text()
    assert "not a git repository" in said
    assert "date 0\n" in said


def test_ffmpeg_is_not_told_where_it_was_built(tmp_path: Path) -> None:
    place, header = tmp_path / "native" / "ffmpeg", tmp_path / "config.h"
    header.write_text(f'#define A "--prefix={place} --enable-shared"\n#define B "{place}/share"\n')
    ffmpeg.remove_build_paths(place, header)
    assert header.read_text() == '#define A "--prefix=/ffmpeg --enable-shared"\n#define B "/ffmpeg/share"\n'


def test_modules_are_not_told_where_the_python_that_built_them_lay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: f"{name} -shared -L/p/lib -Wl,-rpath,/p/lib -pthread")
    assert ffmpeg.linker_variables() == {"LDSHARED": "LDSHARED -shared -L/p/lib -pthread"}
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: None)
    assert ffmpeg.linker_variables() == {}
