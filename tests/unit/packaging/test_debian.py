import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import setup_debian
from setup_console import SetUpError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Debian's packages")

DESKTOP_PAGE = (
    "libglib2.0-0 libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon0 libx11-6 libx11-xcb1 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 "
    "libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libgssapi-krb5-2 libportaudio2"
)


@pytest.fixture(autouse=True)
def look_anew() -> Iterator[None]:
    setup_debian.list_system_libraries.cache_clear()
    yield
    setup_debian.list_system_libraries.cache_clear()


def test_every_library_of_window_and_sound_is_asked_for() -> None:
    assert [need.package for need in setup_debian.WINDOW + setup_debian.SOUND] == DESKTOP_PAGE.split()


def test_what_is_there_is_not_asked_for_again() -> None:
    assert setup_debian.SystemPackage("libc6", library="libc.so.6").is_installed
    assert setup_debian.SystemPackage("dash", program="sh").is_installed
    assert setup_debian.SystemPackage("base-files", pattern="bin/*").is_installed


def test_what_is_not_there_is_missing() -> None:
    assert not setup_debian.SystemPackage("nothing", library="libnothing.so.0").is_installed
    assert not setup_debian.SystemPackage("nothing", program="no-such-program").is_installed
    assert not setup_debian.SystemPackage("nothing", pattern="lib/*/no-such-file").is_installed


def test_the_tests_need_what_the_app_needs_and_more() -> None:
    assert set(setup_debian.find_missing("app")) <= set(setup_debian.find_missing("test"))


def test_a_python_without_a_redis_wheel_takes_the_systems_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_debian, "_programs_path", lambda: str(tmp_path))
    assert "redis-server" in setup_debian.find_missing("app", version=(3, 13))
    server = tmp_path / "valkey-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert "redis-server" not in setup_debian.find_missing("app", version=(3, 13))


def test_who_may_not_install_is_told_the_line_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt, sudo = tmp_path / "apt-get", tmp_path / "sudo"
    for program in (apt, sudo):
        program.write_text("#!/bin/sh\nexit 1\n")  # a sudo that asks for a password fails like this
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert not setup_debian.install_packages(["libegl1", "libgl1"], tmp_path / "log")
    assert "\n  sudo apt-get install libegl1 libgl1\n" in capsys.readouterr().err


def test_a_system_without_apt_is_told_the_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not setup_debian.install_packages(["libegl1"], tmp_path / "log")
    assert "libegl1" in capsys.readouterr().err


def test_packages_are_installed_by_a_root_without_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $*" >> {tmp_path}/asked\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert setup_debian.install_packages(["libegl1"], tmp_path / "log")
    update, install = (tmp_path / "asked").read_text().splitlines()
    assert update.startswith("noninteractive")
    assert update.endswith("update")
    assert install.endswith("install -y --no-install-recommends libegl1")


def test_a_failed_installation_names_the_reason_and_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Unable to locate package libegl1'\nexit 100\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert not setup_debian.install_packages(["libegl1"], tmp_path / "log")
    said = capsys.readouterr().err
    assert "Unable to locate package libegl1" in said
    assert "\n  apt-get install libegl1\n" in said


def test_a_python_without_ensurepip_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup_debian.find_missing_for_venv() == []
    bare = tmp_path / "python3"
    bare.write_text("#!/bin/sh\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert setup_debian.find_missing_for_venv() == [package]
    with pytest.raises(SetUpError, match=package):
        setup_debian.require_venv()
