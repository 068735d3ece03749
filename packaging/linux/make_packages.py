"""Makes the Linux packages of a bundle, a .deb and a tar: `python packaging/linux/make_packages.py`.

Both contain the same files. They are reproducible: their only timestamp is that of the commit. `--edition cuda` packs
that edition; `--level 0` packs quickly, for tests.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import editions
from desktop_entry import desktop_entry, metainfo
from editions import CPU, Edition
from normalize_timestamps import normalize_timestamps
from product import ROOT, SUMMARY, version
from sources import BuildError, build_timestamp, run_logged

HERE = ROOT / "packaging" / "linux"
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
# Required of the system: the C library, sound, and libraries of the display and its driver. The bundle has the rest.
DEPENDS = (
    "libc6 (>= 2.34), libstdc++6, libgcc-s1, libasound2 | libasound2t64, libegl1, libgl1, libdbus-1-3, "
    "libwayland-cursor0, libwayland-egl1"
)
RECOMMENDS = "libasound2-plugins | pipewire-alsa, ca-certificates, xdg-utils"
_CONTROL = """Package: {package}
Version: {version}
Architecture: amd64
Maintainer: Unbraid's contributors <unbraid@localhost>
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: {recommends}
{instead}Section: sound
Priority: optional
Description: {summary}
 Drop a song on the window and get its stems: vocals, drums, bass and the rest.
 Everything is done on this computer; nothing leaves it.
{besides}"""
# The editions replace each other: they have the same command and the same library.
_CUDA_RELATIONS = "Provides: unbraid\nConflicts: unbraid\nReplaces: unbraid\n"
_CUDA_DESCRIPTION = " .\n This edition can compute on NVIDIA cards; their driver must be installed.\n"
# Sorted names, one owner and one date give the same bytes on every machine. xz gives the same result with any number of
# threads but one.
_TAR = ("--sort=name", "--owner=root:0", "--group=root:0", "--numeric-owner", "--format=gnu")
_XZ = "xz -{level} -T2"
_LEVEL = 6


def main(argv: Sequence[str]) -> int:
    """Make both packages in dist/ and return the exit status."""
    parser = argparse.ArgumentParser(prog="make_packages.py", description="Makes the Linux packages of a bundle.")
    editions.add_option(parser)
    parser.add_argument(
        "--level", type=int, choices=range(10), default=_LEVEL, help="compression level of xz (default: %(default)s)"
    )
    arguments = parser.parse_args(argv)
    edition = editions.EDITIONS[arguments.edition]
    if not (edition.bundle / "unbraid").exists():
        how = f"python packaging/build.py --edition {edition.name}"
        sys.stderr.write(f"There is no bundle in {edition.bundle.relative_to(ROOT)}. Make it: {how}\n")
        return 1
    try:
        for path in (make_deb(edition, arguments.level), make_tar(edition, arguments.level)):
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB")
    except (OSError, BuildError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def make_deb(edition: Edition, level: int = _LEVEL) -> Path:
    """Make the .deb, with the bundle, a command, a menu entry, icons and file types, and return its path.

    `level`: compression level of xz. Raises OSError, BuildError.
    """
    root = _make_empty_folder(edition.build / "deb")
    _write_share(root / "usr" / "share", "unbraid")
    _copy(edition.bundle, root / "usr" / "lib" / "unbraid")
    command = root / "usr" / "bin" / "unbraid"
    command.parent.mkdir()
    command.symlink_to("../lib/unbraid/unbraid")
    documents = root / "usr" / "share" / "doc" / edition.package
    documents.mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", documents / "copyright")
    kilobytes = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir()) // 1024
    _write(root / "DEBIAN" / "control", control(edition, kilobytes))
    normalize_timestamps(root, int(build_timestamp()))
    command = ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{level}", "--threads-max=2", "--build", root, edition.deb]
    run_logged(command, edition.build / "packages.log")
    shutil.rmtree(root)
    return edition.deb


def control(edition: Edition, kilobytes: int) -> str:
    """Return the control file of the .deb; `kilobytes` is the installed size."""
    relations, description = ("", "") if edition is CPU else (_CUDA_RELATIONS, _CUDA_DESCRIPTION)
    return _CONTROL.format(
        package=edition.package, version=version(), kilobytes=kilobytes, depends=DEPENDS, recommends=RECOMMENDS,
        summary=SUMMARY.rstrip("."), instead=relations, besides=description,
    )  # fmt: skip


def make_tar(edition: Edition, level: int = _LEVEL) -> Path:
    """Make the tar, with the bundle and scripts that install it for one user without root, and return its path.

    `level`: compression level of xz. Raises OSError, BuildError.
    """
    name = edition.tar.name.removesuffix(".tar.xz")
    root = _make_empty_folder(edition.build / "tar")
    _copy(edition.bundle, root / name)
    _write_share(root / name / "share", "@COMMAND@")
    for script in ("install.sh", "uninstall.sh"):
        shutil.copy(HERE / script, root / name)
    normalize_timestamps(root, int(build_timestamp()))
    command = [
        "tar",
        *_TAR,
        f"--mtime=@{build_timestamp()}",
        "-I",
        _XZ.format(level=level),
        "-cf",
        edition.tar,
        "-C",
        root,
        name,
    ]
    run_logged(command, edition.build / "packages.log")
    shutil.rmtree(root)
    return edition.tar


def _write_share(share: Path, command: str) -> None:
    """Write the menu entry, the icons and the AppStream metadata into `share`, as freedesktop.org specifies."""
    _write(share / "applications" / "unbraid.desktop", desktop_entry(command))
    _write(share / "metainfo" / "app.unbraid.Unbraid.metainfo.xml", metainfo(float(build_timestamp())))
    pictures = {f"{size}x{size}": f"unbraid-{size}.png" for size in ICON_SIZES} | {"scalable": "unbraid.svg"}
    for folder, name in pictures.items():
        icon = share / "icons" / "hicolor" / folder / "apps" / f"unbraid{Path(name).suffix}"
        icon.parent.mkdir(parents=True)
        shutil.copy(ROOT / "resources" / "icons" / name, icon)
        icon.chmod(0o644)


def _copy(bundle: Path, into: Path) -> None:
    """Copy the bundle with hard links, because it is large and is not changed."""
    shutil.copytree(bundle, into, symlinks=True, copy_function=lambda source, target: Path(target).hardlink_to(source))


def _make_empty_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
