import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import setup_debian
from setup_console import SetUpError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tests Debian's packages")

WINDOW_AND_SOUND_PACKAGES = (
    "libglib2.0-0 libegl1 libgl1 libdbus-1-3 libfontconfig1 libxkbcommon0 libx11-6 libx11-xcb1 libxcb-cursor0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-shm0 "
    "libxcb-sync1 libxcb-util1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0 libgssapi-krb5-2 libportaudio2"
)


@pytest.fixture(autouse=True)
def clear_library_cache() -> Iterator[None]:
    setup_debian.list_system_libraries.cache_clear()
    yield
    setup_debian.list_system_libraries.cache_clear()


def test_packages_of_all_window_and_sound_libraries_are_required() -> None:
    assert [need.package for need in setup_debian.WINDOW + setup_debian.SOUND] == WINDOW_AND_SOUND_PACKAGES.split()


def test_present_system_packages_are_recognised_as_installed() -> None:
    assert setup_debian.SystemPackage("libc6", library="libc.so.6").is_installed
    assert setup_debian.SystemPackage("dash", program="sh").is_installed
    assert setup_debian.SystemPackage("base-files", pattern="bin/*").is_installed


def test_absent_system_packages_are_recognised_as_missing() -> None:
    assert not setup_debian.SystemPackage("nothing", library="libnothing.so.0").is_installed
    assert not setup_debian.SystemPackage("nothing", program="no-such-program").is_installed
    assert not setup_debian.SystemPackage("nothing", pattern="lib/*/no-such-file").is_installed


def test_tests_require_all_packages_that_the_app_requires() -> None:
    assert set(setup_debian.find_missing("app")) <= set(setup_debian.find_missing("test"))


def test_python_without_a_redis_wheel_uses_the_redis_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup_debian, "_programs_path", lambda: str(tmp_path))
    assert "redis-server" in setup_debian.find_missing("app", version=(3, 13))
    server = tmp_path / "valkey-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert "redis-server" not in setup_debian.find_missing("app", version=(3, 13))


def test_user_without_permission_to_install_is_told_the_command(
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


def test_system_without_apt_gets_the_names_of_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not setup_debian.install_packages(["libegl1"], tmp_path / "log")
    assert "libegl1" in capsys.readouterr().err


def test_root_installs_packages_without_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_failed_installation_reports_the_reason_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Unable to locate package libegl1'\nexit 100\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert not setup_debian.install_packages(["libegl1"], tmp_path / "log")
    message = capsys.readouterr().err
    assert "Unable to locate package libegl1" in message
    assert "\n  apt-get install libegl1\n" in message


def test_python_without_ensurepip_requires_the_venv_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert setup_debian.find_missing_for_venv() == []
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    assert setup_debian.find_missing_for_venv() == [package]
    with pytest.raises(SetUpError, match=package):
        setup_debian.require_venv()
