"""Where the library's own Redis listens: a short path, in a folder that is the user's alone."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.supervisor.redis import RedisServer

# What a unix socket's path may have on macOS; 108 on Linux.
LONGEST = 104


@pytest.mark.parametrize("runtime", ["", "/run/user/1000", "/" + "a long folder" * 12])
def test_the_socket_s_path_is_short_wherever_the_library_lies(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    library = Home(Path("/") / "music" / ("ä folder with a long name" * 40))
    assert len(os.fsencode(library.socket)) < LONGEST
    assert library.root not in library.socket.parents


def test_each_library_has_a_socket_of_its_own() -> None:
    assert Home(Path("/one")).socket != Home(Path("/other")).socket


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """One whose path is short enough for sockets."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_a_folder_that_others_may_write_to_is_refused(
    tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_folder.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_folder))
    with pytest.raises(ServiceUnavailableError, match="somebody else"):
        RedisServer(Home(tmp_path / "library").prepare()).start()


def test_the_folder_of_the_socket_is_the_user_s_alone_also_when_it_was_not(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").prepare()
    home.run.mkdir(parents=True, exist_ok=True)
    home.run.chmod(0o755)
    server = RedisServer(home)
    server.start()
    try:
        assert home.run.stat().st_mode & 0o777 == 0o700
        assert home.socket.stat().st_mode & 0o077 == 0
    finally:
        server.stop()
    assert not home.socket.exists()


def test_a_damaged_data_file_is_set_aside_and_redis_starts(tmp_path: Path) -> None:
    home = Home(tmp_path / "library").prepare()
    server = RedisServer(home)
    server.start()
    server.stop()
    for file in [path for path in home.redis.rglob("*") if path.is_file()]:
        file.write_bytes(b"this is no append-only file\n" * 50)
    server.start()
    try:
        assert server.child is not None
        assert server.child.alive
    finally:
        server.stop()
