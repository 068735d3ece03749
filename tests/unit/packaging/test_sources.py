"""Source code for the packaged app matches its pin, wherever it was fetched from."""

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

from desktop.export import song_tags
from tests.helpers.http_server import FileServer

PINS = tomllib.loads((sources.ROOT / "packaging" / "sources.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sources, "BUILD", tmp_path)
    return tmp_path


def _pin(monkeypatch: pytest.MonkeyPatch, content: bytes, *urls: str) -> None:
    file = {"name": "thing.tar", "sha256": hashlib.sha256(content).hexdigest(), "urls": urls}
    monkeypatch.setattr(sources, "read_pin", lambda name: {"files": [file]})


def test_file_is_fetched_from_the_first_url_with_the_right_content(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"forged": b"other", "good": b"source"}) as server:
        _pin(monkeypatch, b"source", f"{server.url}/missing", f"{server.url}/forged", f"{server.url}/good")
        assert [path.read_bytes() for path in sources.fetch_files("thing")] == [b"source"]


def test_file_with_another_digest_at_every_url_is_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, build: Path
) -> None:
    with FileServer({"forged": b"other"}) as server:
        _pin(monkeypatch, b"source", f"{server.url}/forged")
        with pytest.raises(sources.BuildError, match=r"thing\.tar could not be fetched:\n.*not the file"):
            sources.fetch_files("thing")
    assert not list(build.rglob("thing.tar"))


def test_fetched_file_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"good": b"source"}) as server:
        _pin(monkeypatch, b"source", f"{server.url}/good")
        for _ in range(2):
            sources.fetch_files("thing")
        assert len(server.requests) == 1


def test_source_is_unpacked_by_the_python_of_debian_12(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(tarfile, "data_filter", raising=False)  # 3.11.2 has none
    source = build / "thing-1.0"
    source.mkdir()
    (source / "configure").touch()
    shutil.make_archive(str(build / "thing"), "tar", build, "thing-1.0")
    assert (sources.unpack(build / "thing.tar", build / "unpacked") / "configure").is_file()


def test_every_source_has_a_version_a_digest_and_a_url() -> None:
    for name, source in PINS.items():
        assert source["version"]
        for file in source["files"]:
            assert len(file["sha256"]) == 64, name
            assert all(url.startswith(("https://", "http://deb.debian.org/")) for url in file["urls"]), name


def test_error_of_a_failed_command_contains_its_status_and_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(sources.BuildError, match=r"failed \(3\)(?s:.*)it broke"):
        sources.run_logged(["sh", "-c", "echo it broke; exit 3"], tmp_path / "log", tmp_path)


def _compile(tree: Path) -> bytes:
    tree.mkdir(parents=True)
    (tree / "part.c").write_text("#include <assert.h>\nconst char *here = __FILE__;\nvoid f(int x) { assert(x); }\n")
    command = ["sh", "-c", 'cc $CFLAGS -g -c "$PWD/part.c" -o part.o']
    sources.run_compile_step(tree, command, tree / "log", CFLAGS="-O2")
    return (tree / "part.o").read_bytes()


@pytest.mark.skipif(os.name == "nt" or not shutil.which("cc"), reason="no compiler")
def test_compiled_code_does_not_depend_on_the_folder_of_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = _compile(tmp_path / "one" / "source")
    monkeypatch.setenv("CFLAGS", "-O0 -DOTHER")
    assert _compile(tmp_path / "another" / "source") == compiled
    assert str(tmp_path).encode() not in compiled


@pytest.mark.skipif(os.name == "nt" or not shutil.which("git"), reason="no git")
def test_compile_steps_see_neither_the_git_repository_nor_the_date_of_the_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    tree = tmp_path / "build" / "source" / "redis"
    tree.mkdir(parents=True)
    sources.run_compile_step(
        tree, ["sh", "-c", "git rev-parse --git-dir; echo date $SOURCE_DATE_EPOCH"], tmp_path / "log"
    )
    log = (tmp_path / "log").read_text()
    assert "not a git repository" in log
    assert "date 0\n" in log


def test_config_header_of_ffmpeg_does_not_contain_its_build_path(tmp_path: Path) -> None:
    prefix, header = tmp_path / "native" / "ffmpeg", tmp_path / "config.h"
    header.write_text(f'#define A "--prefix={prefix} --enable-shared"\n#define B "{prefix}/share"\n')
    ffmpeg.remove_build_paths(prefix, header)
    assert header.read_text() == '#define A "--prefix=/ffmpeg --enable-shared"\n#define B "/ffmpeg/share"\n'


def test_linker_variables_do_not_contain_the_path_of_the_build_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: f"{name} -shared -L/p/lib -Wl,-rpath,/p/lib -pthread")
    assert ffmpeg.linker_variables() == {"LDSHARED": "LDSHARED -shared -L/p/lib -pthread"}
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: None)
    assert ffmpeg.linker_variables() == {}


def test_ffmpeg_has_what_the_export_writes_with_it() -> None:
    assert {f"--enable-encoder={name}" for name in ("aac", "alac")} <= set(ffmpeg.FLAGS)
    assert {f"--enable-muxer={name}" for name in song_tags.MUXERS.values()} <= set(ffmpeg.FLAGS)
    # Packets are read again to add tags.
    assert {f"--enable-demuxer={name}" for name in ("flac", "mov", "mp3", "ogg")} <= set(ffmpeg.FLAGS)
    assert {f"--enable-decoder={name}" for name in ("png", "mjpeg")} <= set(ffmpeg.FLAGS)  # covers
