"""Writes the content of the Flatpak to build/flatpak-folder: `python packaging/linux/flatpak/make_flatpak.py`."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "packaging"))

from desktop_entry import desktop_entry, metainfo  # noqa: E402 - found beside this folder
from normalize_timestamps import normalize_timestamps  # noqa: E402
from product import IDENTIFIER  # noqa: E402
from sources import BUILD, build_timestamp  # noqa: E402

BUNDLE = ROOT / "dist" / "unbraid"


def main() -> int:
    """Write the folder and return the exit status."""
    if not (BUNDLE / "unbraid").is_file():
        sys.stderr.write(f"{BUNDLE} has no program unbraid. Build it first: python packaging/build.py\n")
        return 1
    create_flatpak_folder(BUNDLE, BUILD / "flatpak-folder")
    return 0


def create_flatpak_folder(bundle: Path, folder: Path) -> None:
    """Replace `folder` with `bundle`, a link to start it, and desktop files named after the app's identifier."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder / "lib" / "unbraid", symlinks=True)
    share = folder / "share"
    icons = share / "icons" / "hicolor" / "256x256" / "apps"
    for new_folder in (folder / "bin", share / "applications", share / "metainfo", icons):
        new_folder.mkdir(parents=True)
    (folder / "bin" / "unbraid").symlink_to("../lib/unbraid/unbraid")
    shutil.copy(ROOT / "resources" / "icons" / "unbraid-256.png", icons / f"{IDENTIFIER}.png")
    entry = share / "applications" / f"{IDENTIFIER}.desktop"
    entry.write_text(desktop_entry(icon=IDENTIFIER), encoding="utf-8")
    page = share / "metainfo" / f"{IDENTIFIER}.metainfo.xml"
    page.write_text(metainfo(float(build_timestamp()), IDENTIFIER), encoding="utf-8")
    normalize_timestamps(folder, int(build_timestamp()))


if __name__ == "__main__":
    sys.exit(main())
