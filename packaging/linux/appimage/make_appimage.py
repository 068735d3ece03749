"""Makes an AppImage of the bundle in dist/unbraid: `python packaging/linux/appimage/make_appimage.py`.

The result is in dist/. `--folder` only writes its content to build/AppDir.
"""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "packaging"))

from desktop_entry import desktop_entry, metainfo  # noqa: E402 - found beside this folder
from normalize_timestamps import normalize_timestamps  # noqa: E402
from product import IDENTIFIER, NAME, version  # noqa: E402
from sources import BUILD, BuildError, build_timestamp, fetch_files, run_logged  # noqa: E402

BUNDLE = ROOT / "dist" / "unbraid"
FOLDER = BUILD / "AppDir"


def main(argv: Sequence[str]) -> int:
    """Write the folder, fetch the tool, pack, and return the exit status."""
    if not (BUNDLE / "unbraid").is_file():
        sys.stderr.write(f"{BUNDLE} has no program unbraid. Build it first: python packaging/build.py\n")
        return 1
    write_app_dir(BUNDLE, FOLDER)
    if "--folder" in argv:
        return 0
    try:
        image = pack(FOLDER, ROOT / "dist" / f"{NAME}-{version()}-x86_64.AppImage")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{image}\n")
    return 0


def write_app_dir(bundle: Path, folder: Path) -> None:
    """Replace `folder` with an AppDir of `bundle`: start script, icon, desktop entry and metadata."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder / "usr" / "lib" / "unbraid", symlinks=True)
    shutil.copy(Path(__file__).with_name("AppRun"), folder / "AppRun")
    icon = ROOT / "resources" / "icons" / "unbraid-256.png"
    icons = folder / "usr" / "share" / "icons" / "hicolor" / "256x256" / "apps"
    pages = folder / "usr" / "share" / "metainfo"
    for new_folder in (icons, pages):
        new_folder.mkdir(parents=True)
    shutil.copy(icon, icons / "unbraid.png")
    shutil.copy(icon, folder / "unbraid.png")
    (folder / ".DirIcon").symlink_to("unbraid.png")
    (folder / "unbraid.desktop").write_text(desktop_entry(), encoding="utf-8")
    (pages / f"{IDENTIFIER}.metainfo.xml").write_text(metainfo(float(build_timestamp())), encoding="utf-8")
    normalize_timestamps(folder, int(build_timestamp()))


def pack(folder: Path, image: Path) -> Path:
    """Make `image` from `folder` with the pinned tool and runtime, and return its path. Raises BuildError."""
    tool, runtime = fetch_files("appimagetool")
    tool.chmod(0o755)
    command = [tool, "--no-appstream", "--runtime-file", runtime, folder, image]
    # A build machine may have no FUSE.
    run_logged(command, BUILD / "appimage.log", APPIMAGE_EXTRACT_AND_RUN="1", ARCH="x86_64", VERSION=version())
    return image


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
