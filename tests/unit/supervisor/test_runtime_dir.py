"""The folder of the Redis socket: a fallback if the session's folder is unusable, and one choice for all processes."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from celery.app.backends import by_url

from desktop.errors import ServiceUnavailableError
from desktop.paths import Home
from desktop.supervisor.redis_server import RedisServer
from desktop.supervisor.runtime_dir import prepare_runtime_dir
from desktop.tasks.celery_app import app, broker_url
from tests.helpers.small_disk import small_disk


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "library").create_folders()


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(params=["relative", "missing", "a file", "too long", "no text", "somebody else's", "full"])
def unusable(request: pytest.FixtureRequest, base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = base / "x"
    match request.param:
        case "relative":
            path.mkdir()
            monkeypatch.chdir(base)
            path = Path("x")
        case "a file":
            path.touch()
        case "too long":
            path = base / ("x" * 80)
            path.mkdir()
        case "no text":
            path = base / "x\udcff"
            path.mkdir()
        case "somebody else's":
            path.mkdir()
            path.chmod(0o777)
        case "full":
            with small_disk(path, 1) as disk:
                disk.fill()
                monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
                yield path
            return
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    yield path


def test_next_candidate_is_used_if_the_folder_of_the_session_is_unusable(home: Home, unusable: Path) -> None:
    folder = prepare_runtime_dir(home)
    try:
        assert unusable.absolute() not in folder.parents
        assert folder.stat().st_mode & 0o777 == 0o700
        assert home.runtime_dir == folder
        assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)


def test_every_process_uses_the_saved_folder_whatever_its_environment_says(
    home: Home, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    monkeypatch.setenv("UNBRAID_HOME", str(home.root))
    server = RedisServer(home)
    server.start()
    try:
        assert base in home.redis_socket.parents
        monkeypatch.delenv("XDG_RUNTIME_DIR")
        assert home.redis_socket.exists()
        assert str(home.redis_socket) in broker_url()
    finally:
        server.stop()


def test_saved_folder_of_a_moved_library_is_ignored(home: Home, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    prepare_runtime_dir(home)
    moved = Home(home.root.rename(home.root.with_name("moved")))
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert moved.runtime_dir == moved.runtime_dir_candidates[0]
    assert base not in moved.runtime_dir.parents


def test_error_names_the_reason_if_no_folder_is_usable(home: Home, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "file").touch()
    monkeypatch.setattr(Home, "runtime_dir_candidates", [base / "file" / "unbraid-1", base / "file" / "unbraid-2"])
    with pytest.raises(ServiceUnavailableError, match=r"not a folder.*XDG_RUNTIME_DIR"):
        RedisServer(home).start()


def test_socket_path_with_special_url_characters_is_connected(
    home: Home, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Celery gets the socket's path in a URL, where ? # % have a meaning."""
    special = base / "why? #1 50%41 'q'"
    special.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(special))
    monkeypatch.setenv("UNBRAID_HOME", str(home.root))
    server = RedisServer(home)
    server.start()
    try:
        assert special in home.redis_socket.parents
        with app.connection_for_write() as connection:
            connection.default_channel.client.ping()
        make, url = by_url(broker_url(), app.loader)
        with make(app=app, url=url).client as client:
            client.ping()
    finally:
        server.stop()
