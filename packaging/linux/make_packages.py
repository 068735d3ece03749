"""Makes the Linux packages of the bundle in dist/unbraid: `python packaging/linux/make_packages.py` writes a .deb and a tar.

Both hold the same files. Nothing in them tells when or by whom they were made but the date of the commit.
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from desktop_entry import desktop_entry, metainfo
from product import ROOT, SUMMARY, version
from settled import settle
from sources import BUILD, BuildError, made_at, run

BUNDLE = ROOT / "dist" / "unbraid"
HERE = ROOT / "packaging" / "linux"
LOG = BUILD / "packages.log"
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
# What the system must have: the C library, sound, and what belongs to the screen and its driver. All else is in the bundle.
DEPENDS = (
    "libc6 (>= 2.34), libstdc++6, libgcc-s1, libasound2 | libasound2t64, libegl1, libgl1, libdbus-1-3, "
    "libwayland-cursor0, libwayland-egl1"
)
RECOMMENDS = "libasound2-plugins | pipewire-alsa, ca-certificates, xdg-utils"
_CONTROL = """Package: unbraid
Version: {version}
Architecture: amd64
Maintainer: Unbraid's contributors <unbraid@localhost>
Installed-Size: {kilobytes}
Depends: {depends}
Recommends: {recommends}
Section: sound
Priority: optional
Description: {summary}
 Drop a song on the window and hear it come apart: vocals, drums, bass and the
 rest. Everything is done on this computer; nothing leaves it.
"""
# The order of names, one owner, one date: the same bytes on every machine. xz's result depends on the number of its
# threads only where that is one.
_TAR = ("--sort=name", "--owner=root:0", "--group=root:0", "--numeric-owner", "--format=gnu")
_XZ = "xz -6 -T2"


def main() -> int:
    """Write both packages into dist/ and return the exit status."""
    if not (BUNDLE / "unbraid").exists():
        sys.stderr.write("There is no bundle in dist/unbraid. Make it: python packaging/build.py\n")
        return 1
    try:
        for path in (make_deb(), make_tar()):
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB")
    except (OSError, BuildError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def make_deb() -> Path:
    """dist/unbraid_VERSION_amd64.deb: the bundle in /usr/lib/unbraid, a command, a menu entry, icons, file types."""
    root = _emptied(BUILD / "deb")
    _share(root / "usr" / "share", "unbraid")
    _copy(BUNDLE, root / "usr" / "lib" / "unbraid")
    command = root / "usr" / "bin" / "unbraid"
    command.parent.mkdir()
    command.symlink_to("../lib/unbraid/unbraid")
    documents = root / "usr" / "share" / "doc" / "unbraid"
    documents.mkdir(parents=True)
    shutil.copy(ROOT / "LICENSE", documents / "copyright")
    kilobytes = sum(path.lstat().st_size for path in root.rglob("*") if not path.is_dir()) // 1024
    control = _CONTROL.format(
        version=version(), kilobytes=kilobytes, depends=DEPENDS, recommends=RECOMMENDS, summary=SUMMARY.rstrip(".")
    )
    _write(root / "DEBIAN" / "control", control)
    settle(root, int(made_at()))
    path = ROOT / "dist" / f"unbraid_{version()}_amd64.deb"
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--threads-max=2", "--build", root, path], LOG)
    shutil.rmtree(root)
    return path


def make_tar() -> Path:
    """dist/unbraid-VERSION-linux-x86_64.tar.xz: the bundle with scripts that install it for one user, without root."""
    name = f"unbraid-{version()}-linux-x86_64"
    root = _emptied(BUILD / "tar")
    _copy(BUNDLE, root / name)
    _share(root / name / "share", "@COMMAND@")
    for script in ("install.sh", "uninstall.sh"):
        shutil.copy(HERE / script, root / name)
    settle(root, int(made_at()))
    path = ROOT / "dist" / f"{name}.tar.xz"
    run(["tar", *_TAR, f"--mtime=@{made_at()}", "-I", _XZ, "-cf", path, "-C", root, name], LOG)
    shutil.rmtree(root)
    return path


def _share(share: Path, command: str) -> None:
    """The menu entry, the icons and the page in a software shop, as freedesktop.org has them."""
    _write(share / "applications" / "unbraid.desktop", desktop_entry(command))
    _write(share / "metainfo" / "app.unbraid.Unbraid.metainfo.xml", metainfo(float(made_at())))
    pictures = {f"{size}x{size}": f"unbraid-{size}.png" for size in ICON_SIZES} | {"scalable": "unbraid.svg"}
    for folder, name in pictures.items():
        place = share / "icons" / "hicolor" / folder / "apps" / f"unbraid{Path(name).suffix}"
        place.parent.mkdir(parents=True)
        shutil.copy(ROOT / "resources" / "icons" / name, place)
        place.chmod(0o644)


def _copy(bundle: Path, into: Path) -> None:
    """Hard links: the bundle is large, and is not changed."""
    shutil.copytree(bundle, into, symlinks=True, copy_function=lambda source, target: Path(target).hardlink_to(source))


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
