"""Source code for the packaged app is what was pinned, wherever it came from."""

import hashlib
import tomllib
from pathlib import Path

import pytest
import sources

from tests.helpers.http_server import FileServer

PINS = tomllib.loads((sources.ROOT / "packaging" / "sources.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sources, "BUILD", tmp_path)
    return tmp_path


def _pinned(monkeypatch: pytest.MonkeyPatch, content: bytes, *urls: str) -> None:
    file = {"name": "thing.tar", "sha256": hashlib.sha256(content).hexdigest(), "urls": urls}
    monkeypatch.setattr(sources, "pinned", lambda name: {"files": [file]})


def test_a_file_is_taken_from_the_first_place_that_has_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"forged": b"other", "good": b"source"}) as server:
        _pinned(monkeypatch, b"source", f"{server.url}/missing", f"{server.url}/forged", f"{server.url}/good")
        assert [path.read_bytes() for path in sources.fetch("thing")] == [b"source"]


def test_a_file_that_is_another_everywhere_is_refused_and_not_kept(monkeypatch: pytest.MonkeyPatch, build: Path) -> None:
    with FileServer({"forged": b"other"}) as server:
        _pinned(monkeypatch, b"source", f"{server.url}/forged")
        with pytest.raises(sources.BuildError, match=r"thing\.tar could not be fetched:\n.*not the file"):
            sources.fetch("thing")
    assert not list(build.rglob("thing.tar"))


def test_a_file_that_is_here_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with FileServer({"good": b"source"}) as server:
        _pinned(monkeypatch, b"source", f"{server.url}/good")
        for _ in range(2):
            sources.fetch("thing")
        assert len(server.asked) == 1


def test_every_source_has_a_version_a_digest_and_a_place() -> None:
    for name, source in PINS.items():
        assert source["version"]
        for file in source["files"]:
            assert len(file["sha256"]) == 64, name
            assert all(url.startswith(("https://", "http://deb.debian.org/")) for url in file["urls"]), name


def test_what_fails_says_where_its_log_is_and_how_that_ends(tmp_path: Path) -> None:
    with pytest.raises(sources.BuildError, match=r"failed \(3\)(?s:.*)it broke"):
        sources.run(["sh", "-c", "echo it broke; exit 3"], tmp_path / "log", tmp_path)
